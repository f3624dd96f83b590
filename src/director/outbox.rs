//! When mails go: at once while little happens, as a digest when much does. One outbox for each route.
//!
//! What happens within a second goes together: up to four things are a mail each, as from the reference; more are one
//! digest. After ten mails within a minute the rest of that minute is one digest too, the first mail of the next
//! minute. So nobody gets more than ten mails a minute, however large the farm that goes down.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::model::MailRoute;

use super::mail::{Mail, MailLine};

/// What happens within this time goes together.
const GATHER: Duration = Duration::from_secs(1);
/// So many things that go together are a mail each.
const SINGLES: usize = 4;
/// So many mails go in one minute.
const BUDGET: usize = 10;
/// The minute.
const WINDOW: Duration = Duration::from_secs(60);
/// A digest holds so many lines; the rest is counted.
const LONGEST: usize = 500;

/// All that waits to be mailed.
#[derive(Debug, Default)]
pub(super) struct Outboxes(BTreeMap<Arc<MailRoute>, Outbox>);

/// What waits on one route.
#[derive(Debug)]
struct Outbox {
    lines: Vec<MailLine>,
    left_out: usize,
    /// When the lines go; `None` while there are none.
    due: Option<Instant>,
    /// When the minute ends in which mails are counted.
    window: Instant,
    /// How many went in it.
    sent: usize,
}

impl Outboxes {
    /// Something is to be mailed.
    pub(super) fn put(&mut self, now: Instant, route: &Arc<MailRoute>, line: MailLine) {
        let fresh = || Outbox { lines: Vec::new(), left_out: 0, due: None, window: now, sent: 0 };
        let outbox = self.0.entry(route.clone()).or_insert_with(fresh);
        if outbox.lines.len() < LONGEST {
            outbox.lines.push(line);
        } else {
            outbox.left_out += 1;
        }
        if outbox.due.is_none() {
            let full = outbox.sent >= BUDGET && now < outbox.window;
            outbox.due = Some(if full { outbox.window.max(now + GATHER) } else { now + GATHER });
        }
    }

    /// When [`Self::take`] has something to give.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.values().filter_map(|outbox| outbox.due).min()
    }

    /// The mails that go now.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Mail> {
        let mut mails = Vec::new();
        for (route, outbox) in &mut self.0 {
            if outbox.due.is_some_and(|due| due <= now) {
                outbox.go(now, route, &mut mails);
            }
        }
        // What is counted for a minute that is over need not be known any longer.
        self.0.retain(|_, outbox| outbox.due.is_some() || now < outbox.window);
        mails
    }

    /// All that waits: the end has come.
    pub(super) fn take_all(&mut self, now: Instant) -> Vec<Mail> {
        let mut mails = Vec::new();
        for (route, mut outbox) in std::mem::take(&mut self.0) {
            if outbox.due.is_some() {
                outbox.go(now, &route, &mut mails);
            }
        }
        mails
    }
}

impl Outbox {
    fn go(&mut self, now: Instant, route: &Arc<MailRoute>, mails: &mut Vec<Mail>) {
        if self.window <= now {
            (self.window, self.sent) = (now + WINDOW, 0);
        }
        let (lines, left_out) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.left_out));
        self.due = None;
        let mut put = |lines, left_out| mails.push(Mail { route: route.clone(), lines, left_out });
        if lines.len() <= SINGLES && self.sent + lines.len() <= BUDGET {
            self.sent += lines.len();
            for line in lines {
                put(vec![line], 0);
            }
        } else {
            self.sent += 1;
            put(lines, left_out);
        }
    }
}
