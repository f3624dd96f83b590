//! The control socket: how the command line reaches a running director where there may be no bus. One Unix socket for
//! each instance, for root alone; one question a connection, in one line; the answer is a word and then text.
//!
//! Knows the inbox; decides nothing.

mod client;
mod health;
mod server;

use std::path::{Path, PathBuf};

pub use client::{Answer, ControlError, ask};
pub use health::known;
pub use server::{ControlServer, serve};

/// Where sockets and locks are.
pub const RUN_DIR: &str = "/run/ldirectord";

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Load the configuration; answered when it is in force or rejected.
    Reload,
    /// End, and leave the table as it is for the next one.
    Leave,
    /// How is the farm?
    Status,
    /// What is known of each real server? [`known`] reads the answer.
    Health,
}

impl Question {
    const ALL: [Self; 4] = [Self::Reload, Self::Leave, Self::Status, Self::Health];

    fn word(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Leave => "leave",
            Self::Status => "status",
            Self::Health => "health",
        }
    }

    fn parse(line: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.word() == line.trim_end())
    }
}

/// The socket of an instance.
#[must_use]
pub fn socket(instance: &str) -> PathBuf {
    Path::new(RUN_DIR).join(format!("{instance}.sock"))
}

/// The lock of an instance: held by its one director for as long as it lives.
#[must_use]
pub fn lock_file(instance: &str) -> PathBuf {
    Path::new(RUN_DIR).join(format!("{instance}.lock"))
}

/// Held by a command that starts an instance until it serves: one at a time.
#[must_use]
pub fn turn_file(instance: &str) -> PathBuf {
    Path::new(RUN_DIR).join(format!("{instance}.turn"))
}
