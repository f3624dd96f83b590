//! IMAP4 (RFC 9051, RFC 3501): a greeting, LOGIN where there is a login, and LOGOUT. No mailbox is opened, and nothing is
//! expunged.

use crate::{
    check::reply::{MOST_LINES, endless, refuses_tls, strange},
    check::talk::Talk,
    health::{Evidence, Failure, Stage},
    model::Login,
};

/// What a line of a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The rest of the command may come (`+`).
    GoOn,
    /// The greeting of a server that knows already who we are (`* PREAUTH`).
    Known,
    /// The server closes the connection, or refuses to open it (`* BYE`), in these words.
    Bye(&'a [u8]),
    /// Something else that belongs to no command (`*`): `Ok` for `* OK`, which is also the greeting, with its words.
    Untagged(Option<&'a [u8]>),
    /// The answer to the command with this tag: whether it was carried out, and words.
    Answer {
        /// The tag.
        tag: &'a [u8],
        /// `OK`, not `NO` or `BAD`.
        good: bool,
        /// The words.
        text: &'a [u8],
    },
}

impl<'a> Line<'a> {
    /// Reads a line without its end; nothing where it is none of IMAP.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let (tag, rest) = word(line);
        let (status, text) = word(rest);
        let is = |name: &str| status.eq_ignore_ascii_case(name.as_bytes());
        match tag {
            b"" => None,
            b"+" => Some(Self::GoOn),
            b"*" if is("PREAUTH") => Some(Self::Known),
            b"*" if is("BYE") => Some(Self::Bye(text)),
            b"*" if is("OK") => Some(Self::Untagged(Some(text))),
            b"*" => (!status.is_empty()).then_some(Self::Untagged(None)),
            _ if is("OK") => Some(Self::Answer { tag, good: true, text }),
            _ if is("NO") || is("BAD") => Some(Self::Answer { tag, good: false, text }),
            _ => None,
        }
    }
}

/// The first word, and what follows the blank behind it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == b' ') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, b""),
    }
}

pub(super) async fn probe(mut talk: Talk<'_>, login: Option<&Login>) -> Result<Evidence, Failure> {
    let greeting = talk.line(Stage::Login).await?;
    let (known, no_login) = match Line::parse(greeting) {
        Some(Line::Untagged(Some(text))) => (false, offers(text, "LOGINDISABLED")),
        Some(Line::Known) => (true, false),
        Some(Line::Bye(text)) => return Err(unavailable(text)),
        Some(Line::GoOn | Line::Untagged(None) | Line::Answer { .. }) | None => {
            return Err(strange("IMAP", greeting));
        }
    };
    // A server is asked for little: the tag of a command is its number.
    let mut commands = 0..;
    let mut tag = || commands.next().unwrap_or_default().to_string();
    if talk.wants_upgrade() {
        if known {
            // STARTTLS is not allowed any longer, and who said so is not proven (RFC 9051, 11.1).
            return Err(Failure::Tls("server takes us as logged in (PREAUTH) before STARTTLS".to_owned()));
        }
        let tag = tag();
        talk.say(&format!("{tag} STARTTLS"), Stage::Tls).await?;
        answer(&mut talk, &tag, Stage::Tls, |words| refuses_tls("STARTTLS", words)).await?;
        talk = talk.secure().await?;
    }
    if let Some(login) = login.filter(|_| !known) {
        if no_login && !talk.is_protected() {
            // It would refuse the password after everybody on the way has read it (RFC 9051, 6.2.3).
            return Err(Failure::Login("the server lets nobody in without TLS (tls = starttls)".to_owned()));
        }
        log_in(&mut talk, &tag(), login).await?;
    }
    let farewell = format!("{} LOGOUT", tag());
    Ok(talk.leave(&farewell))
}

/// Whether the capabilities in a greeting have this one.
fn offers(text: &[u8], capability: &str) -> bool {
    let mut words = text.split(|byte| b" []".contains(byte));
    words.any(|word| word.eq_ignore_ascii_case(capability.as_bytes()))
}

async fn log_in(talk: &mut Talk<'_>, tag: &str, login: &Login) -> Result<(), Failure> {
    let mut parts = login_command(tag, login).into_iter().peekable();
    while let Some(part) = parts.next() {
        talk.say(&part, Stage::Login).await?;
        if parts.peek().is_some() {
            go_on(talk, tag).await?;
        }
    }
    answer(talk, tag, Stage::Login, refused).await
}

/// The command, in the parts between which the server must agree to go on. Strings of ASCII are quoted, others are
/// literals: their length, and then they themselves (RFC 3501, 4.3).
fn login_command(tag: &str, login: &Login) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), format!("{tag} LOGIN"));
    for text in [login.name.as_str(), login.passwd.reveal()] {
        part.push(' ');
        if text.is_ascii() {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            part.extend(["\"", &escaped, "\""]);
        } else {
            part.extend(["{", &text.len().to_string(), "}"]);
            parts.push(std::mem::replace(&mut part, text.to_owned()));
        }
    }
    parts.push(part);
    parts
}

