//! Recorded runs of the older program, played again with this one: each vector in namespaces of its own, with scripted
//! real servers and a table that a stand-in for `ipvsadm` keeps in a file.
//!
//! A vector (`data/`, written down from the recordings) is a configuration and steps. After each step the exit code,
//! the table, the pid file, what servers were asked and what hooks were called last are compared as sets; the order
//! within a decision, passing flaps and the log are no part of it. `classes.toml` says what is expected of which: the
//! recorded, or what `docs/compatibility.md` explains (then `differs/` holds it), or nothing yet.
//!
//! `cargo test --test vectors -- 178 http` plays those whose names contain one of these words; `BLESS=1` writes
//! `differs/` anew.

#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "real programs take real time")]
#![expect(clippy::print_stdout, reason = "this is its own test harness")]

#[path = "../checks/certificates.rs"]
#[expect(dead_code, reason = "the checks need more kinds of certificates")]
mod certificates;
mod class;
mod essence;
mod ftp;
mod judge;
mod replay;
mod script;
mod servers;
mod vector;
#[path = "../process/world.rs"]
#[expect(dead_code, reason = "the tests of the process look at more")]
mod world;

use std::{
    collections::{BTreeSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use class::{Class, Classes};
use judge::Verdict;
use vector::Vector;
use world::World;

/// How long anything is waited for that should come soon; a busy machine may need it.
const SOON: Duration = Duration::from_secs(10);
/// All of it must be over by then.
const BOUND: Duration = Duration::from_secs(170);
/// So many worlds at once: most of their time is waiting.
const WORLDS: usize = 8;

/// Waits until it is so.
#[track_caller]
fn until(world: &World, what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < SOON, "not within {SOON:?}: {what}\n{}", world.story());
        thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |vector: &Vector| words.is_empty() || words.iter().any(|word| vector.name.contains(word));
    let all = Vector::all();
    let classes = Classes::read();
    let mut failures = classes.complaints(&all);
    for failure in &failures {
        println!("FAILED: {failure}");
    }
    if World::new().is_none() {
        // It said why.
        return code(&failures);
    }
    let vectors: Vec<Vector> = all.into_iter().filter(is_wanted).collect();
    let start = Instant::now();
    let [equal, differs, waiting] = play(&vectors, &classes, &mut failures);
    let (failed, took) = (failures.len(), start.elapsed().as_secs());
    println!(
        "vectors: {equal} equal, {differs} as compatibility.md says, {waiting} waiting, {failed} failed in {took} s"
    );
    code(&failures)
}

fn code(failures: &[String]) -> ExitCode {
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How many were as expected, by class.
fn play(vectors: &[Vector], classes: &Classes, failures: &mut Vec<String>) -> [usize; 3] {
    let start = Instant::now();
    let queue: Mutex<VecDeque<&Vector>> = Mutex::new(vectors.iter().collect());
    let (tell, told) = mpsc::channel();
    let mut counts = [0; 3];
    let mut waiting = Vec::new();
    thread::scope(|scope| {
        for _ in 0..WORLDS {
            let (tell, queue) = (tell.clone(), &queue);
            scope.spawn(move || {
                while let Some(vector) = { queue.lock().unwrap().pop_front() } {
                    let class = classes.of(vector);
                    let judged = catch_unwind(AssertUnwindSafe(|| judge::judge(vector, class)));
                    let verdict =
                        judged.unwrap_or_else(|_| Verdict::Failed("it panicked, see above".to_owned()));
                    tell.send((vector, class, verdict)).unwrap();
                }
            });
        }
        drop(tell);
        let mut left: BTreeSet<&str> = vectors.iter().map(|vector| vector.name.as_str()).collect();
        while !left.is_empty() {
            let Ok((vector, class, verdict)) = told.recv_timeout(BOUND.saturating_sub(start.elapsed()))
            else {
                println!("FAILED: not over within {BOUND:?}: {left:?}");
                std::process::exit(1);
            };
            left.remove(vector.name.as_str());
            match (verdict, class) {
                (Verdict::Failed(why), _) => {
                    println!("vector {} ... FAILED\n{why}", vector.name);
                    failures.push(vector.name.clone());
                }
                (Verdict::AsExpected, Class::Equal) => {
                    println!("vector {} ... equal", vector.name);
                    counts[0] += 1;
                }
                (Verdict::AsExpected, Class::Differs) => {
                    println!("vector {} ... as compatibility.md says", vector.name);
                    counts[1] += 1;
                }
                (Verdict::AsExpected, Class::Waiting(reason)) => {
                    waiting.push(format!("{} ({reason})", vector.number()));
                    counts[2] += 1;
                }
            }
        }
    });
    waiting.sort();
    if !waiting.is_empty() {
        println!("{} vectors are skipped, for want of: {}", waiting.len(), waiting.join(", "));
    }
    counts
}
