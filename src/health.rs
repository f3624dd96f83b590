//! The health of one real server: what a check can say, and the machine that turns it into up and down.
//!
//! Pure: knows neither sockets nor clocks nor what the kernel's table does with it.

use std::fmt;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server did what was asked of it.
    Pass(Evidence),
    /// It did not, for this reason.
    Fail(Failure),
}

/// What a passing check saw besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The certificate the server showed, if there was TLS.
    pub certificate: Option<Certificate>,
}

/// A server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// It is made out to the name that was asked for (true where no name was).
    pub name_matches: bool,
    /// When it ends, in seconds since 1970.
    pub not_after: i64,
}

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
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Tls => "in the TLS handshake",
            Self::Login => "logging in",
            Self::Answer => "waiting for the answer",
            Self::Transfer => "receiving the answer",
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
    /// The answer did not match what was wanted.
    Mismatch {
        /// The pattern.
        wanted: String,
        /// The beginning of what came.
        got: String,
    },
    /// The server does not speak the protocol.
    Protocol(String),
    /// The login was refused, with the server's words.
    Login(String),
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
            Self::Mismatch { .. } => "mismatch",
            Self::Protocol(_) => "protocol",
            Self::Login(_) => "login",
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
            Self::Mismatch { wanted, got } => write!(f, "answer does not match /{wanted}/, got \"{got}\""),
            Self::Protocol(what) => write!(f, "not understood: {what}"),
            Self::Login(words) => write!(f, "login refused: {words}"),
            Self::Local(why) => write!(f, "trouble on the director: {why}"),
        }
    }
}

/// What is known of a real server's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Never checked since it was configured. It does not serve.
    #[default]
    Unknown,
    /// The last check passed.
    Up,
    /// It serves, but this many checks in a row have failed.
    Failing(u32),
    /// It is out.
    Down,
}

/// What a verdict changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A serving server failed, but not yet often enough: failure number `failures` in a row.
    Soft {
        /// Consecutive failures so far.
        failures: u32,
    },
    /// A server that was failing passed again.
    Recovered,
    /// It came up.
    WentUp,
    /// It went down.
    WentDown,
}

impl State {
    /// Whether a server in this state may take traffic.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Self::Up | Self::Failing(_))
    }

    /// The word shown to people and on the bus.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Failing(_) => "failing",
            Self::Down => "down",
        }
    }

    /// The state after a verdict. `failure_count` consecutive failures take a server out, one success brings it back.
    #[must_use]
    pub fn step(self, verdict: &Verdict, failure_count: u32) -> (Self, Option<Change>) {
        match (self, verdict) {
            (Self::Up, Verdict::Pass(_)) => (Self::Up, None),
            (Self::Failing(_), Verdict::Pass(_)) => (Self::Up, Some(Change::Recovered)),
            (Self::Unknown | Self::Down, Verdict::Pass(_)) => (Self::Up, Some(Change::WentUp)),
            (Self::Up, Verdict::Fail(_)) => Self::fail(1, failure_count),
            (Self::Failing(n), Verdict::Fail(_)) => Self::fail(n.saturating_add(1), failure_count),
            (Self::Unknown, Verdict::Fail(_)) => (Self::Down, Some(Change::WentDown)),
            (Self::Down, Verdict::Fail(_)) => (Self::Down, None),
        }
    }

    fn fail(failures: u32, failure_count: u32) -> (Self, Option<Change>) {
        if failures >= failure_count {
            (Self::Down, Some(Change::WentDown))
        } else {
            (Self::Failing(failures), Some(Change::Soft { failures }))
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: Verdict = Verdict::Pass(Evidence { certificate: None });
    const FAIL: Verdict = Verdict::Fail(Failure::Refused);

    #[test]
    fn every_state_and_verdict() {
        let table = [
            (State::Unknown, PASS, State::Up, Some(Change::WentUp)),
            (State::Unknown, FAIL, State::Down, Some(Change::WentDown)),
            (State::Up, PASS, State::Up, None),
            (State::Up, FAIL, State::Failing(1), Some(Change::Soft { failures: 1 })),
            (State::Failing(1), PASS, State::Up, Some(Change::Recovered)),
            (State::Failing(1), FAIL, State::Failing(2), Some(Change::Soft { failures: 2 })),
            (State::Failing(2), FAIL, State::Down, Some(Change::WentDown)),
            (State::Down, PASS, State::Up, Some(Change::WentUp)),
            (State::Down, FAIL, State::Down, None),
        ];
        for (from, verdict, to, change) in table {
            assert_eq!(from.step(&verdict, 3), (to, change), "{from:?} after {verdict:?}");
        }
    }

    #[test]
    fn a_failure_count_of_one_takes_out_at_once() {
        assert_eq!(State::Up.step(&FAIL, 1), (State::Down, Some(Change::WentDown)));
    }

    #[test]
    fn a_lowered_failure_count_takes_out_at_the_next_failure() {
        assert_eq!(State::Failing(5).step(&FAIL, 2), (State::Down, Some(Change::WentDown)));
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(Failure::excerpt(b" <html>\r\nhi\xff "), "<html>..hi.");
        let long = Failure::excerpt(&[b'x'; 500]);
        assert_eq!(long.chars().count(), Failure::EXCERPT + 1);
        assert!(long.ends_with('…'));
    }
}
