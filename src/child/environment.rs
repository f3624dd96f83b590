//! What a program inherits, and where programs are looked for.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};
use tokio::process::Command;

/// Where system programs are; a service manager or a stripped `su` may leave `PATH` unset or without the `sbin`s.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the service manager says to the daemon and to no other process (`systemd.exec(5)`, "Environment Variables").
/// A child that saw `NOTIFY_SOCKET` could speak in our name; one that saw `LISTEN_FDS` would look for sockets it has not.
const OURS: [&str; 13] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PIDFDID",
    "FDSTORE",
    "MAINPID",
    "MANAGERPID",
    "SYSTEMD_EXEC_PID",
    "JOURNAL_STREAM",
    "MEMORY_PRESSURE_WATCH",
];

/// Takes out of a program's environment what is meant for this process, and makes sure that it has a `PATH`.
pub(super) fn clean(command: &mut Command) {
    for name in OURS {
        command.env_remove(name);
    }
    command.env("PATH", search_path());
}

/// The search path that programs get: ours, or the usual one where we have none.
#[must_use]
pub fn search_path() -> OsString {
    env::var_os("PATH").filter(|path| !path.is_empty()).unwrap_or_else(|| DEFAULT_PATH.into())
}

/// Looks for a system program: in our own search path, then in the usual folders, which a user's path may lack.
///
/// # Errors
/// Nowhere; the folders that were looked through, separated by `:`.
pub fn find(program: &str) -> Result<PathBuf, String> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in env::split_paths(&search_path()).chain(env::split_paths(DEFAULT_PATH)) {
        // An empty or relative entry means the current folder, from which a daemon must not run programs.
        if folder.is_absolute() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders.iter().map(|folder| folder.join(program)).find(|path| is_program(path)).ok_or_else(|| {
        let shown: Vec<_> = folders.iter().map(|folder| folder.to_string_lossy()).collect();
        shown.join(":")
    })
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}
