//! Signals.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    dbus::{Bus, client::unit_job_type},
    director::{Event, Fact},
    inbox::Inbox,
};

/// The signals a director hears.
#[derive(Debug)]
pub(super) struct Signals {
    term: Signal,
    int: Signal,
    quit: Signal,
    hup: Signal,
}

impl Signals {
    /// Hears them from now on.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// Reports them. Under systemd a stop that is half of a restart leaves the table for the next process; only
    /// systemd knows which it is.
    pub(super) async fn report(mut self, inbox: Inbox, under_systemd: bool, tell: impl Fn(Fact)) {
        loop {
            let why = tokio::select! {
                _ = self.term.recv() => "signal: TERM",
                _ = self.int.recv() => "signal: INT",
                _ = self.quit.recv() => "signal: QUIT",
                _ = self.hup.recv() => {
                    inbox.report(Event::ReloadWanted).await;
                    continue;
                }
            };
            let restart = under_systemd && is_restart(&tell).await;
            inbox.report(Event::Stop { why, clean: !restart }).await;
        }
    }
}

async fn is_restart(tell: impl Fn(Fact)) -> bool {
    match unit_job_type(&Bus::System, std::process::id()).await {
        Ok(kind) => kind.is_some_and(|kind| kind.contains("restart")),
        Err(words) => {
            let what = format!(
                "systemd cannot be asked whether it restarts this unit ({words}): taking it for a stop"
            );
            tell(Fact::Trouble { what });
            false
        }
    }
}
