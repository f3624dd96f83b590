//! The journal: one event for each fact, with its fields beside the message.
//!
//! The subscriber is used for the length of one event and is nobody's default: what other crates trace does not reach
//! the journal. Each event carries all its fields itself and there are no spans, so that no field comes twice.

use std::io;

use tracing::{Dispatch, dispatcher};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::director::{Fact, Severity};

use super::syslog::Facility;

/// What `journalctl -t` finds us by.
const IDENTIFIER: &str = "ldirectord";

/// The journal.
#[derive(Debug)]
pub(super) struct Journal {
    dispatch: Dispatch,
}

/// Four levels of ours on four of tracing's, and back on the journal's priorities.
const PRIORITIES: PriorityMappings = PriorityMappings {
    error: Priority::Error,
    warn: Priority::Warning,
    info: Priority::Notice,
    debug: Priority::Informational,
    trace: Priority::Debug,
};

impl Journal {
    /// # Errors
    /// There is no journal.
    pub(super) fn open(instance: &str, facility: Option<Facility>) -> io::Result<Self> {
        let facility = facility.map(|facility| ("SYSLOG_FACILITY", facility.code().to_string()));
        let layer = tracing_journald::layer()?
            .with_field_prefix(None)
            .with_syslog_identifier(IDENTIFIER.to_owned())
            .with_priority_mappings(PRIORITIES)
            .with_custom_fields([("LDIRECTORD_INSTANCE", instance.to_owned())].into_iter().chain(facility));
        Ok(Self { dispatch: Dispatch::new(tracing_subscriber::registry().with(layer)) })
    }

    /// Sends a fact. The journal stamps it with the time at which it comes; errors do not reach us.
    pub(super) fn write(&self, fact: &Fact) {
        dispatcher::with_default(&self.dispatch, || send(fact));
    }
}

fn send(fact: &Fact) {
    let text = fact.to_string();
    let fields = fact.fields();
    // A level is part of an event's place in the program, so there is one place for each. A field that is `None` is
    // not sent.
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "ldirectord",
                tracing::Level::$level,
                MESSAGE_ID = fact.message_id(),
                LDIRECTORD_VIRTUAL = fields.virtual_id.as_deref(),
                LDIRECTORD_REAL = fields.real.as_deref(),
                LDIRECTORD_CHECK = fields.check,
                LDIRECTORD_OLD_STATE = fields.old_state,
                LDIRECTORD_NEW_STATE = fields.new_state,
                LDIRECTORD_REASON = fields.reason.as_deref(),
                LDIRECTORD_REASON_KIND = fields.reason_kind,
                LDIRECTORD_WEIGHT = fields.weight,
                message = text.trim_end(),
            )
        };
    }
    match fact.severity() {
        Severity::Error => event!(ERROR),
        Severity::Warning => event!(WARN),
        Severity::Notice => event!(INFO),
        Severity::Info => event!(DEBUG),
    }
}
