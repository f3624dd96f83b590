//! Stories: the real loop with the table in memory and servers that behave as a script says, under paused time.
//!
//! * `tests/stories/*.toml` are written by hand: configurations, what happens when, and the golden trace of what was
//!   told and written (`BLESS=1` rewrites them). Compatibility with the older ldirectord is argued there.
//! * Random ones are made up from seeds, thousands of hours of them: outages, flapping, slow answers, edits good and
//!   broken, failed and half-done writes, other people's hands in the table, crashes and restarts. They are held
//!   against an oracle that knows only the configuration and how the servers behave. `STORY_HOURS=10000` sets their
//!   length, `STORY_SEED=17` tells one again. A failure prints its seed and the shortest list of events that fails.

#![expect(unreachable_pub, reason = "a program of its own: there is nobody outside")]
#![expect(clippy::print_stdout, reason = "what a story says is for whoever runs it")]
#![expect(clippy::disallowed_methods, reason = "the test ends the loop that it starts")]

mod random;
mod scripted;
mod sim;

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use random::{action::Story, play::play, shrink::shrink};

/// Enough for every kind of event in a debug build; `make test` sets more.
const DEFAULT_HOURS: u64 = 40;

#[test]
fn scripted_stories_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty());
    let wrong: Vec<String> = files.iter().filter_map(|file| scripted::story::hold(file).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} stories", files.len());
}

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
