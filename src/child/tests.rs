//! Real programs in real time, all of them ended by themselves or by a short deadline.

#![expect(clippy::disallowed_methods, reason = "real programs take real time")]

use std::{fs, path::Path, time::Instant};

use super::*;

fn sh(script: &str) -> Program {
    Program { deadline: Duration::from_secs(20), ..Program::new("/bin/sh", ["-c", script]) }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap().trim_end()
}

/// Waits until something that happens soon has happened.
async fn until(mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < Duration::from_secs(20), "it does not happen");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The process numbers that a script wrote into a file, once it has written as many as expected.
async fn pids(file: &Path, count: usize) -> Vec<i32> {
    let read = || -> Vec<i32> {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.parse().ok()).collect()
    };
    until(|| read().len() == count).await;
    read()
}

/// Whether a process is there at all, be it as a zombie. A zombie that is not our child counts as gone: burying it is
/// the business of process 1, which some containers do not have.
fn alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
    let mut fields = fields.split(' ');
    let (state, parent) = (fields.next().unwrap(), fields.next().unwrap());
    state != "Z" || parent == std::process::id().to_string()
}

#[tokio::test]
async fn output_status_and_input_arrive() {
    let program = Program { stdin: Some(b"hello\n".to_vec()), ..sh("cat; echo oops >&2; exit 3") };
    let finished = run(program).await.unwrap();
    assert_eq!(finished.status.code(), Some(3));
    assert_eq!((text(&finished.stdout), text(&finished.stderr)), ("hello", "oops"));
    assert!(!finished.truncated);
}

#[tokio::test]
async fn input_and_output_larger_than_the_pipes_pass_each_other() {
    let bytes = vec![b'x'; 3 << 20];
    let program = Program { stdin: Some(bytes.clone()), output_limit: 4 << 20, ..sh("cat") };
    assert_eq!(run(program).await.unwrap().stdout, bytes);
}

#[tokio::test]
async fn a_program_need_not_read_its_input() {
    let program = Program { stdin: Some(vec![b'x'; 3 << 20]), ..sh("echo done") };
    assert_eq!(text(&run(program).await.unwrap().stdout), "done");
}

#[tokio::test]
async fn output_is_bounded_and_what_is_beyond_does_not_block() {
    let finished = run(Program { output_limit: 10, ..sh("head -c 1000000 /dev/zero") }).await.unwrap();
    assert_eq!((finished.stdout.len(), finished.truncated, finished.status.success()), (10, true, true));
}

#[tokio::test]
async fn a_program_that_ends_at_sigterm_is_not_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("last-words");
    let script = format!("trap 'echo bye >{}; exit 0' TERM; while :; do sleep 0.01; done", file.display());
    let program =
        Program { deadline: Duration::from_millis(200), grace: Duration::from_secs(20), ..sh(&script) };
    assert!(matches!(run(program).await, Err(ChildError::TimedOut(_))));
    assert_eq!(fs::read_to_string(file).unwrap(), "bye\n");
}

#[tokio::test]
async fn at_the_deadline_the_whole_group_goes_even_where_sigterm_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script = format!("trap '' TERM; echo $$ >>{0}; sleep 1000 & echo $! >>{0}; wait", file.display());
    let (deadline, grace) = (Duration::from_millis(200), Duration::from_millis(20));
    assert!(matches!(run(Program { deadline, grace, ..sh(&script) }).await, Err(ChildError::TimedOut(_))));
    let pids = pids(&file, 2).await;
    until(|| !pids.iter().copied().any(alive)).await;
}

#[tokio::test]
async fn dropping_the_run_kills_the_group_and_leaves_no_zombie() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script = format!("echo $$ >>{0}; sleep 1000 & echo $! >>{0}; wait", file.display());
    let pids = {
        let (run, pids) = (pin!(run(sh(&script))), pin!(pids(&file, 2)));
        match select(run, pids).await {
            Either::Left((ended, _)) => panic!("ended by itself: {ended:?}"),
            Either::Right((pids, _)) => pids,
        }
    };
    until(|| !pids.iter().copied().any(alive)).await;
}

#[tokio::test]
async fn helpers_that_are_left_behind_neither_survive_nor_hold_up() {
    let start = Instant::now();
    let finished = run(sh("sleep 1000 & echo $!")).await.unwrap();
    let helper: i32 = text(&finished.stdout).parse().unwrap();
    until(|| !alive(helper)).await;
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_helper_in_another_session_lives_on_and_does_not_hold_up() {
    let start = Instant::now();
    let finished = run(sh("setsid sleep 1000 & echo $!; while ! [ -e /proc/$! ]; do :; done")).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let helper = rustix::process::Pid::from_raw(text(&finished.stdout).parse().unwrap()).unwrap();
    rustix::process::kill_process(helper, rustix::process::Signal::KILL).ok();
}

#[tokio::test]
async fn the_environment_is_added_to_and_has_a_path() {
    let program = Program { env: vec![("MARK".into(), "here".into())], ..Program::new("env", [""; 0]) };
    let finished = run(program).await.unwrap();
    let lines = text(&finished.stdout);
    assert!(lines.contains("MARK=here") && lines.contains("PATH=/"), "{lines}");
}

#[test]
fn what_the_service_manager_says_to_us_alone_is_taken_out() {
    let mut command = Command::new("true");
    environment::clean(&mut command);
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS"] {
        let removed = command.as_std().get_envs().any(|(key, value)| key == name && value.is_none());
        assert!(removed, "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plain-file");
    fs::write(&file, "no program").unwrap();
    let missing = Program::new(folder.path().join("missing"), [""; 0]);
    assert!(matches!(run(missing).await, Err(ChildError::NotFound { .. })));
    assert!(matches!(run(Program::new(&file, [""; 0])).await, Err(ChildError::NotPermitted { .. })));
    assert!(matches!(run(Program { argv: vec![], ..sh("") }).await, Err(ChildError::NotFound { .. })));
}

#[test]
fn programs_are_found_and_their_debug_holds_no_secret() {
    assert!(find("sh").unwrap().is_absolute());
    assert!(find("there-is-no-such-program").unwrap_err().contains("/usr/sbin"));
    let secret = Program { env: vec![("PASSWORD".into(), "geheim".into())], ..sh("true") };
    assert!(!format!("{secret:?}").contains("geheim"));
}
