//! What is known of one file, and when it is news: pure, on injected time.

use std::time::Duration;

use tokio::time::Instant;

use super::Fingerprint;

/// How long a file that vanished is waited for. Tools that replace a file may remove it first; a file that stays away
/// is news, so that the load fails where people see it while the configuration in force stays.
const GRACE: Duration = Duration::from_secs(2);

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// It cannot be read.
    Gone,
    /// It holds this.
    Content {
        /// What it holds.
        fingerprint: Fingerprint,
        /// Nobody is known to be in the middle of writing it.
        finished: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Gone,
    Content(Fingerprint),
}

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notice {
    /// What was last reported or first found.
    known: Option<Known>,
    /// The kernel told that something happened since.
    told: bool,
    /// Since when it has been gone, while it is waited for.
    gone_since: Option<Instant>,
    /// Other content, seen once, of which nobody told.
    suspect: Option<Fingerprint>,
}

impl Notice {
    /// A file, with the content it had when it was read.
    pub(super) fn new(content: Option<Fingerprint>) -> Self {
        Self { known: content.map(Known::Content), told: true, gone_since: None, suspect: None }
    }

    /// The kernel told that something happened to it.
    pub(super) fn told(&mut self) {
        self.told = true;
    }

    /// When a file that has vanished is no longer waited for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.gone_since.map(|since| since + GRACE)
    }

    /// Somebody looked; says whether that is news. `idle`: nothing had happened for a while before the look. A change
    /// of which nobody told is believed when two such looks see the same, for it may be under way in the first.
    pub(super) fn see(&mut self, now: Instant, view: View, idle: bool) -> bool {
        let seen = match view {
            View::Gone => Known::Gone,
            View::Content { fingerprint, .. } => Known::Content(fingerprint),
        };
        let believed = match view {
            _ if self.known.is_none_or(|known| known == seen) => true,
            View::Gone => {
                self.suspect = None;
                let since = *self.gone_since.get_or_insert(now);
                now >= since + GRACE
            }
            View::Content { fingerprint, finished } => {
                self.gone_since = None;
                let settled = idle && self.suspect == Some(fingerprint);
                self.suspect = idle.then_some(fingerprint);
                settled || (self.told && finished)
            }
        };
        if !believed {
            return false;
        }
        let news = self.known.is_some_and(|known| known != seen);
        *self = Self { known: Some(seen), told: false, gone_since: None, suspect: None };
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, finished: bool) -> View {
        View::Content { fingerprint: Fingerprint::of(text.as_bytes()), finished }
    }

    fn known(text: &str) -> Notice {
        let mut notice = Notice::new(Some(Fingerprint::of(text.as_bytes())));
        assert!(!notice.see(Instant::now(), holds(text, true), false));
        notice
    }

    #[test]
    fn other_content_is_news_once() {
        let now = Instant::now();
        let mut notice = known("a");
        notice.told();
        assert!(!notice.see(now, holds("a", true), false), "touched");
        notice.told();
        assert!(notice.see(now, holds("b", true), false));
        assert!(!notice.see(now, holds("b", true), true));
    }

    #[test]
    fn what_changed_before_the_first_look_is_news_where_the_content_is_known() {
        let now = Instant::now();
        assert!(Notice::new(Some(Fingerprint::of(b"a"))).see(now, holds("b", true), false));
        assert!(!Notice::new(None).see(now, holds("b", true), false));
    }

    #[test]
    fn half_a_file_is_no_news() {
        let now = Instant::now();
        let mut notice = known("whole");
        notice.told();
        assert!(!notice.see(now, holds("wh", false), false));
        assert!(!notice.see(now, holds("wh", false), false));
        notice.told();
        assert!(notice.see(now, holds("whole two", true), false));
    }

    #[test]
    fn what_nobody_told_of_is_believed_at_the_second_idle_look() {
        let now = Instant::now();
        let mut notice = known("a");
        assert!(!notice.see(now, holds("b", true), true));
        assert!(!notice.see(now, holds("bc", true), true), "it is being written");
        assert!(!notice.see(now, holds("bc", true), false), "too soon after");
        assert!(!notice.see(now, holds("bc", true), true));
        assert!(notice.see(now, holds("bc", true), true));
    }

    #[test]
    fn a_file_that_vanishes_is_waited_for() {
        let now = Instant::now();
        let mut notice = known("a");
        notice.told();
        assert!(!notice.see(now, View::Gone, false));
        assert_eq!(notice.deadline(), Some(now + GRACE));
        assert!(!notice.see(now + GRACE / 2, holds("a", true), false), "it is back as it was");
        assert_eq!(notice.deadline(), None);

        notice.told();
        assert!(!notice.see(now, View::Gone, false));
        assert!(notice.see(now + GRACE, View::Gone, false), "it stays away");
        assert_eq!(notice.deadline(), None);
        notice.told();
        assert!(notice.see(now + 2 * GRACE, holds("a", true), false), "it is back after all");
    }
}
