//! The health of one real server: what a check can say, and the machine that turns it into up and down.
//!
//! Pure: knows neither sockets nor clocks nor what the kernel's table does with it.

mod advice;
mod certificate;
mod failure;

use std::{fmt, time::Duration};

pub use self::{
    advice::{Advice, Mode},
    certificate::{Certificate, Left},
    failure::{Failure, Stage},
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
}
