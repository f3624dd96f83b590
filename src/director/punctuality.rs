//! Whether checks begin when they are due. One that is late says nothing of its server: that the director or its machine
//! does not keep up is a thing of its own, and told when it begins and when it is over.

use std::time::{Duration, Instant};

use super::{Director, Effect, Fact, Now};

/// So many in a thousand may be late without a word.
const TOLERATED: u64 = 1;
/// So long checks must have been on time until that is told, so that a machine at its limit is no flood of words.
const QUIET: Duration = Duration::from_secs(60);
/// Nobody minds less, however short the interval is.
const SLACK: Duration = Duration::from_millis(50);

/// How checks began within a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Starts {
    /// How many did.
    pub all: u64,
    /// How many of them more than a tenth of their interval after they were due.
    pub late: u64,
    /// How many should have by now, by the same measure, and wait for one that ends.
    pub waiting: u64,
    /// By how much the latest of all these is late.
    pub by: Duration,
    /// How long that while was.
    pub within: Duration,
}

impl Starts {
    /// One began so long after it was due.
    pub fn began(&mut self, after: Duration, interval: Duration) {
        self.all += 1;
        if is_late(after, interval) {
            self.late += 1;
            self.by = self.by.max(after);
        }
    }

    /// One has been waiting so long.
    pub fn waits(&mut self, since: Duration, interval: Duration) {
        if is_late(since, interval) {
            self.waiting += 1;
            self.by = self.by.max(since);
        }
    }

    fn add(&mut self, more: Self) {
        self.all += more.all;
        self.late += more.late;
        self.waiting = more.waiting;
        self.by = self.by.max(more.by);
        self.within += more.within;
    }

    fn are_late(self) -> bool {
        (self.late + self.waiting) * 1_000 > (self.all + self.waiting) * TOLERATED
    }
}

fn is_late(after: Duration, interval: Duration) -> bool {
    after > SLACK.max(interval / 10)
}

/// A while in which checks are late.
#[derive(Debug)]
pub(super) struct Late {
    /// They were late last then.
    until: Instant,
    /// How they began since it is so, without whiles in which they were on time.
    so_far: Starts,
}

impl Director {
    /// A while is over.
    pub(super) fn started(&mut self, now: Now, starts: Starts, fx: &mut Vec<Effect>) {
        let are_late = starts.are_late();
        match &mut self.late {
            None if are_late => {
                self.late = Some(Late { until: now.instant, so_far: starts });
                fx.push(Effect::Tell(Fact::ChecksLate(starts)));
                fx.push(Effect::Publish);
            }
            Some(late) if are_late => {
                late.until = now.instant;
                late.so_far.add(starts);
            }
            Some(late) if now.instant - late.until >= QUIET => {
                fx.push(Effect::Tell(Fact::ChecksOnTime(late.so_far)));
                fx.push(Effect::Publish);
                self.late = None;
            }
            None | Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    #[test]
    fn a_tenth_of_the_interval_is_no_delay_and_neither_is_a_moment() {
        let mut starts = Starts::default();
        starts.began(TEN / 10, TEN);
        starts.began(Duration::from_millis(50), Duration::from_millis(100));
        starts.waits(TEN / 10, TEN);
        assert_eq!(starts, Starts { all: 2, ..Starts::default() });
        starts.began(Duration::from_millis(1_001), TEN);
        starts.waits(Duration::from_secs(3), TEN);
        let by = Duration::from_secs(3);
        assert_eq!(starts, Starts { all: 3, late: 1, waiting: 1, by, within: Duration::ZERO });
    }

    #[test]
    fn checks_that_never_begin_are_late() {
        let waiting = Starts { waiting: 1, ..Starts::default() };
        assert!(waiting.are_late() && !Starts::default().are_late());
    }
}
