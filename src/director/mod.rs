//! The decisions. Synchronous and deterministic: events in, effects out, both plain values.
//!
//! Knows the model, health, the plan and the table as a value. Must not know tokio, sockets, files, clocks,
//! configuration text or the bus. Whoever hands in events hands in the time with them.

mod advice;
mod alerts;
mod certificates;
mod checks;
mod configure;
mod core;
mod effect;
mod event;
mod execute;
mod fact;
mod fallback;
mod hook;
mod lifecycle;
mod mail;
mod maintenance;
mod monitored;
mod outbox;
mod preview;
mod punctuality;
mod rows;
mod snapshot;
mod structured;
mod table;
mod timeouts;
mod words;

pub use self::core::{Director, Start};
pub use effect::{CheckId, Effect, Phase};
pub use event::{Command, Event, Now, Refusal, Rejection, Ticket};
pub use fact::{Fact, Occasion};
pub use hook::{Action, Hook, Order, Slot};
pub use mail::{Mail, MailLine};
pub use monitored::Monitored;
pub use preview::{Joining, Known, Preview, preview};
pub use punctuality::Starts;
pub use snapshot::{ConfigState, Meter, RealRow, Snapshot, VirtualRow};
pub use structured::{FactFields, Severity};
