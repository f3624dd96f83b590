//! From start to end: when the start is over, and how a stop comes to its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::plan::Wanted;

use super::{Director, Effect, Event, Fact, Now, Phase, Refusal, fallback, hook::Order};

/// How long a start waits for first verdicts at most, once the table was written.
const READY_WITHIN: Duration = Duration::from_secs(5);
/// How long those who asked for a reload wait for the table at most. In a farm where servers come and go all the time
/// there may be no moment at which it is as wanted.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(20);
/// How long a stop tries to have the table as it should be.
const STOP_WITHIN: Duration = Duration::from_secs(15);
/// The same where the table is left to the next process, which finds out by itself what could not be written.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

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
    /// Our services are leaving the table, or it is left to the next process.
    Stopping {
        /// They are leaving.
        clean: bool,
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
            Self::Stopping { deadline, .. } => Some(deadline),
        }
    }
}

impl Director {
    /// The start is over once every check has spoken and its word is in the table.
    pub(super) fn look_ready(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if self.life.starting()
            && self.settled
            && !self.timeouts.awaited
            && self.checks.awaited() == 0
            && !self.inconclusive()
        {
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
        self.execute_all(Order::Start, fx);
    }

    /// A deadline of ours passed.
    pub(super) fn due(&mut self, now: Now, fx: &mut Vec<Effect>) {
        self.alerts_due(now, fx);
        if self.in_force_by.is_some_and(|at| at <= now.instant) {
            self.answer_all(fx);
        }
        if self.timeouts.retry.is_some_and(|at| at <= now.instant) {
            self.timeouts.retry = None;
            self.want_timeouts(fx);
        }
        match self.life {
            Life::Starting { deadline: Some(at) } if at <= now.instant => self.ready(now, fx),
            Life::Stopping { clean: false, deadline } if deadline <= now.instant => {
                self.exit(now, Ok(()), fx);
            }
            Life::Stopping { clean: true, deadline } if deadline <= now.instant => {
                let why = self.table_trouble.clone();
                let why = why.unwrap_or_else(|| "the table could not be written in time".into());
                self.exit(now, Err(why), fx);
            }
            Life::Starting { .. } | Life::Serving | Life::Stopping { .. } => {}
        }
    }

    /// The end begins: no more checks, and our services leave the table where `cleanstop` says so.
    pub(super) fn stop(&mut self, now: Now, why: &'static str, clean: bool, fx: &mut Vec<Effect>) {
        if self.life.stopping() {
            return;
        }
        self.timeouts.retry = None;
        self.life =
            Life::Stopping { clean, deadline: now.instant + if clean { STOP_WITHIN } else { LEAVE_WITHIN } };
        fx.push(Effect::Tell(Fact::Stopping { why, clean }));
        Self::notify(Phase::Stopping, fx);
        fx.extend(self.checks.stop_all().into_iter().map(Effect::StopProbe));
        let waiting = self.loading.take().into_iter().flatten();
        let waiting = waiting.chain(self.in_force.drain(..)).chain(self.load_again.drain(..));
        fx.extend(waiting.map(|ticket| Effect::Answer(ticket, Err(Refusal::Stopping))));
        let gone = Arc::new(Wanted::absent());
        for service in self.services.iter_mut().filter(|service| clean && service.config.cleanstop) {
            fallback::end(service, fx);
            service.wanted = gone.clone();
            self.settled = false;
            fx.push(Effect::Want { id: service.config.id, wanted: gone.clone(), enforce: true });
        }
        if clean {
            self.execute_all(Order::Stop, fx);
        }
        self.look_ended(now, fx);
    }

    /// The end is there once the table is as it should be left; what cannot be written now is for the next process.
    pub(super) fn look_ended(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if let Life::Stopping { clean, .. } = self.life
            && (self.settled || (!clean && self.table_trouble.is_some()))
        {
            self.exit(now, Ok(()), fx);
        }
    }

    /// The end is there.
    pub(super) fn exit(&mut self, now: Now, how: Result<(), Arc<str>>, fx: &mut Vec<Effect>) {
        self.end_alerts(now, fx);
        fx.push(Effect::Exit(how));
    }

    /// From now on those who asked for the configuration wait only so long.
    pub(super) fn await_force(&mut self, now: Now) {
        if !self.in_force.is_empty() {
            self.in_force_by.get_or_insert(now.instant + IN_FORCE_WITHIN);
        }
    }

    /// Whether an event can still matter.
    #[must_use]
    pub(super) fn heeds(&self, event: &Event) -> bool {
        !self.life.stopping()
            || matches!(event, Event::Applied(_) | Event::Due | Event::Asked(..) | Event::Stop { .. })
    }
}
