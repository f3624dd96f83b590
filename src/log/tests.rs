//! The whole log: facts in, files out.

#![expect(clippy::disallowed_methods, reason = "facts need some time, and any will do")]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use tempfile::TempDir;

use super::*;
use crate::health::{Evidence, Verdict};

struct Bench {
    dir: TempDir,
    facts: mpsc::Sender<(SystemTime, Fact)>,
    monitored: mpsc::Sender<(SystemTime, Monitored)>,
    target: watch::Sender<Option<LogTarget>>,
    thread: LogThread,
}

impl Bench {
    fn new(target: impl Fn(&Path) -> Option<LogTarget>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            instance: "www".to_owned(),
            foreground: false,
            supervised: false,
            surroundings: Surroundings::default(),
            default_file: dir.path().join("default.log"),
        };
        let (facts, receiver) = mpsc::channel(64);
        let (target, watched) = watch::channel(target(dir.path()));
        let (monitored, checks) = mpsc::channel(64);
        let thread = start(&options, receiver, checks, watched).unwrap();
        Self { dir, facts, monitored, target, thread }
    }

    fn tell(&self, what: &str) {
        let fact = Fact::Trouble { what: what.to_owned() };
        self.facts.try_send((SystemTime::now(), fact)).unwrap();
    }

    /// Waits until the log has taken all that was told.
    fn settle(&self) {
        let full = self.facts.max_capacity();
        while self.facts.capacity() < full {
            thread::yield_now();
        }
    }

    fn end(self) -> TempDir {
        drop((self.facts, self.monitored));
        assert!(self.thread.finish(Duration::from_secs(10)));
        self.dir
    }
}

fn messages(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let message = |line: &str| line.split_once("] ").unwrap().1.to_owned();
    text.lines().map(message).collect()
}

#[test]
fn everything_is_written_before_the_end() {
    let bench = Bench::new(|_| None);
    for n in 0..50 {
        bench.tell(&format!("line {n}"));
    }
    let dir = bench.end();
    let log = dir.path().join("default.log");
    assert_eq!(messages(&log).len(), 50);
    let line = fs::read_to_string(&log).unwrap();
    assert!(line.contains(&format!("|www|{}] line 0\n", std::process::id())), "{line}");
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_log_that_was_moved_away_begins_anew() {
    let bench = Bench::new(|dir| Some(LogTarget::File(dir.join("log"))));
    let log = bench.dir.path().join("log");
    bench.tell("one");
    while messages(&log).is_empty() {
        thread::yield_now();
    }
    fs::rename(&log, log.with_extension("1")).unwrap();
    bench.tell("two");
    let dir = bench.end();
    assert_eq!(messages(&dir.path().join("log.1")), ["one"]);
    assert_eq!(messages(&dir.path().join("log")), ["two"]);
}

#[test]
fn another_target_is_taken_with_the_next_fact() {
    let bench = Bench::new(|_| None);
    bench.tell("to the default");
    let default = bench.dir.path().join("default.log");
    while messages(&default).is_empty() {
        thread::yield_now();
    }
    bench.target.send_replace(Some(LogTarget::File(bench.dir.path().join("other"))));
    bench.tell("to the other");
    let dir = bench.end();
    assert_eq!(messages(&default), ["to the default"]);
    assert_eq!(messages(&dir.path().join("other")), ["to the other"]);
}

#[test]
fn a_log_that_failed_says_what_is_missing_when_it_works_again() {
    let bench = Bench::new(|dir| Some(LogTarget::File(dir.join("sub/log"))));
    bench.tell("lost one");
    bench.tell("lost two");
    bench.settle();
    // Whether the last of them is lost or written after the gap is the scheduler's choice.
    let sub = bench.dir.path().join("sub");
    fs::create_dir(&sub).unwrap();
    bench.tell("here again");
    let dir = bench.end();
    let log = messages(&dir.path().join("sub/log"));
    assert!(log[0].ends_with("messages are missing here: this log could not be written"), "{log:?}");
    assert_eq!(log.last().unwrap(), "here again");
}

#[test]
fn a_monitor_file_that_fails_is_told_once_and_goes_on_when_it_can() {
    let bench = Bench::new(|_| None);
    let file = bench.dir.path().join("sub/monitor");
    let check = || {
        let verdict = Verdict::Pass(Evidence { status: Some(200), ..Evidence::default() });
        Monitored { file: file.as_path().into(), name: "negotiate http".into(), verdict }
    };
    let write = || {
        bench.monitored.try_send((SystemTime::now(), check())).unwrap();
        while bench.monitored.capacity() < bench.monitored.max_capacity() {
            thread::yield_now();
        }
    };
    for _ in 0..3 {
        write();
    }
    let log = bench.dir.path().join("default.log");
    while messages(&log).is_empty() {
        thread::yield_now();
    }
    fs::create_dir(bench.dir.path().join("sub")).unwrap();
    write();
    let dir = bench.end();
    let told = messages(&log);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("sub/monitor cannot be written"), "{told:?}");
    let lines = fs::read_to_string(dir.path().join("sub/monitor")).unwrap();
    assert!(lines.ends_with(&format!("] [{}] negotiate http [up] 200 OK\n", std::process::id())), "{lines}");
}

#[test]
fn a_log_that_hangs_is_left_behind() {
    let bench = Bench::new(|_| None);
    // A sender that stays is what a thread that does not end looks like.
    assert!(!bench.thread.finish(Duration::from_millis(1)));
    drop(bench.facts);
}
