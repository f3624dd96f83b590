//! What every view shows: the bus, the status line, metrics. A snapshot shares all rows but the changed ones with
//! the one before it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use crate::{
    health::{Advice, Certificate, Failure, State},
    model::{Forward, RealId, VirtualId},
};

/// The director's view of the world at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// One row for each virtual service, in the order of the configuration.
    pub virtuals: Vec<Arc<VirtualRow>>,
    /// How the configuration fares.
    pub config: Arc<ConfigState>,
    /// Why the table cannot be written at the moment, in words; `None` while it is as wanted or being written.
    pub table_trouble: Option<Arc<str>>,
    /// Checks begin later than they should, since this director does not keep up.
    pub checks_late: bool,
}

impl Snapshot {
    /// One line that says how the farm is: counts first, then what is wrong. `systemctl status` shows it.
    #[must_use]
    pub fn status_line(&self) -> String {
        let total: usize = self.virtuals.iter().map(|v| v.reals.len()).sum();
        let up: usize = self.virtuals.iter().map(|v| v.serving).sum();
        let mut parts = vec![format!("{} virtual, {up}/{total} real up", self.virtuals.len())];
        let fallbacks = self.virtuals.iter().filter(|v| v.fallback_active).count();
        if fallbacks > 0 {
            parts.push(format!("{fallbacks} on fallback"));
        }
        let dead = self.virtuals.iter().filter(|v| v.serving == 0 && !v.fallback_active).count();
        if dead > 0 {
            parts.push(format!("{dead} without any server"));
        }
        // Only services that miss a server are looked through: there may be tens of thousands of servers.
        let missing = self.virtuals.iter().filter(|v| v.serving < v.reals.len());
        let down = missing.flat_map(|v| &v.reals).find(|real| !real.serves() && !real.maintenance);
        let maintenance: usize = self.virtuals.iter().map(|v| v.maintenance).sum();
        if maintenance > 0 {
            parts.push(format!("{maintenance} in maintenance"));
        }
        if let Some((real, failure)) = down.and_then(|real| Some((real, real.last_failure.as_ref()?))) {
            let more = total - up - maintenance - 1;
            let more = if more > 0 { format!(", {more} more") } else { String::new() };
            parts.push(format!("{} down: {failure}{more}", real.id));
        }
        if let Some(trouble) = &self.table_trouble {
            parts.push(format!("table: {trouble}"));
        }
        if self.checks_late {
            parts.push("checks are late".to_owned());
        }
        if let Some(first) = &self.config.rejected {
            parts.push(format!("configuration rejected: {first}"));
        } else if self.config.changed_on_disk {
            parts.push("configuration changed on disk, not loaded".to_owned());
        }
        parts.join("; ")
    }
}

/// How the configuration fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigState {
    /// The last attempt to load failed, with its diagnostics as text; the configuration before it is in force.
    pub rejected: Option<Arc<str>>,
    /// When a configuration was last loaded with success.
    pub loaded_at: Option<SystemTime>,
    /// When a load was last tried.
    pub tried_at: Option<SystemTime>,
    /// The file on disk differs from what is in force, and `autoreload` is off.
    pub changed_on_disk: bool,
}

/// A virtual service.
#[derive(Clone, Debug)]
pub struct VirtualRow {
    /// Which.
    pub id: VirtualId,
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// What they have to say of it.
    pub comment: Option<Arc<str>>,
    /// Scheduler.
    pub scheduler: Arc<str>,
    /// Persistence timeout, if the service is persistent.
    pub persistence: Option<Duration>,
    /// Application protocol that is checked (`http`, ..., `none`).
    pub service: &'static str,
    /// The `checktype`.
    pub check_type: Arc<str>,
    /// Failed servers stay with weight 0.
    pub quiescent: bool,
    /// Its fallback server, if any.
    pub fallback: Option<RealId>,
    /// The fallback takes the traffic now.
    pub fallback_active: bool,
    /// How many real servers are in service now.
    pub serving: usize,
    /// How many real servers somebody took out by hand, or their agents did.
    pub maintenance: usize,
    /// Its real servers, in the order of the configuration.
    pub reals: Vec<Arc<RealRow>>,
}

/// A real server of one virtual service.
#[derive(Clone, Debug)]
pub struct RealRow {
    /// Which, as configured.
    pub id: RealId,
    /// Of which virtual service.
    pub virtual_id: VirtualId,
    /// Forwarding method.
    pub forward: Forward,
    /// Health.
    pub state: State,
    /// Somebody took it out by hand, or its agent did, whatever its health is.
    pub maintenance: bool,
    /// What its agent advises.
    pub advice: Advice,
    /// Weight in effect: what the kernel's table has or is about to have; 0 also where the server is not in it.
    pub weight: u16,
    /// Weight of the configuration.
    pub configured_weight: u16,
    /// What is asked of it: `connect`, `http`, ..., `on`, `off`.
    pub check: &'static str,
    /// When it last went up or down.
    pub last_transition: Option<SystemTime>,
    /// Why the last check that failed did; kept after a recovery until the next failure.
    pub last_failure: Option<Arc<Failure>>,
    /// The certificate it showed last.
    pub certificate: Option<Certificate>,
    /// What moves with every check.
    pub meter: Arc<Meter>,
}

impl RealRow {
    /// Whether it is in service.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.state.serves() && !self.maintenance
    }
}

/// What moves with every verdict of one check, and so is no part of a snapshot: written by the shell when a verdict
/// comes in, read by the views. The only shared state of the program.
#[derive(Debug, Default)]
pub struct Meter {
    last_check: AtomicU64,
    duration: AtomicU64,
    passes: AtomicU64,
    failures: AtomicU64,
}

impl Meter {
    /// Records a verdict that came at `at` after `took`.
    pub fn record(&self, at: SystemTime, took: Duration, passed: bool) {
        let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
        let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.last_check.store(micros(at), Ordering::Relaxed);
        self.duration.store(micros(took), Ordering::Relaxed);
        if passed { &self.passes } else { &self.failures }.fetch_add(1, Ordering::Relaxed);
    }

    /// When the last verdict came, in microseconds since 1970; 0 if none did yet.
    pub fn last_check_usec(&self) -> u64 {
        self.last_check.load(Ordering::Relaxed)
    }

    /// How long the last check took, in microseconds.
    pub fn duration_usec(&self) -> u64 {
        self.duration.load(Ordering::Relaxed)
    }

    /// How many checks passed and how many failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.passes.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }
}
