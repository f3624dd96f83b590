//! Monitor files: a line for each check. Each is opened for each line, as the log is, for the sake of logrotate.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use chrono::{DateTime, Local};

use crate::director::Monitored;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Monitors {
    /// Those that could not be written when they were last tried.
    failing: HashSet<Arc<Path>>,
}

impl Monitors {
    /// Writes a line; what is the matter with a file that worked before is for people.
    pub(super) fn write(&mut self, at: SystemTime, check: &Monitored) -> Option<String> {
        match append(at, check) {
            Ok(()) => {
                self.failing.remove(&check.file);
                None
            }
            Err(error) => self.failing.insert(check.file.clone()).then(|| {
                let file = check.file.display();
                format!("The monitor file {file} cannot be written ({error}), trying again with each check")
            }),
        }
    }
}

fn append(at: SystemTime, check: &Monitored) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        // A named pipe that nobody reads is an error, not a reason to wait.
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(&check.file)?;
    // `%e` pads the day with a blank, as ctime(3) does.
    let stamp = DateTime::<Local>::from(at).format("%a %b %e %H:%M:%S %Y");
    file.write_all(format!("[{stamp}] [{}] {check}\n", std::process::id()).as_bytes())
}
