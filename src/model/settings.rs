//! A whole configuration, and the part of it that is not about one virtual service.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::Virtual;

/// A configuration as the program works on it: complete, checked, defaults resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What concerns the director as a whole.
    pub settings: Settings,
    /// The virtual services, in the order of the file. No two have the same identity.
    pub virtuals: Vec<Arc<Virtual>>,
}

/// Settings of the director as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A change of the file on disk is loaded (`autoreload`).
    pub autoreload: bool,
    /// Run after the file changed on disk, with its path as last argument (`callback`).
    pub callback: Option<Command>,
    /// A `start` runs in the foreground and logs to the standard output (`supervised`).
    pub supervised: bool,
    /// Where the log goes when the configuration names a place (`logfile`).
    pub logfile: Option<LogTarget>,
    /// How often the kernel's table is compared with what it should be; `None` is never (`resyncinterval`).
    pub resync_interval: Option<Duration>,
    /// The longest `negotiatetimeout` of the file, which bounds how long a start waits for first verdicts.
    pub negotiate_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            autoreload: false,
            callback: None,
            supervised: false,
            logfile: None,
            resync_interval: Some(Duration::from_secs(10)),
            negotiate_timeout: Duration::from_secs(30),
        }
    }
}

/// A program to run, without a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its leading arguments; never empty.
    pub argv: Vec<String>,
}

/// Where a configured log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// A file; each line is appended as the reference writes it.
    File(PathBuf),
    /// A syslog facility, e.g. `local0`.
    Facility(String),
}