/// Waits until the rest of a command may be sent.
async fn go_on(talk: &mut Talk<'_>, own: &str) -> Result<(), Failure> {
    for _ in 0..MOST_LINES {
        let line = talk.line(Stage::Login).await?;
        match Line::parse(line) {
            Some(Line::GoOn) => return Ok(()),
            Some(Line::Untagged(_)) => {}
            Some(Line::Answer { tag, good: false, text }) if tag == own.as_bytes() => {
                return Err(refused(text));
            }
            Some(Line::Bye(text)) => return Err(unavailable(text)),
            Some(Line::Answer { .. } | Line::Known) | None => return Err(strange("IMAP", line)),
        }
    }
    Err(endless())
}

/// Waits for the answer to a command; one that is no success fails with what `failure` makes of its words.
async fn answer(
    talk: &mut Talk<'_>,
    own: &str,
    stage: Stage,
    failure: impl FnOnce(&[u8]) -> Failure,
) -> Result<(), Failure> {
    for _ in 0..MOST_LINES {
        let line = talk.line(stage).await?;
        match Line::parse(line) {
            Some(Line::Answer { tag, good, text }) if tag == own.as_bytes() => {
                return if good { Ok(()) } else { Err(failure(text)) };
            }
            Some(Line::Untagged(_)) => {}
            Some(Line::Bye(text)) => return Err(unavailable(text)),
            Some(Line::Answer { .. } | Line::GoOn | Line::Known) | None => return Err(strange("IMAP", line)),
        }
    }
    Err(endless())
}

fn unavailable(words: &[u8]) -> Failure {
    Failure::Unavailable(Failure::excerpt(words))
}

/// A login that was refused; but some refusals say that something is wrong with the server (RFC 5530, 3).
fn refused(words: &[u8]) -> Failure {
    let own = ["[UNAVAILABLE]", "[SERVERBUG]", "[LIMIT]"];
    let is_own = own
        .iter()
        .any(|code| words.get(..code.len()).is_some_and(|start| start.eq_ignore_ascii_case(code.as_bytes())));
    if is_own { unavailable(words) } else { Failure::Login(Failure::excerpt(words)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    #[test]
    fn lines_are_told_apart() {
        let answer = |good, text: &'static str| Some(Line::Answer { tag: b"7", good, text: text.as_bytes() });
        assert_eq!(Line::parse(b"* OK [X] ready"), Some(Line::Untagged(Some(b"[X] ready"))));
        assert_eq!(Line::parse(b"* preauth hello"), Some(Line::Known));
        assert_eq!(Line::parse(b"* BYE full"), Some(Line::Bye(b"full")));
        assert_eq!(Line::parse(b"* CAPABILITY IMAP4rev1"), Some(Line::Untagged(None)));
        assert_eq!(Line::parse(b"+ go ahead"), Some(Line::GoOn));
        assert_eq!(Line::parse(b"+"), Some(Line::GoOn));
        assert_eq!(Line::parse(b"7 OK in"), answer(true, "in"));
        assert_eq!(Line::parse(b"7 no way"), answer(false, "way"));
        assert_eq!(Line::parse(b"7 BAD"), answer(false, ""));
        for other in ["", " OK x", "*", "+OK ready", "7 MAYBE", "220 mx ESMTP", "HTTP/1.1 400 Bad"] {
            assert_eq!(Line::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_login_is_quoted_or_counted() {
        let command = |name: &str, passwd: &str| {
            login_command("0", &Login { name: name.into(), passwd: Secret::new(passwd) })
        };
        assert_eq!(command("u", "p"), [r#"0 LOGIN "u" "p""#]);
        assert_eq!(command(r"do\me", r#"a" b"#), [r#"0 LOGIN "do\\me" "a\" b""#]);
        assert_eq!(command("", ""), [r#"0 LOGIN "" """#]);
        assert_eq!(command("u", "pä"), [r#"0 LOGIN "u" {3}"#, "pä"]);
        assert_eq!(command("ü", "p"), ["0 LOGIN {2}", r#"ü "p""#]);
        assert_eq!(command("ü", "ä"), ["0 LOGIN {2}", "ü {2}", "ä"]);
    }

    #[test]
    fn capabilities_are_found_in_a_greeting() {
        assert!(offers(b"[CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready", "LOGINDISABLED"));
        assert!(!offers(b"[CAPABILITY IMAP4rev1 AUTH=PLAIN] ready", "LOGINDISABLED"));
    }

    #[test]
    fn trouble_of_the_server_s_own_is_no_wrong_password() {
        assert_eq!(refused(b"[AUTHENTICATIONFAILED] no"), Failure::Login("[AUTHENTICATIONFAILED] no".into()));
        assert_eq!(refused(b"[Unavailable] no"), Failure::Unavailable("[Unavailable] no".into()));
    }
}
