//! The health of one real server: what a check can say, and the machine that turns it into up and down.
//!
//! Pure: knows neither sockets nor clocks nor what the kernel's table does with it.

mod advice;
mod certificate;

use std::{fmt, time::Duration};

pub use self::{
    advice::{Advice, Mode},
    certificate::{Certificate, Left},
};
use crate::model::{Cadence, Hysteresis};

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
    /// The status of its answer, where the protocol has one.
    pub status: Option<u16>,
    /// What an agent on it advises.
    pub advice: Option<Advice>,
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

/// What is known of a real server's health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Never checked since it was configured. It does not serve.
    #[default]
    Unknown,
    /// Not known as up or down since it was configured; this many checks in a row have passed, which is not enough yet.
    /// It does not serve.
    Proving(u32),
    /// The last check passed.
    Up,
    /// It serves, but this many checks in a row have failed.
    Failing(u32),
    /// It is out.
    Down,
    /// It is out, but this many checks in a row have passed.
    Rising(u32),
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
    /// A server that is out passed, but not yet often enough: `passes` times in a row.
    Rising {
        /// Consecutive good checks so far.
        passes: u32,
    },
    /// A server that is out and had begun to pass failed again.
    Relapsed,
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
            Self::Proving(_) | Self::Rising(_) => "rising",
        }
    }

    /// How long after a check the next one of a server in this state is wanted.
    #[must_use]
    pub fn interval(self, cadence: &Cadence) -> Duration {
        match self {
            Self::Unknown | Self::Up => cadence.interval,
            Self::Proving(_) | Self::Failing(_) | Self::Rising(_) => cadence.fast,
            Self::Down => cadence.down,
        }
    }

    /// The state after a verdict. `fall` failures in a row take a server out, `rise` good checks in a row bring it in;
    /// the first failure of a server of which nothing was known takes it out in any case.
    #[must_use]
    pub fn step(self, verdict: &Verdict, counts: Hysteresis) -> (Self, Option<Change>) {
        match (self, verdict) {
            (Self::Up, Verdict::Pass(_)) => (Self::Up, None),
            (Self::Failing(_), Verdict::Pass(_)) => (Self::Up, Some(Change::Recovered)),
            (Self::Unknown, Verdict::Pass(_)) => Self::pass(1, counts, Self::Proving),
            (Self::Proving(n), Verdict::Pass(_)) => Self::pass(n.saturating_add(1), counts, Self::Proving),
            (Self::Down, Verdict::Pass(_)) => Self::pass(1, counts, Self::Rising),
            (Self::Rising(n), Verdict::Pass(_)) => Self::pass(n.saturating_add(1), counts, Self::Rising),
            (Self::Up, Verdict::Fail(_)) => Self::fail(1, counts),
            (Self::Failing(n), Verdict::Fail(_)) => Self::fail(n.saturating_add(1), counts),
            (Self::Unknown | Self::Proving(_), Verdict::Fail(_)) => (Self::Down, Some(Change::WentDown)),
            (Self::Down, Verdict::Fail(_)) => (Self::Down, None),
            (Self::Rising(_), Verdict::Fail(_)) => (Self::Down, Some(Change::Relapsed)),
        }
    }

    fn pass(passes: u32, counts: Hysteresis, not_yet: fn(u32) -> Self) -> (Self, Option<Change>) {
        if passes >= counts.rise.get() {
            (Self::Up, Some(Change::WentUp))
        } else {
            (not_yet(passes), Some(Change::Rising { passes }))
        }
    }

    fn fail(failures: u32, counts: Hysteresis) -> (Self, Option<Change>) {
        if failures >= counts.fall.get() {
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

    const PASS: Verdict = Verdict::Pass(Evidence { certificate: None, status: None, advice: None });
    const FAIL: Verdict = Verdict::Fail(Failure::Refused);

    fn counts(fall: u32, rise: u32) -> Hysteresis {
        let number = |n| std::num::NonZeroU32::new(n).unwrap();
        Hysteresis { fall: number(fall), rise: number(rise) }
    }

    #[test]
    fn every_state_and_verdict() {
        use State::{Down, Failing, Proving, Rising, Unknown, Up};
        let table = [
            (Unknown, PASS, Proving(1), Some(Change::Rising { passes: 1 })),
            (Unknown, FAIL, Down, Some(Change::WentDown)),
            (Proving(1), PASS, Proving(2), Some(Change::Rising { passes: 2 })),
            (Proving(2), PASS, Up, Some(Change::WentUp)),
            (Proving(2), FAIL, Down, Some(Change::WentDown)),
            (Up, PASS, Up, None),
            (Up, FAIL, Failing(1), Some(Change::Soft { failures: 1 })),
            (Failing(1), PASS, Up, Some(Change::Recovered)),
            (Failing(1), FAIL, Failing(2), Some(Change::Soft { failures: 2 })),
            (Failing(2), FAIL, Down, Some(Change::WentDown)),
            (Down, PASS, Rising(1), Some(Change::Rising { passes: 1 })),
            (Down, FAIL, Down, None),
            (Rising(1), PASS, Rising(2), Some(Change::Rising { passes: 2 })),
            (Rising(2), PASS, Up, Some(Change::WentUp)),
            (Rising(2), FAIL, Down, Some(Change::Relapsed)),
        ];
        for (from, verdict, to, change) in table {
            assert_eq!(from.step(&verdict, counts(3, 3)), (to, change), "{from:?} after {verdict:?}");
        }
    }

    #[test]
    fn with_counts_of_one_each_verdict_decides() {
        for from in [State::Unknown, State::Proving(1), State::Down, State::Rising(1)] {
            let came_up = (State::Up, Some(Change::WentUp));
            assert_eq!(from.step(&PASS, Hysteresis::default()), came_up, "{from:?}");
        }
        for from in [State::Unknown, State::Proving(1), State::Up, State::Failing(1)] {
            let went_down = (State::Down, Some(Change::WentDown));
            assert_eq!(from.step(&FAIL, Hysteresis::default()), went_down, "{from:?}");
        }
    }

    #[test]
    fn a_lowered_count_decides_at_the_next_verdict() {
        assert_eq!(State::Failing(5).step(&FAIL, counts(2, 1)), (State::Down, Some(Change::WentDown)));
        assert_eq!(State::Rising(5).step(&PASS, counts(1, 2)), (State::Up, Some(Change::WentUp)));
    }

    /// A server is told to have gone up and down in turn, whatever comes, and serves exactly in between.
    #[test]
    fn ups_and_downs_take_turns_in_all_histories() {
        for history in 0..1_u32 << 12 {
            for counts in [counts(1, 1), counts(1, 3), counts(3, 1), counts(2, 2)] {
                let (mut state, mut told) = (State::Unknown, None);
                for bit in 0..12 {
                    let verdict = if history >> bit & 1 == 1 { PASS } else { FAIL };
                    let (next, change) = state.step(&verdict, counts);
                    state = next;
                    let went = match change {
                        Some(Change::WentUp) => Some(true),
                        Some(Change::WentDown) => Some(false),
                        _ => None,
                    };
                    if went.is_some() {
                        assert_ne!(went, told, "{history:b}");
                        told = went;
                    }
                    assert_eq!(state.serves(), told == Some(true), "{history:b}");
                }
            }
        }
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(Failure::excerpt(b" <html>\r\nhi\xff "), "<html>..hi.");
        let long = Failure::excerpt(&[b'x'; 500]);
        assert_eq!(long.chars().count(), Failure::EXCERPT + 1);
        assert!(long.ends_with('…'));
    }
}
