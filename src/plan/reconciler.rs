//! The bookkeeping of getting the table as wanted: which services are not yet, what to do next, when, and what was
//! achieved. Level-triggered: each job is the difference between what the table *is* and what is wanted now, so that
//! bursts melt into one job, and a failed, half-done or undone change is simply still a difference.
//!
//! Pure. The shell runs the jobs, one at a time, and hands in their results.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    ipvs::{IpvsError, Op, Scope, Table},
    model::VirtualId,
};

use super::{
    Wanted,
    diff::diff,
    outcome::{Failed, Outcome, changes, drift, foreign},
    target::Target,
};

/// Waits between attempts that fail: the first retry is at once, since a read-back has just told the truth.
const BACKOFF: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Something to do with the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Write these changes, in order, then read back these services.
    Apply(Vec<Op>, Scope),
    /// Read only.
    Read(Scope),
}

impl Job {
    /// What is to be read in the end.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        match self {
            Self::Apply(_, scope) | Self::Read(scope) => scope,
        }
    }
}

/// How a job ended.
#[derive(Clone, Debug)]
pub struct Done {
    /// Whether writing was reported to have failed; the read-back decides what really happened.
    pub written: Result<(), IpvsError>,
    /// What was read afterwards.
    pub read: Result<Table, IpvsError>,
}

/// The job that is out, and what it was to achieve: what is wanted may change while it runs.
#[derive(Clone, Debug)]
struct Running {
    job: Job,
    wanted: Vec<(VirtualId, Arc<Wanted>)>,
}

/// Brings the table to what is wanted.
#[derive(Debug, Default)]
pub struct Reconciler {
    targets: BTreeMap<VirtualId, Target>,
    /// Services that are not as wanted.
    dirty: BTreeSet<VirtualId>,
    /// Those of them that could not be written, and when each is tried again: one that the kernel never takes must
    /// not hold up what the others need.
    postponed: BTreeMap<VirtualId, Instant>,
    running: Option<Running>,
    /// The table could not be read: nothing is known until it can be.
    blind: bool,
    /// Readings in a row that failed.
    unread: usize,
    /// While blind, nothing is tried before this.
    retry_at: Option<Instant>,
    /// A failure was told that has not come to its end.
    told: bool,
    /// When the last write was done.
    wrote_at: Option<Instant>,
    /// Changes that come within this time of the last write are written together.
    gap: Duration,
    resync: Option<Duration>,
    next_resync: Option<Instant>,
    /// The next reading leaves nothing out.
    thorough: bool,
}

impl Reconciler {
    /// Nothing wanted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The table is compared as a whole this often; `None` is never.
    pub fn resync_every(&mut self, now: Instant, interval: Option<Duration>) {
        self.resync = interval;
        self.next_resync = interval.map(|every| now + every);
    }

    /// Writes are at least this far apart; the changes in between are written together.
    pub fn set_gap(&mut self, gap: Duration) {
        self.gap = gap;
    }

    /// What the table was just seen to have, before services are wanted that were not yet: at start and reload.
    pub fn saw(&mut self, table: &Table, new: impl IntoIterator<Item = VirtualId>) {
        for id in new {
            self.targets
                .entry(id)
                .or_insert_with(|| Target::new(Arc::new(Wanted::absent()), table.0.get(&id).cloned()));
        }
    }

    /// This is wanted from now on. With `enforce` (start, reload) others' servers and weights in it are put right.
    pub fn want(&mut self, id: VirtualId, wanted: Arc<Wanted>, enforce: bool) {
        let target = self.targets.entry(id).or_insert_with(|| Target::new(wanted.clone(), None));
        target.wanted = wanted;
        if enforce {
            target.enforce = true;
            target.settled.clear();
            // Somebody waits for it, and may have mended what was in the way.
            self.retry_at = None;
        } else {
            target.unsettle();
        }
        self.dirty.insert(id);
        self.postponed.remove(&id);
    }

