//! The log file, opened for each message: a log that was moved away by logrotate needs no signal, and one on a full
//! disk goes on when there is room again.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::line::Prefix;

/// A log file.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    prefix: Prefix,
}

impl File {
    pub(super) fn new(path: &Path, prefix: Prefix) -> Self {
        Self { path: path.to_owned(), prefix }
    }

    pub(super) fn write(&self, at: SystemTime, message: &str) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            // Diagnostics show lines of the configuration.
            .mode(0o640)
            // A named pipe that nobody reads is an error, not a reason to wait.
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(&self.path)?;
        // One write for all lines: those of two writers do not mix.
        file.write_all(self.prefix.lines(at, message).as_bytes())
    }
}
