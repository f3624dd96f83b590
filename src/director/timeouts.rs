//! How long the kernel keeps connections. It is one setting for all services of the machine, whoever's they are; so it is
//! looked at when a configuration is taken, and not held against others afterwards.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::model::IpvsTimeouts;

use super::{Director, Effect, Fact, Now};

/// When to try again after a failure.
const RETRY: Duration = Duration::from_secs(10);

/// How it went with them.
#[derive(Debug, Default)]
pub(super) struct Timeouts {
    /// They are being looked at; a start and a reload wait for it.
    pub(super) awaited: bool,
    /// They could not be set, and are tried again then.
    pub(super) retry: Option<Instant>,
    /// Why not; told once.
    trouble: Option<Arc<str>>,
}

impl Director {
    /// What the configuration says shall be so, if it says something.
    pub(super) fn want_timeouts(&mut self, fx: &mut Vec<Effect>) {
        self.timeouts.awaited = self.config.settings.ipvs_timeouts.is_some();
        fx.extend(self.config.settings.ipvs_timeouts.map(Effect::Timeouts));
    }

    /// They were looked at, and set if they were otherwise.
    pub(super) fn timeouts_ended(
        &mut self,
        now: Now,
        ended: Result<(IpvsTimeouts, IpvsTimeouts), Arc<str>>,
        fx: &mut Vec<Effect>,
    ) {
        // Another configuration may be in force by now.
        let Some(wanted) = self.config.settings.ipvs_timeouts else { return };
        self.timeouts.awaited = false;
        match ended {
            Ok((before, after)) => self.timeouts_seen(now, wanted, (before, after), fx),
            Err(reason) => self.timeouts_failed(now, reason, fx),
        }
        self.answer_in_force(fx);
        self.look_ready(now, fx);
    }

    fn timeouts_seen(
        &mut self,
        now: Now,
        wanted: IpvsTimeouts,
        (before, after): (IpvsTimeouts, IpvsTimeouts),
        fx: &mut Vec<Effect>,
    ) {
        if before != after {
            fx.push(Effect::Tell(Fact::TimeoutsSet { before, after }));
        }
        if wanted.over(after) == after {
            self.timeouts = Timeouts::default();
        } else {
            self.timeouts_failed(now, "ipvsadm reported success, but they are not as wanted".into(), fx);
        }
    }

    fn timeouts_failed(&mut self, now: Now, reason: Arc<str>, fx: &mut Vec<Effect>) {
        self.timeouts.retry = Some(now.instant + RETRY);
        if self.timeouts.trouble.as_ref() != Some(&reason) {
            self.timeouts.trouble = Some(reason.clone());
            fx.push(Effect::Tell(Fact::TimeoutsFailed { reason, retry_in: RETRY }));
        }
    }
}
