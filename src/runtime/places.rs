//! How many checks may be under way at once, and those that wait for one that ends.

use std::{collections::VecDeque, sync::Arc};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::{director::CheckId, model::CheckKind};

/// Descriptors that are not for checks: the bus, the log, hooks, mails, jobs on the table.
const RESERVED: usize = 128;
/// Descriptors of a check: those of FTP have two connections.
const PER_CHECK: usize = 2;
/// Descriptors of a check that is a program: two pipes, and what says that it has ended.
const PER_PROGRAM: usize = 3;
/// So many checks may be under way however few descriptors there are.
const FEWEST: usize = 16;

/// How many checks may be under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All together, but for programs: each needs file descriptors.
    pub checks: usize,
    /// Of these with TLS, which hold tens of kilobytes each. Servers that hang keep their places until their checks
    /// time out, and meanwhile the others find none if there are not enough: this is for farms, not for memory.
    pub tls: usize,
    /// Programs, which need memory, processes and a processor for themselves.
    pub programs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { checks: 4_096, tls: 2_048, programs: 256 }
    }
}

impl Limits {
    /// As many as there are descriptors and processes for; `None` where the system sets no limit. Programs have up to a
    /// quarter of the descriptors, and half of the processes, since they may start others.
    #[must_use]
    pub fn within(descriptors: Option<usize>, processes: Option<usize>) -> Self {
        let most = Self::default();
        let room = descriptors.unwrap_or(usize::MAX).saturating_sub(RESERVED);
        let processes = processes.unwrap_or(usize::MAX);
        let programs = most.programs.min(room / 4 / PER_PROGRAM).min(processes / 2).max(1);
        let checks = room.saturating_sub(programs * PER_PROGRAM) / PER_CHECK;
        let checks = checks.clamp(FEWEST, most.checks);
        Self { checks, tls: most.tls.min(checks), programs }
    }
}

/// What a check needs a place of.
#[derive(Clone, Copy, Debug)]
enum Need {
    Plain,
    Tls,
    Program,
}

impl Need {
    fn of(kind: &CheckKind) -> Self {
        if let CheckKind::External(_) = kind {
            Self::Program
        } else if kind.security().is_some() {
            Self::Tls
        } else {
            Self::Plain
        }
    }
}

/// The places.
#[derive(Debug)]
pub(super) struct Places {
    checks: Arc<Semaphore>,
    tls: Arc<Semaphore>,
    programs: Arc<Semaphore>,
}

/// The place of one check, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    _place: OwnedSemaphorePermit,
    _tls: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)));
        Self { checks: places(limits.checks), tls: places(limits.tls), programs: places(limits.programs) }
    }

    /// A place for one more check, if there is.
    pub(super) fn take(&self, kind: &CheckKind) -> Option<Taken> {
        let one = |places: &Arc<Semaphore>| places.clone().try_acquire_owned().ok();
        Some(match Need::of(kind) {
            Need::Plain => Taken { _place: one(&self.checks)?, _tls: None },
            Need::Tls => Taken { _place: one(&self.checks)?, _tls: Some(one(&self.tls)?) },
            Need::Program => Taken { _place: one(&self.programs)?, _tls: None },
        })
    }
}

/// Checks that are due and find no place, by what they need, with the time at which they were due.
#[derive(Debug, Default)]
pub(super) struct Held([VecDeque<(Instant, CheckId)>; 3]);

impl Held {
    pub(super) fn push(&mut self, kind: &CheckKind, due: Instant, id: CheckId) {
        self.0[Need::of(kind) as usize].push_back((due, id));
    }

    /// Hands checks to `start`, those that were due first before the others, until it has no place for any.
    pub(super) fn start(&mut self, mut start: impl FnMut(CheckId) -> bool) {
        let mut full = [false; 3];
        loop {
            let heads = self.0.iter().zip(&full).enumerate();
            let heads =
                heads.filter_map(|(need, (queue, full))| Some((queue.front()?, need)).filter(|_| !full));
            let Some((&(_, id), need)) = heads.min() else { return };
            if start(id) {
                self.0[need].pop_front();
            } else {
                full[need] = true;
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Instant, CheckId)> {
        self.0.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Command, ExternalCheck};

    #[test]
    fn few_descriptors_are_shared_out() {
        assert_eq!(Limits::within(None, None), Limits::default());
        assert_eq!(Limits::within(Some(65_536), Some(30_000)), Limits::default());
        assert_eq!(Limits::within(Some(1_024), None), Limits { checks: 337, tls: 337, programs: 74 });
        assert_eq!(Limits::within(Some(65_536), Some(100)).programs, 50);
        assert_eq!(Limits::within(Some(10), Some(0)), Limits { checks: 16, tls: 16, programs: 1 });
        for descriptors in 256..5_000 {
            let Limits { checks, programs, .. } = Limits::within(Some(descriptors), None);
            assert!(RESERVED + checks * PER_CHECK + programs * PER_PROGRAM <= descriptors, "{descriptors}");
        }
    }

    #[test]
    fn programs_and_connections_take_no_places_from_each_other() {
        let places = Places::new(Limits { checks: 1, tls: 1, programs: 1 });
        let command = Arc::new(Command { argv: vec!["x".into()] });
        let virtual_id = "tcp:192.0.2.1:80".parse().unwrap();
        let program = CheckKind::External(Arc::new(ExternalCheck { command, perl: false, virtual_id }));
        let connection = places.take(&CheckKind::Connect);
        assert!(connection.is_some() && places.take(&CheckKind::Connect).is_none());
        let run = places.take(&program);
        assert!(run.is_some() && places.take(&program).is_none());
        drop(connection);
        assert!(places.take(&CheckKind::Connect).is_some());
    }

    #[test]
    fn who_was_due_first_is_first() {
        let (now, mut held) = (Instant::now(), Held::default());
        let due = |n: u64| now + Duration::from_secs(n);
        held.0[0] = VecDeque::from([(due(1), CheckId(1)), (due(4), CheckId(4))]);
        held.0[1] = VecDeque::from([(due(2), CheckId(2)), (due(3), CheckId(3))]);
        held.0[2] = VecDeque::from([(due(0), CheckId(0))]);
        let (mut started, mut room) = (Vec::new(), 3);
        held.start(|CheckId(id)| {
            // There is no place for programs.
            let starts = id > 0 && room > 0;
            if starts {
                room -= 1;
                started.push(id);
            }
            starts
        });
        assert_eq!(started, [1, 2, 3]);
        assert_eq!(held.iter().map(|(_, CheckId(id))| *id).collect::<Vec<_>>(), [4, 0]);
    }
}
