//! Replies that begin with a number of three digits: those of FTP (RFC 959, 4.2), SMTP (RFC 5321, 4.2) and NNTP
//! (RFC 3977, 3.2).

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Ask, lines::Lines};
use crate::health::{Failure, Stage};

/// More lines than this are no answer to anything that is asked here.
pub(super) const MOST_LINES: usize = 200;

/// Whose replies they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Between the first line and the last, which have the number, may stand anything.
    Ftp,
    /// Each line has the number.
    Smtp,
    /// The same; there is only one.
    Nntp,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Ftp => "FTP",
            Self::Smtp => "SMTP",
            Self::Nntp => "NNTP",
        }
    }
}

/// One line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The number: 100 to 599, and 600 to 699 for protected replies of FTP (RFC 2228), which nobody asks for here.
    pub code: u16,
    /// Another line follows.
    pub goes_on: bool,
    /// The words.
    pub text: &'a [u8],
}

impl<'a> Part<'a> {
    /// Reads a line without its end; nothing where it is no line of a reply.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let (digits, rest) = line.split_at_checked(3)?;
        let digits = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
        let code = digits.parse().ok().filter(|code| (100..700).contains(code))?;
        match rest.split_first() {
            None => Some(Self { code, goes_on: false, text: rest }),
            Some((b' ', text)) => Some(Self { code, goes_on: false, text }),
            Some((b'-', text)) => Some(Self { code, goes_on: true, text }),
            Some(_) => None,
        }
    }
}

/// A reply, of however many lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Its number.
    pub(super) code: u16,
    /// The words of its first line that has any.
    pub(super) words: Vec<u8>,
}

impl Reply {
    /// Takes in the server's next reply.
    pub(super) async fn read<S: AsyncRead + AsyncWrite + Unpin>(
        lines: &mut Lines<S>,
        language: Language,
        ask: &Ask<'_>,
        stage: Stage,
    ) -> Result<Self, Failure> {
        let mut reply: Option<Self> = None;
        for _ in 0..MOST_LINES {
            let line = lines.line(ask, stage).await?;
            let part = Part::parse(line);
            let Some(before) = &mut reply else {
                let Part { code, goes_on, text } = part.ok_or_else(|| strange(language.name(), line))?;
                let first = Self { code, words: text.to_vec() };
                if !goes_on {
                    return Ok(first);
                }
                reply = Some(first);
                continue;
            };
            match part.filter(|part| part.code == before.code) {
                Some(part) => {
                    if before.words.is_empty() {
                        before.words = part.text.to_vec();
                    }
                    if let Some(whole) = reply.take_if(|_| !part.goes_on) {
                        return Ok(whole);
                    }
                }
                None if language == Language::Ftp => {}
                None => return Err(strange(language.name(), line)),
            }
        }
        Err(endless())
    }

    /// It is none of the good ones.
    pub(super) fn failure(&self) -> Failure {
        Failure::Status { code: self.code, text: self.text() }
    }

    /// Its words, fit to show.
    pub(super) fn text(&self) -> String {
        Failure::excerpt(&self.words)
    }
}

/// What the server sent is no answer of its protocol.
pub(super) fn strange(protocol: &str, line: &[u8]) -> Failure {
    Failure::Protocol(format!("\"{}\" is no answer of {protocol}", Failure::excerpt(line)))
}

/// It goes on and on.
pub(super) fn endless() -> Failure {
    Failure::Protocol(format!("an answer of more than {MOST_LINES} lines"))
}

/// The server does not begin TLS when it is asked to.
pub(super) fn refuses_tls(command: &str, words: &[u8]) -> Failure {
    Failure::Tls(format!("server refuses {command}: {}", Failure::excerpt(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_replies_are_read() {
        let part = |code, goes_on, text: &'static str| Some(Part { code, goes_on, text: text.as_bytes() });
        assert_eq!(Part::parse(b"220 mx ESMTP"), part(220, false, "mx ESMTP"));
        assert_eq!(Part::parse(b"250-SIZE 1"), part(250, true, "SIZE 1"));
        assert_eq!(Part::parse(b"221"), part(221, false, ""));
        assert_eq!(Part::parse(b"221-"), part(221, true, ""));
        for other in ["", "22", "22O x", "+20 x", "220x", "099 x", "700 x", "SSH-2.0-OpenSSH", "2 0 x"] {
            assert_eq!(Part::parse(other.as_bytes()), None, "{other}");
        }
    }
}
