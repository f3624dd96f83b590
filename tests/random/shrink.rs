//! The shortest story that still fails: events are left out as long as the failure stays.

use super::{action::Story, play::play};

/// Leaves out what is not needed for the failure.
pub fn shrink(story: &Story, words: String) -> (Story, String) {
    let (mut best, mut words) = (story.clone(), words);
    let mut chunk = best.actions.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < best.actions.len() {
            let mut shorter = best.clone();
            let end = (at + chunk).min(shorter.actions.len());
            // The time they took stays, so that what comes after comes when it did.
            let time = shorter.actions.drain(at..end).map(|(wait, _)| wait).sum();
            if let Some((wait, _)) = shorter.actions.get_mut(at) {
                *wait += time;
            }
            match play(&shorter) {
                Err(again) => (best, words) = (shorter, again),
                Ok(()) => at += chunk,
            }
        }
        chunk /= 2;
    }
    (best, words)
}
