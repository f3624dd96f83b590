//! The checks against the real servers of Debian: from the text of a configuration to the verdict, as the director goes,
//! on IPv4 and on IPv6. Each server is asked while it is well (with the right answer wanted, a wrong one, and a wrong
//! password), frozen, well again, and stopped.
//!
//! The servers come from a root of their own (`build-root.sh`) and run in namespaces of their own: they see no network
//! but their loopback, write into memory, and end with this process however it ends. Nothing is installed on this
//! machine. `tests/servers/run.sh nginx ftp` asks those servers whose names contain one of these words.

#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "real programs take real time")]
#![expect(clippy::print_stdout, reason = "this is its own test harness")]

mod asking;
#[path = "../checks/certificates.rs"]
#[expect(dead_code, reason = "the checks need more kinds of certificates")]
mod certificates;
mod namespaces;
mod process;
mod root;
mod server;
mod service;

mod databases;
mod ftp;
mod infrastructure;
mod mail;
mod proxy;
mod web;

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    sync::Mutex,
    thread,
    time::Instant,
};

use asking::Asker;
use root::Root;
use server::{Outcome, Server};

/// So many servers at once: most of their time is waiting.
const AT_ONCE: usize = 6;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let inside = words.first().is_some_and(|word| word == namespaces::INSIDE);
    words.retain(|word| !word.starts_with('-'));
    let Some(root) = std::env::var_os("LDIRECTORD_SERVERS_ROOT").map(PathBuf::from) else {
        println!("real servers are asked by tests/servers/run.sh, which makes a root for them");
        return ExitCode::SUCCESS;
    };
    if inside { ask_all(&words) } else { namespaces::enter(&root, &words) }
}

/// All servers there are.
fn all() -> Vec<Server> {
    [
        web::servers(),
        ftp::servers(),
        proxy::servers(),
        mail::servers(),
        databases::servers(),
        infrastructure::servers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn ask_all(words: &[String]) -> ExitCode {
    let start = Instant::now();
    let root = Root::new();
    let asker = Asker::new(&Root::authority());
    let is_wanted = |server: &Server| words.is_empty() || words.iter().any(|word| server.name.contains(word));
    let queue: Mutex<VecDeque<Server>> = Mutex::new(all().into_iter().filter(is_wanted).collect());
    let total: Mutex<Total> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(server) = { queue.lock().unwrap().pop_front() } {
                    let outcome = catch_unwind(AssertUnwindSafe(|| server.play(&root, &asker)));
                    total.lock().unwrap().add(&server, outcome.unwrap_or_else(|_| Outcome::crashed()));
                }
            });
        }
    });
    let Total { servers, questions, failed, mut skipped } = total.into_inner().unwrap();
    if words.is_empty() || words.iter().any(|word| word == "oracle") {
        skipped += 1;
        println!("skipped: oracle, because Debian has no package with a listener of Oracle's");
    }
    println!(
        "servers: {questions} questions to {servers} servers, {failed} failed, {skipped} servers skipped in {} s",
        start.elapsed().as_secs()
    );
    if failed == 0 && servers + skipped > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Total {
    servers: usize,
    questions: usize,
    failed: usize,
    skipped: usize,
}

impl Total {
    /// Says how a server did.
    fn add(&mut self, server: &Server, outcome: Outcome) {
        let name = server.name;
        match outcome {
            Outcome::Skipped => {
                self.skipped += 1;
                println!(
                    "skipped: {name}, because the package {} cannot be had from this mirror",
                    server.package
                );
            }
            Outcome::Asked { questions, failures, log } => {
                self.servers += 1;
                self.questions += questions;
                self.failed += failures.len();
                for failure in &failures {
                    println!("FAILED in {name}: {failure}");
                }
                if failures.is_empty() {
                    println!("server {name} ... {questions} questions answered as expected");
                } else {
                    println!("the end of what {name} said:\n{log}");
                }
            }
        }
    }
}
