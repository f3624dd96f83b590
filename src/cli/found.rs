//! What there is of a director: found by its unit, by its lock, or by the pid file of an older program.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::control::{self, Answer, ControlError, Question};

use super::{Args, Target, lock, unit};

/// What there is of a director.
pub(super) enum Found {
    /// It runs, with this process id.
    Running(u32),
    /// Its pid file is there, and no process.
    Stale,
    /// Nothing.
    Nothing,
}

/// Whether a director of this configuration runs.
pub(super) fn runs(args: &Args, target: &Target) -> bool {
    matches!(find(target, on_unit(args)), Found::Running(_))
}

/// Whether a command acts on units.
pub(super) fn on_unit(args: &Args) -> bool {
    unit::systemd_runs() && !args.direct
}

/// Looks for it.
pub(super) fn find(target: &Target, on_unit: bool) -> Found {
    if on_unit && let Some(pid) = unit::main_pid(&target.instance.unit()) {
        return Found::Running(pid);
    }
    // One that was killed may hold the lock for a moment longer.
    if let Some(pid) = lock::holder(&control::lock_file(target.instance.name())).filter(|pid| lives(*pid)) {
        return Found::Running(pid);
    }
    // The pid file is for those who look for it, and may be that of an older program.
    let pid_file = target.pid_file();
    let Ok(text) = fs::read_to_string(&pid_file) else { return Found::Nothing };
    match text.trim().parse() {
        Ok(pid) if is_director(pid, &pid_file) => Found::Running(pid),
        Ok(_) => Found::Stale,
        // An empty one is a start that has not come far.
        Err(_) => Found::Nothing,
    }
}

/// As the reference has it, the process's command line names the program; but the number may have been given to an
/// editor of our configuration since, or to the director of another one.
fn is_director(pid: u32, pid_file: &Path) -> bool {
    let line = fs::read(proc(pid, "cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    let words: Vec<&str> = line.split('\0').collect();
    let names_us =
        words.iter().any(|word| Path::new(word).file_name().is_some_and(|name| name == "ldirectord"));
    let mut after = words.iter().skip_while(|word| **word != "--pid-file").skip(1);
    names_us && after.next().is_none_or(|theirs| Path::new(theirs) == pid_file)
}

/// Whether a process has not ended. One that has may be there still, where its parent does not bury the dead: a
/// container's first process often does not.
pub(super) fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(proc(pid, "stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn proc(pid: u32, file: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(file)
}

/// Asks it something.
pub(super) fn ask(target: &Target, question: Question, patience: Duration) -> Result<Answer, ControlError> {
    control::ask(&control::socket(target.instance.name()), question, patience)
}
