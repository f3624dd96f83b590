//! From start to end: when the start is over, and how a stop comes to its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::plan::Wanted;

use super::{Director, Effect, Event, Fact, Now, Phase, Refusal};

/// How long a start waits for first verdicts at most, once the table was written.
const READY_WITHIN: Duration = Duration::from_secs(5);
/// How long a stop tries to have the table as it should be.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// Where in its life the director is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Life {
    /// Not all checks have spoken yet, or their word is not in the table.
    Starting {
        /// The start is over then, whoever has not spoken; set with the first write.
        deadline: Option<Instant>,
    },
    /// The farm is served.
    Serving,
    /// Our services are leaving the table.
    Stopping {
        /// The program ends then, whatever is left.
        deadline: Instant,
    },
}

impl Life {
    pub(super) fn stopping(self) -> bool {
        matches!(self, Self::Stopping { .. })
    }

    pub(super) fn starting(self) -> bool {
        matches!(self, Self::Starting { .. })
    }

    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Starting { deadline } => deadline,
            Self::Serving => None,
            Self::Stopping { deadline } => Some(deadline),
        }
    }
}

impl Director {
    /// The start is over once every check has spoken and its word is in the table.
    pub(super) fn look_ready(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if self.life.starting() && self.settled && self.checks.awaited() == 0 {
            self.ready(now, fx);
        }
    }

    /// The first write was made: from now on the start waits only so long.
    pub(super) fn first_write(&mut self, now: Now) {
        if let Life::Starting { deadline: deadline @ None } = &mut self.life {
            *deadline = Some(now.instant + self.config.settings.negotiate_timeout.min(READY_WITHIN));
        }
    }

    fn ready(&mut self, _now: Now, fx: &mut Vec<Effect>) {
        self.life = Life::Serving;
        let serving = self.services.iter().map(|service| service.row.serving).sum();
        let total = self.services.iter().map(|service| service.reals.len()).sum();
        fx.push(Effect::Tell(Fact::Serving { serving, total }));
        Self::notify(Phase::Ready, fx);
    }

    /// A deadline of ours passed.
    pub(super) fn due(&mut self, now: Now, fx: &mut Vec<Effect>) {
        match self.life {
            Life::Starting { deadline: Some(at) } if at <= now.instant => self.ready(now, fx),
            Life::Stopping { deadline } if deadline <= now.instant => {
                let why = self.table_trouble.clone();
                let why = why.unwrap_or_else(|| "the table could not be written in time".into());
                fx.push(Effect::Exit(Err(why)));
            }
            Life::Starting { .. } | Life::Serving | Life::Stopping { .. } => {}
        }
    }

    /// The end begins: no more checks, and our services leave the table where `cleanstop` says so.
    pub(super) fn stop(&mut self, now: Now, why: &'static str, clean: bool, fx: &mut Vec<Effect>) {
        if self.life.stopping() {
            return;
        }
        self.life = Life::Stopping { deadline: now.instant + STOP_WITHIN };
        fx.push(Effect::Tell(Fact::Stopping { why, clean }));
        Self::notify(Phase::Stopping, fx);
        fx.extend(self.checks.stop_all().into_iter().map(Effect::StopProbe));
        let waiting = self.loading.take().into_iter().flatten();
        let waiting = waiting.chain(self.in_force.drain(..)).chain(self.load_again.drain(..));
        fx.extend(waiting.map(|ticket| Effect::Answer(ticket, Err(Refusal::Stopping))));
        let gone = Arc::new(Wanted::absent());
        for service in self.services.iter_mut().filter(|service| clean && service.config.cleanstop) {
            service.wanted = gone.clone();
            self.settled = false;
            fx.push(Effect::Want { id: service.config.id, wanted: gone.clone(), enforce: true });
        }
        self.look_ended(fx);
    }

    /// The end is there once the table is as it should be left.
    pub(super) fn look_ended(&mut self, fx: &mut Vec<Effect>) {
        if self.life.stopping() && self.settled {
            fx.push(Effect::Exit(Ok(())));
        }
    }

    /// Whether an event can still matter.
    #[must_use]
    pub(super) fn heeds(&self, event: &Event) -> bool {
        !self.life.stopping()
            || matches!(event, Event::Applied(_) | Event::Due | Event::Asked(..) | Event::Stop { .. })
    }
}
