//! The shell around the director: the one place with `select!`, tasks, timers and a clock. It hands in what happened
//! and carries out what is decided, and decides nothing itself.
//!
//! One loop owns everything: the checks under way, the job on the table, the load of a configuration, the callbacks.
//! All of them end with it.

mod effects;
mod event_loop;
mod flight;
mod hooks;
mod job;
mod places;
mod quick;
mod scheduler;
mod timetable;

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

pub use event_loop::run;
pub use places::Limits;

use crate::{
    director::{Fact, Hook, Mail, Monitored, Phase, Rejection, Snapshot},
    ipvs::IpvsError,
    model::Config,
    notify::News,
};

/// Reads the configuration. Files and names may block: the future must not.
pub type LoadFn = Arc<dyn Fn() -> BoxFuture<'static, Result<Loaded, Rejection>> + Send + Sync>;

/// Runs a program of the administrator's; its error is words for people.
pub type HookFn = Arc<dyn Fn(Hook) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A configuration that was read and is good.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Arc<Config>,
    /// What is in its maintenance directory.
    pub maintenance: BTreeSet<String>,
    /// Diagnostics that did not prevent it from being taken.
    pub warnings: Vec<Arc<str>>,
}

/// What the loop is made of.
pub struct Parts<I, P> {
    /// The table.
    pub ipvs: I,
    /// The checks.
    pub prober: P,
    /// The configuration to begin with.
    pub begin: Loaded,
    /// Reads it again.
    pub load: LoadFn,
    /// Runs callbacks and fallback commands.
    pub hook: HookFn,
    /// Who is told.
    pub outlets: Outlets,
    /// How many checks may be under way at once.
    pub limits: Limits,
    /// How often the watchdog wants to hear from the loop.
    pub watchdog: Option<std::time::Duration>,
    /// Where jobs on the table run, so that reading a long listing delays no check; `None`: beside the loop.
    pub background: Option<tokio::runtime::Handle>,
    /// The wall clock.
    pub clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// Who is told what.
pub struct Outlets {
    /// Facts, for logs and people. A reader that does not keep up loses facts and hears how many; it never makes
    /// the loop wait.
    pub facts: mpsc::Sender<(SystemTime, Fact)>,
    /// Lines for monitor files, treated like facts; `None` where there shall be no such files.
    pub monitored: Option<mpsc::Sender<(SystemTime, Monitored)>>,
    /// Mails to send. Those that find no room are lost, and told.
    pub mails: mpsc::Sender<Mail>,
    /// The view of the moment.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// The service manager.
    pub service: Box<dyn FnMut(Report) + Send>,
}

/// What the service manager hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A phase of the program's life.
    Phase(Phase),
    /// A line for people.
    Status(String),
    /// The loop is alive.
    Alive,
}

impl From<Report> for News {
    fn from(report: Report) -> Self {
        match report {
            Report::Phase(Phase::Ready) => Self::Ready,
            Report::Phase(Phase::Reloading) => Self::Reloading,
            Report::Phase(Phase::Stopping) => Self::Stopping,
            Report::Status(line) => Self::Status(line),
            Report::Alive => Self::Alive,
        }
    }
}

/// Why the loop ended without having been asked to.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fatal {
    /// The table cannot be used.
    #[error("{0}")]
    Table(#[from] IpvsError),
    /// The director gave up, in its words.
    #[error("{0}")]
    GaveUp(Arc<str>),
    /// A part of the program crashed.
    #[error("internal error: {0}")]
    Crashed(&'static str),
}
