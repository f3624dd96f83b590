//! Redis and what speaks like it (RESP): AUTH where there is a login, then PING or another command.

pub mod answer;

use self::answer::Answer;
use super::{
    Ask, content,
    net::{self, Ack},
    stream::Stream,
    trouble,
};
use crate::{
    health::{Evidence, Failure, Stage},
    model::{RedisCheck, Secret},
};

/// What a server says to whoever asks: it loads its data, a script holds it up, it is full, and so on.
const TROUBLE: [&str; 5] = ["LOADING", "BUSY", "MASTERDOWN", "DENIED", "ERR max number of clients"];
/// What it says to those who may not ask.
const NOT_ALLOWED: [&str; 3] = ["NOAUTH", "NOPERM", "WRONGPASS"];

/// Asks once.
pub(super) async fn probe(ask: &Ask<'_>, check: &RedisCheck) -> Result<Evidence, Failure> {
    let (mut stream, certificate) = ask.open(check.tls.as_deref(), Ack::Late).await?;
    if let Some(command) = authentication(check) {
        let answer = exchange(ask, &mut stream, &command, Stage::Login).await?;
        if let Some(words) = answer.error() {
            let is_trouble = begins(&words, &TROUBLE);
            return Err(if is_trouble { Failure::Unavailable(words) } else { Failure::Login(words) });
        }
        // Whatever repeats what it hears is no Redis.
        if answer.text() != b"OK" {
            return Err(Failure::Protocol("AUTH is answered, but not by OK".to_owned()));
        }
    }
    let command = match &check.request {
        Some(request) => command(request.split_ascii_whitespace()),
        None => command(["PING"]),
    };
    let answer = exchange(ask, &mut stream, &command, Stage::Answer).await?;
    if let Some(words) = answer.error() {
        let not_allowed = begins(&words, &NOT_ALLOWED);
        return Err(if not_allowed { Failure::Login(words) } else { Failure::Unavailable(words) });
    }
    // The answer to PING is known; what else is asked may have any answer that is no error.
    if check.request.is_none() && check.expected.is_anything() && answer.text() != b"PONG" {
        return Err(Failure::Mismatch { wanted: "PONG".to_owned(), got: Failure::excerpt(answer.text()) });
    }
    content::judge(&check.expected, answer.text())?;
    Ok(Evidence { certificate, ..Evidence::default() })
}

fn begins(words: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| words.starts_with(start))
}

/// The command that logs in, if anybody shall. Users without a password take any.
fn authentication(check: &RedisCheck) -> Option<Vec<u8>> {
    let passwd = check.passwd.as_ref().map(Secret::reveal);
    match (check.user.as_deref(), passwd) {
        (None, None) => None,
        (None, Some(passwd)) => Some(command(["AUTH", passwd])),
        (Some(user), passwd) => Some(command(["AUTH", user, passwd.unwrap_or_default()])),
    }
}

/// A command as an array of strings, each with its length before it, so that none can be taken for another command.
fn command<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let words: Vec<&str> = words.into_iter().collect();
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.extend(["$", &word.len().to_string(), "\r\n", word, "\r\n"]);
    }
    text.into_bytes()
}

/// Sends a command and takes in its answer.
async fn exchange(
    ask: &Ask<'_>,
    stream: &mut Stream,
    command: &[u8],
    stage: Stage,
) -> Result<Answer, Failure> {
    ask.enter(stage);
    let failed = |error: std::io::Error| trouble::failure(&error, stage);
    net::send(stream, command, stage).await?;
    let mut answer = Answer::default();
    loop {
        let fed = net::receive(stream, |bytes| match bytes {
            [] => None,
            bytes => Some(answer.feed(bytes)),
        });
        match fed.await.map_err(failed)? {
            None => return Err(Failure::Closed(stage)),
            Some(enough) => {
                if enough.map_err(|malformed| Failure::Protocol(malformed.to_string()))? {
                    return Ok(answer);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Expected;

    fn check(user: Option<&str>, passwd: Option<&str>) -> RedisCheck {
        RedisCheck {
            tls: None,
            user: user.map(str::to_owned),
            passwd: passwd.map(Secret::new),
            request: None,
            expected: Expected::default(),
        }
    }

    #[test]
    fn whoever_is_given_logs_in() {
        let sent = |user, passwd| authentication(&check(user, passwd)).map(|c| String::from_utf8(c).unwrap());
        assert_eq!(sent(None, None), None);
        assert_eq!(sent(None, Some("p")).unwrap(), "*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n");
        assert_eq!(sent(Some("u"), Some("p")).unwrap(), "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n");
        assert_eq!(sent(Some("u"), None).unwrap(), "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$0\r\n\r\n");
    }

    #[test]
    fn no_word_can_be_taken_for_another_command() {
        let passwd = "x\r\nFLUSHALL";
        let sent = String::from_utf8(command(["AUTH", passwd])).unwrap();
        assert_eq!(sent, "*2\r\n$4\r\nAUTH\r\n$11\r\nx\r\nFLUSHALL\r\n");
    }
}
