//! What a director knows of its real servers, as text between it and the command line: a line for each virtual
//! service, and below it one for each of its real servers, indented by a blank.
//!
//! ```text
//! tcp:192.0.2.1:80
//!  10.0.0.1:80 up
//!  10.0.0.2:80 down
//!  10.0.0.3:80 up, 50% ready
//! ```
//!
//! Behind the comma stands what an agent advises, if that is anything.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    director::{Known, Snapshot},
    health::{Advice, Mode, State},
    model::RealId,
};

/// The text. A server that is never asked is left out: its state is its configuration's, and says nothing.
pub(super) fn text(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for service in &snapshot.virtuals {
        // Writing to a string cannot fail.
        writeln!(text, "{}", service.id).ok();
        for real in service.reals.iter().filter(|real| !matches!(real.check, "on" | "off")) {
            write!(text, " {} {}", real.id, word(real.state)).ok();
            if real.advice != Advice::default() {
                write!(text, ", {}% {}", real.advice.percent, real.advice.mode.name()).ok();
            }
            text.push('\n');
        }
    }
    text
}

/// Reads it; `None` if it is not understood.
#[must_use]
pub fn known(text: &str) -> Option<Known> {
    let mut known = Known::new();
    let mut current = None;
    for line in text.lines() {
        match line.strip_prefix(' ') {
            None => {
                let id = line.parse().ok()?;
                known.insert(id, BTreeMap::new());
                current = Some(id);
            }
            Some(server) => {
                let (address, words) = server.split_once(' ')?;
                let (words, advised) = match words.split_once(", ") {
                    Some((words, advised)) => (words, advice(advised)?),
                    None => (words, Advice::default()),
                };
                let real = RealId(address.parse().ok()?);
                known.get_mut(&current?)?.insert(real, (state(words)?, advised));
            }
        }
    }
    Some(known)
}

/// A state, with its count where it has one: what people are shown does not tell all of them apart.
fn word(state: State) -> String {
    match state {
        State::Unknown => "unknown".to_owned(),
        State::Proving(passes) => format!("proving {passes}"),
        State::Up => "up".to_owned(),
        State::Failing(failures) => format!("failing {failures}"),
        State::Down => "down".to_owned(),
        State::Rising(passes) => format!("rising {passes}"),
    }
}

fn state(words: &str) -> Option<State> {
    let count = words.split_once(' ').map_or(Some(0), |(_, count)| count.parse().ok())?;
    let counted = [State::Proving(count), State::Failing(count), State::Rising(count)];
    let mut all = [State::Unknown, State::Up, State::Down].into_iter().chain(counted);
    all.find(|state| word(*state) == words)
}

fn advice(words: &str) -> Option<Advice> {
    let (percent, mode) = words.split_once("% ")?;
    let mode = Mode::ALL.into_iter().find(|known| known.name() == mode)?;
    Some(Advice { percent: percent.parse().ok().filter(|percent| *percent <= 100)?, mode })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        director::{RealRow, VirtualRow},
        model::{Forward, VirtualId},
    };

    const HALF: Advice = Advice { percent: 50, mode: Mode::Drain };

    fn row(virtual_id: VirtualId, last: u8, check: &'static str, state: State) -> Arc<RealRow> {
        Arc::new(RealRow {
            id: RealId(([10, 0, 0, last], 80).into()),
            virtual_id,
            forward: Forward::Masq,
            state,
            maintenance: false,
            advice: if state == State::Failing(7) { HALF } else { Advice::default() },
            weight: 0,
            configured_weight: 1,
            check,
            last_transition: None,
            last_failure: None,
            certificate: None,
            meter: Arc::default(),
        })
    }

    fn service(id: &str, states: &[(&'static str, State)]) -> Arc<VirtualRow> {
        let id = id.parse().unwrap();
        let reals = (1..).zip(states).map(|(last, (check, state))| row(id, last, check, *state)).collect();
        Arc::new(VirtualRow {
            id,
            name: None,
            comment: None,
            scheduler: "wrr".into(),
            persistence: None,
            service: "http",
            check_type: "negotiate".into(),
            quiescent: false,
            fallback: None,
            fallback_active: false,
            serving: 0,
            maintenance: 0,
            reals,
        })
    }

    #[test]
    fn what_is_known_is_understood_at_the_other_end() {
        let states = [("http", State::Up), ("http", State::Down), ("http", State::Failing(7))];
        let more = [
            ("http", State::Unknown),
            ("http", State::Rising(2)),
            ("http", State::Proving(1)),
            ("off", State::Down),
            ("on", State::Up),
        ];
        let snapshot = Snapshot {
            virtuals: vec![service("tcp:192.0.2.1:80", &states), service("fwm6:7", &more)],
            ..Snapshot::default()
        };
        let known = known(&text(&snapshot)).unwrap();
        let real = |last| RealId(([10, 0, 0, last], 80).into());
        let plain = |state| (state, Advice::default());
        let web = BTreeMap::from([
            (real(1), plain(State::Up)),
            (real(2), plain(State::Down)),
            (real(3), (State::Failing(7), HALF)),
        ]);
        let marked = BTreeMap::from([
            (real(1), plain(State::Unknown)),
            (real(2), plain(State::Rising(2))),
            (real(3), plain(State::Proving(1))),
        ]);
        let expected =
            BTreeMap::from([("tcp:192.0.2.1:80".parse().unwrap(), web), ("fwm6:7".parse().unwrap(), marked)]);
        assert_eq!(known, expected);
    }

    #[test]
    fn other_text_is_not_understood() {
        for text in [
            "hello",
            " 10.0.0.1:80 up",
            "fwm:1\n 10.0.0.1:80",
            "fwm:1\n 10.0.0.1:80 well",
            "fwm:1\n 10.0.0.1:80 up, 101% ready",
        ] {
            assert_eq!(known(text), None, "{text}");
        }
        assert_eq!(known(""), Some(Known::new()));
    }
}
