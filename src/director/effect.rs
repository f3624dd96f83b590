//! What the director wants done.

use std::{sync::Arc, time::Duration};

use crate::{
    ipvs::Table,
    model::{CheckSpec, IpvsTimeouts, VirtualId},
    plan::Wanted,
};

use super::{Fact, Hook, Meter, Refusal, Ticket};

/// One thing to do. The shell carries them out in order.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Read the configuration and the table; answer with `Event::Loaded` or `Event::Rejected`.
    Load,
    /// Run a check from now on.
    StartProbe(CheckId, Arc<CheckSpec>, Arc<Meter>),
    /// Run it at this interval from now on, counted from its last start.
    PaceProbe(CheckId, Duration),
    /// Run it no longer; a verdict that is under way is dropped.
    StopProbe(CheckId),
    /// The table was seen to have this, before these services are wanted for the first time.
    Saw(Arc<Table>, Vec<VirtualId>),
    /// The table shall have this service like this.
    Want {
        /// Which service.
        id: VirtualId,
        /// Like what.
        wanted: Arc<Wanted>,
        /// Others' servers in it and weights set by hand are put right too (start and reload).
        enforce: bool,
    },
    /// How often the table is compared as a whole.
    Resync(Option<Duration>),
    /// The kernel shall keep connections so long; answered with `Event::Timeouts`.
    Timeouts(IpvsTimeouts),
    /// Tell people.
    Tell(Fact),
    /// The snapshot has changed; publish it soon.
    Publish,
    /// Answer who waits.
    Answer(Ticket, Result<(), Refusal>),
    /// Run a program of the administrator's.
    Run(Hook),
    /// Tell the service manager.
    Notify(Phase),
    /// All is done: end, with success or for this reason.
    Exit(Result<(), Arc<str>>),
}

/// A running check: a dense index, given out by the director.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(pub u32);

/// What the service manager is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The farm is served.
    Ready,
    /// A new configuration is being taken.
    Reloading,
    /// The end has begun.
    Stopping,
}
