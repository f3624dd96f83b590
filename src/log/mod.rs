//! Where facts go: the journal, a file, syslog, the terminal.
//!
//! One thread of its own writes them, since the journal's socket and a disk may block. It takes facts from the queue
//! that the loop fills without ever waiting, and ends when the queue's last sender is gone and all is written.
//! A place that cannot be written stops nothing: it is said once in another place, and tried again with each fact.

mod file;
mod journal;
mod line;
mod monitor;
mod places;
mod stderr;
mod stdout;
mod syslog;
mod writer;

use std::{
    io,
    path::PathBuf,
    sync::mpsc as std_mpsc,
    thread,
    time::{Duration, SystemTime},
};

use tokio::sync::{mpsc, watch};

pub use places::Surroundings;
pub use syslog::Facility;

use crate::{
    director::{Fact, Monitored},
    model::LogTarget,
};

/// Where the log goes when neither systemd nor the configuration names a place.
pub const DEFAULT_FILE: &str = "/var/log/ldirectord.log";

/// What a log needs to know of the program.
#[derive(Clone, Debug)]
pub struct Options {
    /// The instance (`www` of `ldirectord@www`).
    pub instance: String,
    /// People or a supervisor other than systemd read the standard error output (`-d`, `run` by hand).
    pub foreground: bool,
    /// Something else than systemd looks after the program and reads its standard output: the log goes there and
    /// nowhere else (`supervised`).
    pub supervised: bool,
    /// What is around the program.
    pub surroundings: Surroundings,
    /// Where the log goes when nothing else is said: [`DEFAULT_FILE`].
    pub default_file: PathBuf,
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(instance: impl Into<String>, foreground: bool) -> Self {
        Self {
            instance: instance.into(),
            foreground,
            supervised: false,
            surroundings: Surroundings::detect(),
            default_file: PathBuf::from(DEFAULT_FILE),
        }
    }
}

/// The thread that writes the log.
#[derive(Debug)]
pub struct LogThread {
    /// Nothing is ever sent: the thread holds the other end, and is done when that is gone.
    done: std_mpsc::Receiver<()>,
}

/// Starts the thread that writes the log, and monitor files with it.
///
/// `target` is the `logfile` of the configuration in force; it is looked at before each fact.
///
/// # Errors
/// No thread can be had.
pub fn start(
    options: &Options,
    mut facts: mpsc::Receiver<(SystemTime, Fact)>,
    mut monitored: mpsc::Receiver<(SystemTime, Monitored)>,
    mut target: watch::Receiver<Option<LogTarget>>,
) -> io::Result<LogThread> {
    let first = target.borrow_and_update().clone();
    let mut writer = writer::Writer::new(options, first.as_ref());
    // The thread waits for two queues; it has no timers and no sockets.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (alive, done) = std_mpsc::channel();
    thread::Builder::new().name("log".to_owned()).spawn(move || {
        let _alive: std_mpsc::Sender<()> = alive;
        let mut monitors = monitor::Monitors::default();
        runtime.block_on(async {
            loop {
                let (at, fact) = tokio::select! {
                    biased;
                    Some(told) = facts.recv() => told,
                    Some((at, check)) = monitored.recv() => match monitors.write(at, &check) {
                        Some(what) => (at, Fact::Trouble { what }),
                        None => continue,
                    },
                    else => return,
                };
                // An error says that the sender is gone: the last target stands.
                if target.has_changed().unwrap_or(false) {
                    let next = target.borrow_and_update().clone();
                    writer.retarget(next.as_ref());
                }
                writer.tell(at, &fact);
            }
        });
    })?;
    Ok(LogThread { done })
}

impl LogThread {
    /// Waits until everything is written. The senders of facts must be gone; a log that hangs is left behind after
    /// this long. Says whether all was written.
    #[must_use]
    pub fn finish(self, within: Duration) -> bool {
        matches!(self.done.recv_timeout(within), Err(std_mpsc::RecvTimeoutError::Disconnected))
    }
}

#[cfg(test)]
mod tests;
