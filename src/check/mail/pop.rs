//! POP3 (RFC 1939): a greeting; with a login CAPA (RFC 2449), USER, PASS and STAT, which shows that the mailbox can be
//! opened; QUIT. TLS by STLS (RFC 2595).

use crate::{
    check::reply::{MOST_LINES, endless, refuses_tls, strange},
    check::talk::Talk,
    health::{Evidence, Failure, Stage},
    model::Login,
};

/// What the server says to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status<'a> {
    /// `+OK`, with these words.
    Ok(&'a [u8]),
    /// `-ERR`, with these words.
    Err(&'a [u8]),
}

impl<'a> Status<'a> {
    /// Reads a line without its end; nothing where it is no status.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        let text = rest.trim_ascii();
        if word.eq_ignore_ascii_case(b"+OK") {
            Some(Self::Ok(text))
        } else if word.eq_ignore_ascii_case(b"-ERR") {
            Some(Self::Err(text))
        } else {
            None
        }
    }
}

pub(super) async fn probe(mut talk: Talk<'_>, login: Option<&Login>) -> Result<Evidence, Failure> {
    ok(&mut talk, Stage::Login, unavailable).await?;
    if talk.wants_upgrade() {
        talk.say("STLS", Stage::Tls).await?;
        ok(&mut talk, Stage::Tls, |words| refuses_tls("STLS", words)).await?;
        talk = talk.secure().await?;
    }
    if let Some(login) = login {
        log_in(&mut talk, login).await?;
        talk.say("STAT", Stage::Answer).await?;
        ok(&mut talk, Stage::Answer, unavailable).await?;
    }
    Ok(talk.leave("QUIT"))
}

async fn log_in(talk: &mut Talk<'_>, login: &Login) -> Result<(), Failure> {
    let offers = offers(talk).await?;
    if offers.tls && !offers.user && !talk.is_protected() {
        // It would refuse the password after everybody on the way has read it.
        return Err(Failure::Login("the server lets nobody in without TLS (tls = starttls)".to_owned()));
    }
    talk.say(&format!("USER {}", login.name), Stage::Login).await?;
    ok(talk, Stage::Login, refused).await?;
    talk.say(&format!("PASS {}", login.passwd.reveal()), Stage::Login).await?;
    ok(talk, Stage::Login, refused).await
}

/// What the server can do.
#[derive(Default)]
struct Offers {
    user: bool,
    tls: bool,
}

/// Asks for it. A server that does not know the question can do what RFC 1939 says.
async fn offers(talk: &mut Talk<'_>) -> Result<Offers, Failure> {
    talk.say("CAPA", Stage::Login).await?;
    let line = talk.line(Stage::Login).await?;
    match Status::parse(line).ok_or_else(|| strange("POP3", line))? {
        Status::Err(_) => return Ok(Offers::default()),
        Status::Ok(_) => {}
    }
    let mut offers = Offers::default();
    for _ in 0..MOST_LINES {
        let line = talk.line(Stage::Login).await?;
        offers.user |= line.eq_ignore_ascii_case(b"USER");
        offers.tls |= line.eq_ignore_ascii_case(b"STLS");
        if line == b"." {
            return Ok(offers);
        }
    }
    Err(endless())
}

/// Waits for a status; one that is no success fails with what `failure` makes of its words.
async fn ok(
    talk: &mut Talk<'_>,
    stage: Stage,
    failure: impl FnOnce(&[u8]) -> Failure,
) -> Result<(), Failure> {
    let line = talk.line(stage).await?;
    match Status::parse(line).ok_or_else(|| strange("POP3", line))? {
        Status::Ok(_) => Ok(()),
        Status::Err(words) => Err(failure(words)),
    }
}

fn unavailable(words: &[u8]) -> Failure {
    Failure::Unavailable(Failure::excerpt(words))
}

/// A login that was refused; but `[SYS/TEMP]` and `[SYS/PERM]` say that something is wrong with the server (RFC 3206).
fn refused(words: &[u8]) -> Failure {
    if words.starts_with(b"[SYS/") { unavailable(words) } else { Failure::Login(Failure::excerpt(words)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_of_two_words() {
        assert_eq!(Status::parse(b"+OK ready <1@mx>"), Some(Status::Ok(b"ready <1@mx>")));
        assert_eq!(Status::parse(b"+OK"), Some(Status::Ok(b"")));
        assert_eq!(Status::parse(b"-ERR [AUTH] no"), Some(Status::Err(b"[AUTH] no")));
        for other in ["", "+OKAY", "OK", "* OK ready", "220 mx", "-ERROR x"] {
            assert_eq!(Status::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn trouble_of_the_server_s_own_is_no_wrong_password() {
        assert_eq!(refused(b"[AUTH] wrong"), Failure::Login("[AUTH] wrong".into()));
        assert_eq!(refused(b"[SYS/TEMP] later"), Failure::Unavailable("[SYS/TEMP] later".into()));
    }
}
