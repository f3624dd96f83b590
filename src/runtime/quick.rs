//! The checks in between where most of them do not ask: they only connect, or ping.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    health::Verdict,
    model::{Cadence, CheckKind, CheckSpec},
};

/// The quick checks of one entry.
#[derive(Debug)]
pub(super) struct Quick {
    spec: Arc<CheckSpec>,
    count: u32,
    /// How many have passed since the last one that asked and passed; nothing where the next one is to ask.
    passed: Option<u32>,
    /// The one under way is such a one.
    flying: bool,
}

impl Quick {
    pub(super) fn of(spec: &CheckSpec) -> Option<Self> {
        let connects = spec.connects?;
        let (target, kind) = match connects.ping {
            None => (spec.target, CheckKind::Connect),
            Some(ping) => (SocketAddr::new(spec.target.ip(), 0), CheckKind::Ping(ping)),
        };
        let cadence = Cadence { deadline: connects.deadline, ..spec.cadence };
        let spec = CheckSpec { target, kind, connects: None, route: spec.route, cadence };
        Some(Self { spec: Arc::new(spec), count: connects.count.get(), passed: None, flying: false })
    }

    /// The next check begins: what is asked, if it is a quick one.
    pub(super) fn take_off(&mut self) -> Option<Arc<CheckSpec>> {
        self.flying = self.passed.is_some_and(|passed| passed < self.count);
        self.flying.then(|| self.spec.clone())
    }

    pub(super) fn land(&mut self, verdict: &Verdict) {
        self.passed = match verdict {
            Verdict::Pass(_) if self.flying => self.passed.map(|passed| passed + 1),
            Verdict::Pass(_) => Some(0),
            Verdict::Fail(_) => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::*;
    use crate::{
        health::{Evidence, Failure},
        model::{Command, Connects, ExternalCheck, PingCheck, Route},
    };

    const SECOND: Duration = Duration::from_secs(1);

    fn quick(ping: Option<PingCheck>) -> Quick {
        let command = Arc::new(Command { argv: vec!["x".into()] });
        let virtual_id = "tcp:192.0.2.1:21".parse().unwrap();
        let two = NonZeroU32::new(2).unwrap();
        Quick::of(&CheckSpec {
            target: "10.0.0.1:21".parse().unwrap(),
            kind: ExternalCheck { command, perl: false, virtual_id }.into(),
            connects: Some(Connects { count: two, deadline: SECOND, ping }),
            route: Route::default(),
            cadence: Cadence::steady(10 * SECOND, 5 * SECOND),
        })
        .unwrap()
    }

    #[test]
    fn so_many_follow_each_that_asked_and_passed() {
        let (mut quick, pass) = (quick(None), Verdict::Pass(Evidence::default()));
        let mut asked = Vec::new();
        for round in 0..8 {
            asked.push(quick.take_off().is_none());
            quick.land(if round == 4 { &Verdict::Fail(Failure::Refused) } else { &pass });
        }
        assert_eq!(asked, [true, false, false, true, false, true, false, false]);
    }

    #[test]
    fn they_connect_to_the_same_place_or_ping_its_host() {
        let ping = PingCheck { tries: NonZeroU32::MIN, patience: SECOND };
        for (given, kind, target) in
            [(None, CheckKind::Connect, "10.0.0.1:21"), (Some(ping), CheckKind::Ping(ping), "10.0.0.1:0")]
        {
            let spec = quick(given).spec;
            assert_eq!((&spec.kind, spec.target), (&kind, target.parse().unwrap()));
            assert_eq!(spec.cadence, Cadence::steady(10 * SECOND, SECOND));
        }
    }
}
