//! What can happen to the director.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Instant, SystemTime},
};

use crate::{
    health::Verdict,
    ipvs::Table,
    model::{Config, IpvsTimeouts},
    plan::Outcome,
};

use super::{effect::CheckId, punctuality::Starts};

/// The time at which something happened, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For intervals and deadlines.
    pub instant: Instant,
    /// For people.
    pub wall: SystemTime,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file of the configuration changed on disk.
    SourcesChanged(PathBuf),
    /// Somebody asked for the configuration to be loaded again (SIGHUP).
    ReloadWanted,
    /// A new configuration was read and is good; with the kernel's table of that moment, if it could be read.
    Loaded {
        /// The configuration.
        config: Arc<Config>,
        /// The kernel's table, from which new services are adopted.
        table: Option<Arc<Table>>,
        /// What is in its maintenance directory. It counts where that is another one than before: of the one that is
        /// watched already newer things may have been told.
        maintenance: BTreeSet<String>,
        /// Diagnostics that did not prevent it from being taken, with file, line and caret.
        warnings: Vec<Arc<str>>,
    },
    /// Other files are in the maintenance directory.
    MaintenanceChanged {
        /// The directory.
        directory: PathBuf,
        /// The names of all files in it.
        files: BTreeSet<String>,
    },
    /// A new configuration was read and is not good; the old one stands.
    Rejected(Rejection),
    /// A check ended.
    Probed(CheckId, Verdict),
    /// How checks began within the last while.
    Started(Starts),
    /// The reconciler finished a job on the table.
    Applied(Outcome),
    /// How long the kernel keeps connections was looked at, and set where it was otherwise: before and after, or why
    /// that failed.
    Timeouts(Result<(IpvsTimeouts, IpvsTimeouts), Arc<str>>),
    /// Somebody asked for something and waits for the answer.
    Asked(Ticket, Command),
    /// The moment of [`super::Director::deadline`] came.
    Due,
    /// The program shall end.
    Stop {
        /// Why, e.g. `signal: TERM`.
        why: &'static str,
        /// The services of this configuration leave the table, as far as their `cleanstop` says so.
        clean: bool,
    },
}

/// Why a configuration was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The diagnostics as they are shown to people, with file, line and caret.
    pub text: Arc<str>,
    /// The first of them in one line (<FILE:LINE>: words).
    pub first: Arc<str>,
    /// How many errors there are.
    pub errors: usize,
}

/// Stands for somebody who waits for an answer; the shell knows who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What one can ask of a director.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Load the configuration again; answered when it is in force or rejected.
    Reload,
}

/// Why a command was refused. Words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The configuration was rejected; the one before stays in force.
    #[error("{0}")]
    InvalidConfig(Arc<str>),
    /// The director is stopping.
    #[error("the director is stopping")]
    Stopping,
}
