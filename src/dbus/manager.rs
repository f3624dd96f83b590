//! The root object: the instance as a whole.

use std::{sync::Arc, time::SystemTime};

use crate::director::{self, Snapshot};

use super::{
    interface::{Action, Description, Method},
    property::{Exported, Get, Property, changing, constant},
};

/// What is fixed for the life of the program.
#[derive(Clone, Debug)]
pub struct About {
    /// Version of the program.
    pub version: &'static str,
    /// Name of the instance, e.g. `ldirectord` or `www`.
    pub instance: String,
    /// Path of its configuration.
    pub config_path: String,
}

/// The instance as a whole, at one moment.
pub(super) struct Manager {
    about: Arc<About>,
    snapshot: Arc<Snapshot>,
    reals: usize,
    up: usize,
}

impl Manager {
    pub(super) fn new(about: Arc<About>, snapshot: Arc<Snapshot>) -> Self {
        let reals = snapshot.virtuals.iter().map(|service| service.reals.len()).sum();
        let up = snapshot.virtuals.iter().map(|service| service.serving).sum();
        Self { about, snapshot, reals, up }
    }

    pub(super) fn about(&self) -> &Arc<About> {
        &self.about
    }

    pub(super) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    fn config_state(&self) -> &'static str {
        let config = &self.snapshot.config;
        match (config.rejected.is_some(), config.changed_on_disk) {
            (true, _) => "rejected",
            (false, true) => "changed-on-disk",
            (false, false) => "in-force",
        }
    }
}

impl Exported for Manager {
    const INTERFACE: Description = Description {
        name: "org.linuxvirtualserver.Ldirectord1.Manager",
        methods: &[Method {
            name: "Reload",
            takes: &[],
            gives: &[],
            action: Action::Ask(director::Command::Reload),
        }],
        signals: &[],
    };

    const PROPERTIES: &'static [Property<Self>] = &[
        constant("Version", Get::Text(|m| m.about.version.into())),
        constant("Instance", Get::Text(|m| m.about.instance.as_str().into())),
        constant("ConfigPath", Get::Text(|m| m.about.config_path.as_str().into())),
        // `in-force`, `rejected` (the one before is in force) or `changed-on-disk` (and not loaded).
        changing("ConfigState", Get::Text(|m| m.config_state().into())),
        // Where and why, or empty.
        changing("ConfigRejection", Get::Text(|m| words(m.snapshot.config.rejected.as_deref()))),
        // The last attempt, in microseconds since 1970, and the last that succeeded.
        changing(
            "LastReload",
            Get::U64(|m| usec(m.snapshot.config.tried_at.max(m.snapshot.config.loaded_at))),
        ),
        changing("LastReloadSuccess", Get::U64(|m| usec(m.snapshot.config.loaded_at))),
        // `in-sync` (or being written) or `failing`.
        changing(
            "TableState",
            Get::Text(|m| if m.snapshot.table_trouble.is_some() { "failing" } else { "in-sync" }.into()),
        ),
        changing("TableTrouble", Get::Text(|m| words(m.snapshot.table_trouble.as_deref()))),
        changing("VirtualServers", Get::U32(|m| count(m.snapshot.virtuals.len()))),
        changing("RealServers", Get::U32(|m| count(m.reals))),
        changing("RealServersUp", Get::U32(|m| count(m.up))),
    ];
}

/// A number of things, as the bus counts.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A text that may be absent, which the bus cannot say but with the empty one.
pub(super) fn words(text: Option<&str>) -> std::borrow::Cow<'_, str> {
    text.unwrap_or_default().into()
}

/// A time in microseconds since 1970; 0 if there is none.
pub(super) fn usec(at: Option<SystemTime>) -> u64 {
    let since = at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
