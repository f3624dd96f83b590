//! One look for a burst of events: when it has been quiet for a moment, but not too late when it never is.

use std::time::Duration;

use tokio::time::Instant;

/// It is quiet when nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(100);
/// Nothing waits longer than this.
const LIMIT: Duration = Duration::from_millis(500);

/// The events of a burst.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Debounce {
    burst: Option<(Instant, Instant)>,
}

impl Debounce {
    /// Something happened.
    pub(super) fn touch(&mut self, now: Instant) {
        let first = self.burst.map_or(now, |(first, _)| first);
        self.burst = Some((first, now));
    }

    /// When to look.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.burst.map(|(first, last)| (last + QUIET).min(first + LIMIT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_one_look() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut debounce = Debounce::default();
        assert_eq!(debounce.deadline(), None);
        debounce.touch(at(0));
        assert_eq!(debounce.deadline(), Some(at(100)));
        debounce.touch(at(60));
        assert_eq!(debounce.deadline(), Some(at(160)));
        for ms in [150, 240, 330, 420, 490] {
            debounce.touch(at(ms));
        }
        assert_eq!(debounce.deadline(), Some(at(500)), "the limit counts from the first");
    }
}
