//! Thousands of hours of random stories: outages, flapping, slow answers, edits good and broken, failed and half-done
//! writes, other people's hands in the table, crashes and restarts. After each, and at rest, the invariants of the
//! director are checked against an oracle that knows only the configuration and how the servers behave.
//!
//! `STORY_HOURS=10000` sets the length, `STORY_SEED=17` tells one story again, in full. A failure prints its seed
//! and the shortest list of events that still fails.

#[path = "sim/mod.rs"]
mod sim;

mod random {
    pub mod action;
    pub mod oracle;
    pub mod play;
    pub mod rng;
    pub mod shrink;
}

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use random::{action::Story, play::play, shrink::shrink};

const DEFAULT_HOURS: u64 = 1_000;

#[test]
fn random_stories_hold_the_invariants() {
    let number = |name| std::env::var(name).ok().and_then(|value: String| value.parse::<u64>().ok());
    if let Some(seed) = number("STORY_SEED") {
        let story = Story::random(seed);
        println!("{story}");
        tell(seed, &story);
        return;
    }
    let hours = number("STORY_HOURS").unwrap_or(DEFAULT_HOURS);
    let (next, simulated) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while simulated.load(Ordering::Relaxed) < hours * 3_600 {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let story = Story::random(seed);
                    tell(seed, &story);
                    simulated.fetch_add(story.length().as_secs(), Ordering::Relaxed);
                }
            });
        }
    });
    let hours = simulated.load(Ordering::Relaxed) / 3_600;
    println!("{} stories, {hours} simulated hours", next.load(Ordering::Relaxed));
}

/// Plays a story; one that fails is shrunk and shown.
fn tell(seed: u64, story: &Story) {
    if let Err(words) = play(story) {
        let (short, words) = shrink(story, words);
        panic!(
            "story {seed} fails: {words}\nThe shortest that does:\n{short}\n(STORY_SEED={seed} tells it whole)"
        );
    }
}
