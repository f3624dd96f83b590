//! Acting on the unit, where systemd looks after directors.

use std::{path::Path, time::Duration};

use crate::child::{self, ChildError, Finished, Program};

/// A start may wait for slow servers and a stop for a slow table; systemd has limits of its own.
const PATIENCE: Duration = Duration::from_secs(300);

/// Whether systemd runs this machine (`sd_booted(3)`).
pub(super) fn systemd_runs() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Runs `systemctl` with these arguments; its words are passed on.
pub(super) fn systemctl(arguments: &[&str]) -> Result<(), String> {
    let finished = run(arguments)?;
    let said = String::from_utf8_lossy(&finished.stderr);
    if finished.status.success() { Ok(()) } else { Err(said.trim_end().to_owned()) }
}

/// The main process of a unit that is active, starting or reloading.
pub(super) fn main_pid(unit: &str) -> Option<u32> {
    let finished = run(&["show", "--property=MainPID", "--value", unit]).ok()?;
    let pid = String::from_utf8_lossy(&finished.stdout).trim().parse().ok()?;
    (pid != 0).then_some(pid)
}

fn run(arguments: &[&str]) -> Result<Finished, String> {
    let program = Program { deadline: PATIENCE, ..Program::new("systemctl", arguments.iter().copied()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(child::run(program)).map_err(|error: ChildError| error.to_string())
}
