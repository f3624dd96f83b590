//! The standard output, for a supervisor: `[Tue Nov 22 08:38:00 2026] Added real server: ...`, as the reference's
//! `supervised` has it. Who is speaking the supervisor knows.

use std::{
    io::{self, Write as _},
    time::SystemTime,
};

use super::line::Prefix;

/// The standard output.
#[derive(Debug)]
pub(super) struct Stdout {
    prefix: Prefix,
}

impl Stdout {
    pub(super) fn new() -> Self {
        Self { prefix: Prefix::without_name() }
    }

    pub(super) fn write(&self, at: SystemTime, message: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(self.prefix.lines(at, message).as_bytes())?;
        out.flush()
    }
}
