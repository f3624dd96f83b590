//! When one check is due. Its slots lie on a grid that never drifts, however long a check takes; a change of pace makes
//! a new grid from the last slot on. All starts are on ticks, so that checks which are due together wake the process
//! once.

use std::time::Duration;

use tokio::time::Instant;

/// Starts are aligned to this tick.
const TICK: Duration = Duration::from_millis(10);

/// The slots of one check.
#[derive(Debug)]
pub(super) struct Timetable {
    /// Ticks are counted from here.
    base: Instant,
    interval: Duration,
    /// The slot of the check that is waited for or under way.
    slot: Instant,
    /// When that check starts: its slot on a tick, moved by the jitter.
    start: Instant,
    /// The slot before that one.
    last: Option<Instant>,
    /// Where the first slot was counted from, and the place of this check among those that began with it, from 0 to 1.
    spread: (Instant, f64),
    jitter: Jitter,
    /// How many checks have ended.
    ended: u64,
}

/// By how much starts are moved, and by what they differ from those of others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jitter {
    pub(super) percent: u8,
    pub(super) seed: u64,
}

impl Timetable {
    /// The first slot is `within * part` from now. The later ones are spread evenly over the interval: the place of the
    /// second is `interval * part`, but no more than an interval after the first and not right behind it.
    pub(super) fn new(
        base: Instant,
        now: Instant,
        interval: Duration,
        (within, part): (Duration, f64),
        jitter: Jitter,
    ) -> Self {
        let first = align(base, now + within.mul_f64(part));
        let spread = (now, part);
        Self { base, interval, slot: first, start: first, last: None, spread, jitter, ended: 0 }
    }

    /// When the check that is waited for starts.
    pub(super) fn start(&self) -> Instant {
        self.start
    }

    /// The interval that is wanted now.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// A check has ended: another slot is waited for. Slots that are over are left out, and none is made up for.
    pub(super) fn ended(&mut self, now: Instant) {
        self.ended += 1;
        self.last = Some(self.slot);
        self.plan(now);
    }

    /// Another interval, from the next slot that is chosen on.
    pub(super) fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// Chooses the slot after the last one.
    pub(super) fn plan(&mut self, now: Instant) {
        // What has not been checked yet is as soon as it can be.
        let Some(last) = self.last else { return };
        self.slot = catch_up(self.after(last), now, self.interval);
        // Ahead of time by half of the jitter, behind it by the other half.
        let window = self.interval.mul_f64(f64::from(self.jitter.percent) / 100.0);
        let moved = (self.slot + window.mul_f64(self.jitter.part(self.ended))).checked_sub(window / 2);
        self.start = align(self.base, moved.unwrap_or(self.slot).max(now));
    }

    fn after(&self, last: Instant) -> Instant {
        let next = last + self.interval;
        if self.ended > 1 {
            return next;
        }
        let (from, part) = self.spread;
        let steady = align(self.base, from + self.interval.mul_f64(part));
        if steady < last + self.interval / 8 { next } else { steady.min(next) }
    }
}

impl Jitter {
    /// A number from 0 to 1 for a check and a round, the same each time; one half where nothing is moved.
    fn part(self, round: u64) -> f64 {
        if self.percent == 0 {
            return 0.5;
        }
        // The finaliser of SplitMix64: neighbours in, strangers out.
        let mut x = self.seed.wrapping_add(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top = u32::try_from((x ^ (x >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(top) / f64::from(u32::MAX)
    }
}

/// The first slot from `slot` on, in steps of `interval`, that is not over yet.
fn catch_up(slot: Instant, now: Instant, interval: Duration) -> Instant {
    if slot >= now {
        return slot;
    }
    let behind = (now - slot).as_nanos().div_ceil(interval.as_nanos().max(1));
    slot + interval.saturating_mul(u32::try_from(behind).unwrap_or(u32::MAX))
}

/// The first tick not before `at`.
fn align(base: Instant, at: Instant) -> Instant {
    let ticks = at.saturating_duration_since(base).as_nanos().div_ceil(TICK.as_nanos());
    base + TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn table(base: Instant, part: f64, percent: u8, seed: u64) -> Timetable {
        Timetable::new(base, base, 10 * SECOND, (SECOND, part), Jitter { percent, seed })
    }

    /// The starts of so many checks that take no time, after the base.
    fn starts(mut table: Timetable, count: usize) -> Vec<Duration> {
        let base = table.base;
        let mut next = || {
            let start = table.start();
            table.ended(start);
            start - base
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn the_first_round_is_soon_and_the_later_ones_are_spread_over_the_interval() {
        let base = Instant::now();
        assert_eq!(starts(table(base, 0.0, 0, 1), 3), [0, 10, 20].map(Duration::from_secs));
        assert_eq!(starts(table(base, 0.5, 0, 1), 3), [500, 5_000, 15_000].map(Duration::from_millis));
    }

    #[test]
    fn a_late_check_keeps_its_place_and_none_is_made_up_for() {
        let base = Instant::now();
        let mut table = table(base, 0.0, 0, 1);
        table.ended(base + 4 * SECOND);
        assert_eq!(table.start(), base + 10 * SECOND);
        table.ended(base + 33 * SECOND);
        assert_eq!(table.start(), base + 40 * SECOND);
    }

    #[test]
    fn another_pace_counts_from_the_last_slot() {
        let base = Instant::now();
        let mut table = table(base, 0.0, 0, 1);
        table.ended(base + SECOND);
        table.set_interval(2 * SECOND);
        table.plan(base + SECOND);
        assert_eq!(table.start(), base + 2 * SECOND);
        table.ended(base + 2 * SECOND);
        table.set_interval(60 * SECOND);
        table.plan(base + 2 * SECOND);
        assert_eq!(table.start(), base + 62 * SECOND);
        // Half a minute later the fast pace is wanted again: the next slot of its grid, not at once.
        table.set_interval(4 * SECOND);
        table.plan(base + 31 * SECOND);
        assert_eq!(table.start(), base + 34 * SECOND);
    }

    #[test]
    fn an_interval_that_is_no_number_of_ticks_does_not_drift() {
        let base = Instant::now();
        let jitter = Jitter { percent: 0, seed: 1 };
        let table = Timetable::new(base, base, Duration::from_millis(15), (SECOND, 0.0), jitter);
        let want = [0, 20, 30, 50, 60, 80, 90].map(Duration::from_millis);
        assert_eq!(starts(table, 7), want);
    }

    #[test]
    fn jitter_moves_starts_within_bounds_about_slots_that_stay() {
        let base = Instant::now();
        let (one, other) = (starts(table(base, 0.0, 20, 1), 200), starts(table(base, 0.0, 20, 2), 200));
        assert_ne!(one, other, "two checks move apart");
        assert_eq!(one, starts(table(base, 0.0, 20, 1), 200), "the same each time");
        let mut offsets = Vec::new();
        for (k, start) in (0..).zip(&one).skip(1) {
            let slot = 10.0 * f64::from(k);
            offsets.push(start.as_secs_f64() - slot);
            assert_eq!(start.as_millis() % TICK.as_millis(), 0);
        }
        assert!(offsets.iter().all(|offset| (-1.0..=1.01).contains(offset)), "{offsets:?}");
        assert!(offsets.iter().any(|offset| *offset < -0.8) && offsets.iter().any(|offset| *offset > 0.8));
    }
}
