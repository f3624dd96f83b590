//! Why a check failed, and what it was doing.

use std::fmt;

/// The stage a check has reached: what it was doing when its deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Opening the connection.
    Connect,
    /// TLS handshake.
    Tls,
    /// Waiting for the server's greeting or logging in.
    Login,
    /// Waiting for the answer.
    Answer,
    /// Receiving the answer's body.
    Transfer,
    /// Running a program.
    Program,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Tls => "in the TLS handshake",
            Self::Login => "logging in",
            Self::Answer => "waiting for the answer",
            Self::Transfer => "receiving the answer",
            Self::Program => "running the program",
        })
    }
}

/// Why a check failed: a closed set, since it is what operators search for.
///
/// Texts from the server are cut to a few dozen printable characters where they are made (see [`Failure::excerpt`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server's host answered that nobody listens.
    Refused,
    /// The network answered that there is no way to the server, with the system's words.
    Unreachable(String),
    /// The deadline passed in this stage.
    TimedOut(Stage),
    /// The server closed or reset the connection in this stage.
    Closed(Stage),
    /// TLS failed, with the reason in words ("certificate has expired").
    Tls(String),
    /// An HTTP or FTP status that is not a success, with its text.
    Status {
        /// The status code.
        code: u16,
        /// The server's words.
        text: String,
    },
    /// The server told of an error: a directory, a database.
    Error {
        /// Its code, and its name where it has one: `32 noSuchObject`, `1049`, `3D000`.
        code: String,
        /// The server's words.
        text: String,
    },
    /// The answer is in order, but what was asked for is not there: no row, no entry.
    Absent(String),
    /// The answer did not match what was wanted.
    Mismatch {
        /// The pattern.
        wanted: String,
        /// The beginning of what came.
        got: String,
    },
    /// The answer matched what it must not match (`receive-not`).
    Unwanted {
        /// The pattern.
        refused: String,
        /// The beginning of what came.
        got: String,
    },
    /// A field of the answer's head is missing, or none with its name has the value that was wanted.
    Header {
        /// The field's name.
        name: String,
        /// The pattern.
        wanted: String,
        /// The beginning of the first value that came, if any.
        got: Option<String>,
    },
    /// The server does not speak the protocol.
    Protocol(String),
    /// The login was refused, with the server's words.
    Login(String),
    /// The server says that it cannot serve now, with its words (`-ERR`, `* BYE`, `-LOADING`).
    Unavailable(String),
    /// A program said so, or did not end as it should.
    Program {
        /// How it ended: `exit status 1`, `killed by signal 9`.
        how: String,
        /// The beginning of what it printed.
        said: String,
    },
    /// A step of a dialogue failed.
    Step {
        /// Which one; the first is number 1.
        number: usize,
        /// What became of it.
        why: Box<Failure>,
    },
    /// Trouble on the director itself (no descriptor, no source address): says nothing about the server.
    Local(String),
}

impl Failure {
    /// The longest text of a server that is kept, in characters.
    pub const EXCERPT: usize = 60;

    /// A stable word for the kind of failure, for journal fields, D-Bus and scripts.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut(_) => "timed-out",
            Self::Closed(_) => "closed",
            Self::Tls(_) => "tls",
            Self::Status { .. } => "status",
            Self::Error { .. } => "error",
            Self::Absent(_) => "absent",
            Self::Mismatch { .. } => "mismatch",
            Self::Unwanted { .. } => "unwanted",
            Self::Header { .. } => "header",
            Self::Protocol(_) => "protocol",
            Self::Login(_) => "login",
            Self::Unavailable(_) => "unavailable",
            Self::Program { .. } => "program",
            Self::Step { why, .. } => why.kind(),
            Self::Local(_) => "local",
        }
    }

    /// The beginning of bytes from the network, fit to show: control characters and what is not UTF-8 replaced by
    /// dots, cut to [`Self::EXCERPT`] characters with an ellipsis.
    #[must_use]
    pub fn excerpt(bytes: &[u8]) -> String {
        let head = &bytes[..bytes.len().min(Self::EXCERPT * 4)];
        let text = String::from_utf8_lossy(head);
        let text = text.trim();
        let mut shown: String = text
            .chars()
            .take(Self::EXCERPT)
            .map(|c| if c.is_control() || c == char::REPLACEMENT_CHARACTER { '.' } else { c })
            .collect();
        if text.chars().nth(Self::EXCERPT).is_some() || head.len() < bytes.len() {
            shown.push('…');
        }
        shown
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Unreachable(why) => write!(f, "unreachable: {why}"),
            Self::TimedOut(stage) => write!(f, "timed out {stage}"),
            Self::Closed(stage) => write!(f, "connection closed {stage}"),
            Self::Tls(why) => write!(f, "TLS: {why}"),
            Self::Status { code, text } if text.is_empty() => write!(f, "status {code}"),
            Self::Status { code, text } => write!(f, "status {code} {text}"),
            Self::Error { code, text } if text.is_empty() => write!(f, "error {code}"),
            Self::Error { code, text } => write!(f, "error {code}: {text}"),
            Self::Absent(what) => f.write_str(what),
            Self::Mismatch { wanted, got } => write!(f, "answer does not match /{wanted}/, got \"{got}\""),
            Self::Unwanted { refused, got } => write!(f, "answer matches /{refused}/, got \"{got}\""),
            Self::Header { name, got: None, .. } => write!(f, "answer has no header {name}"),
            Self::Header { name, wanted, got: Some(got) } => {
                write!(f, "header {name} does not match /{wanted}/, got \"{got}\"")
            }
            Self::Protocol(what) => write!(f, "not understood: {what}"),
            Self::Login(words) => write!(f, "login refused: {words}"),
            Self::Unavailable(words) => write!(f, "not available: {words}"),
            Self::Program { how, said } if said.is_empty() => f.write_str(how),
            Self::Program { how, said } => write!(f, "{how}: {said}"),
            Self::Step { number, why } => write!(f, "step {number}: {why}"),
            Self::Local(why) => write!(f, "trouble on the director: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(Failure::excerpt(b" <html>\r\nhi\xff "), "<html>..hi.");
        let long = Failure::excerpt(&[b'x'; 500]);
        assert_eq!(long.chars().count(), Failure::EXCERPT + 1);
        assert!(long.ends_with('…'));
    }
}