    /// The table is to be read as soon as possible, with all that is in it, and compared.
    pub fn resync_now(&mut self, now: Instant) {
        self.next_resync = Some(now);
        self.thorough = true;
    }

    /// Nothing is left to do and nothing is being done.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.dirty.is_empty() && self.running.is_none()
    }

    /// When [`Self::next`] is worth calling again; `None` while a job runs or nothing is planned.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.running.is_some() {
            return None;
        }
        let own = if self.blind {
            self.retry_at
        } else if self.dirty.len() > self.postponed.len() {
            self.gap_end()
        } else {
            self.postponed.values().min().copied().max(self.gap_end())
        };
        [own.filter(|_| self.blind || !self.dirty.is_empty()), self.next_resync].into_iter().flatten().min()
    }

    /// The next thing to do, if any is due. At most one job is out at a time.
    pub fn next(&mut self, now: Instant) -> Option<Job> {
        if self.running.is_some() {
            return None;
        }
        let over = |at: Option<Instant>| at.is_none_or(|at| at <= now);
        if !self.blind
            && over(self.gap_end())
            && let Some(running) = self.write(now)
        {
            return Some(self.running.insert(running).job.clone());
        }
        if self.next_resync.is_some_and(|at| at <= now) || (self.blind && over(self.retry_at)) {
            self.next_resync = self.resync.map(|every| now + every);
            let scope = if std::mem::take(&mut self.thorough) { Scope::All } else { Scope::Glance };
            let running = Running { job: Job::Read(scope), wanted: Vec::new() };
            return Some(self.running.insert(running).job.clone());
        }
        None
    }

    fn gap_end(&self) -> Option<Instant> {
        self.wrote_at.map(|at| at + self.gap)
    }

    /// One job for all that is not as wanted and may be tried. What turns out to be as wanted costs no process.
    fn write(&mut self, now: Instant) -> Option<Running> {
        self.postponed.retain(|_, at| *at > now);
        if self.dirty.len() == self.postponed.len() {
            return None;
        }
        let mut ops = Vec::new();
        let mut wanted = Vec::new();
        for id in self.dirty.clone() {
            if self.postponed.contains_key(&id) {
                continue;
            }
            let more = self.targets.get(&id).map(|target| target.ops(id)).unwrap_or_default();
            if more.is_empty() {
                self.conclude(id);
            } else {
                ops.extend(more);
                wanted.extend(self.targets.get(&id).map(|target| (id, target.wanted.clone())));
            }
        }
        let touched = wanted.iter().map(|(id, _)| *id).collect();
        (!ops.is_empty()).then_some(Running { job: Job::Apply(ops, Scope::Services(touched)), wanted })
    }

    /// The running job ended like this.
    pub fn done(&mut self, now: Instant, done: Done) -> Outcome {
        let Some(running) = self.running.take() else { return Outcome::default() };
        let mut outcome = Outcome::default();
        let table = match done.read {
            Ok(table) => table,
            Err(error) => {
                self.blind = true;
                self.unread += 1;
                let failed = self.failed(&error.to_string(), self.unread);
                self.retry_at = Some(now + failed.retry_in);
                outcome.failed = Some(failed);
                return outcome;
            }
        };
        (self.blind, self.unread, self.retry_at) = (false, 0, None);
        let wrote = matches!(running.job, Job::Apply(..));
        if wrote {
            self.wrote_at = Some(now);
            let mut missed = Vec::new();
            for (id, wanted) in &running.wanted {
                if !self.applied(*id, wanted, &table, &mut outcome) {
                    missed.push((*id, wanted));
                }
            }
            self.missed(now, &missed, &done.written, &mut outcome);
        } else {
            self.resynced(&table, &mut outcome);
        }
        if self.told && (wrote || self.dirty.is_empty()) && !self.failing() {
            self.told = false;
            outcome.recovered = true;
        }
        outcome.settled = self.settled();
        outcome
    }

    /// What was tried last for some service did not succeed.
    fn failing(&self) -> bool {
        self.dirty.iter().any(|id| self.targets.get(id).is_some_and(|target| target.failures > 0))
    }

    /// Takes in what was read of a service that was just written; whether it is as the job wanted it.
    fn applied(&mut self, id: VirtualId, wanted: &Wanted, table: &Table, outcome: &mut Outcome) -> bool {
        let Some(target) = self.targets.get_mut(&id) else { return true };
        let now = table.0.get(&id).cloned();
        changes(id, target.actual.as_ref(), now.as_ref(), &mut outcome.changes);
        target.actual = now;
        target.settle();
        let achieved = diff(id, target.actual.as_ref(), wanted, target.policy()).is_empty();
        if achieved {
            target.failures = 0;
        }
        if target.ops(id).is_empty() {
            self.conclude(id);
        }
        achieved
    }

    /// Takes in a whole table: whatever differs without our having changed it is somebody else's doing.
    fn resynced(&mut self, table: &Table, outcome: &mut Outcome) {
        let ids: Vec<VirtualId> = self.targets.keys().copied().collect();
        for id in ids {
            let Some(target) = self.targets.get_mut(&id) else { continue };
            let actual = table.0.get(&id);
            if target.actual.as_ref() != actual {
                target.actual = actual.cloned();
                let as_wanted = target.ops(id).is_empty();
                if as_wanted && self.dirty.contains(&id) {
                    self.conclude(id);
                } else if !as_wanted && !self.dirty.contains(&id) {
                    drift(id, actual, &target.wanted, target.policy(), &mut outcome.drift);
                    self.dirty.insert(id);
                }
            }
            if let Some(target) = self.targets.get_mut(&id)
                && !self.dirty.contains(&id)
                && !target.enforce
            {
                let seen = foreign(actual, &target.wanted, target.policy());
                if seen != target.foreign {
                    seen.report(id, &target.foreign, &mut outcome.foreign);
                    target.foreign = seen;
                }
            }
        }
    }

    /// A service is as wanted: what was enforced is done, and one that was to go is forgotten.
    fn conclude(&mut self, id: VirtualId) {
        self.dirty.remove(&id);
        self.postponed.remove(&id);
        let Some(target) = self.targets.get_mut(&id) else { return };
        // What is kept only until something is known of the new servers is still to go.
        target.enforce &= target.wanted.awaits.is_some();
        target.failures = 0;
        target.settle();
        if target.wanted.service.is_none() {
            self.targets.remove(&id);
        }
    }

    /// These services are not as the job wanted them: each is tried again after a time of its own.
    fn missed(
        &mut self,
        now: Instant,
        missed: &[(VirtualId, &Arc<Wanted>)],
        written: &Result<(), IpvsError>,
        outcome: &mut Outcome,
    ) {
        let mut worst = 0;
        for (id, wanted) in missed {
            let Some(target) = self.targets.get_mut(id) else { continue };
            target.failures += 1;
            worst = worst.max(target.failures);
            // What has been wanted since then was never tried, and does not wait.
            if Arc::ptr_eq(wanted, &target.wanted) && self.dirty.contains(id) {
                self.postponed.insert(*id, now + backoff(target.failures, self.gap));
            }
        }
        if worst > 0 {
            let words = match written {
                Err(error) => error.to_string(),
                Ok(()) => "ipvsadm reported success, but the table is not as wanted".to_owned(),
            };
            outcome.failed = Some(self.failed(&words, worst));
        }
    }

    fn failed(&mut self, words: &str, attempt: usize) -> Failed {
        self.told |= attempt > 1;
        Failed { reason: words.into(), attempt, retry_in: backoff(attempt, self.gap) }
    }
}

/// How long to wait after so many failed attempts in a row.
fn backoff(attempt: usize, gap: Duration) -> Duration {
    BACKOFF[attempt.clamp(1, BACKOFF.len()) - 1].max(gap)
}
