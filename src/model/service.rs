//! Virtual services and their real servers, with every default already resolved.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use super::{CheckSpec, Command, Forward, RealId, SchedulerFlags, Service, VirtualId};

/// A virtual service: the address clients talk to, and the real servers behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Virtual {
    /// Which service.
    pub id: VirtualId,
    /// What people call it (`servicename`).
    pub name: Option<Arc<str>>,
    /// What people have to say of it (`comment`).
    pub comment: Option<Arc<str>>,
    /// The kernel's scheduler, e.g. `wrr`.
    pub scheduler: Arc<str>,
    /// What the scheduler is asked to do otherwise than usual (`schedflags`).
    pub flags: SchedulerFlags,
    /// Each packet is scheduled by itself (`ops`); UDP only.
    pub one_packet: bool,
    /// Clients stay with their server, if configured.
    pub persistence: Option<Persistence>,
    /// A failed server stays in the table with weight 0, rather than being removed.
    pub quiescent: bool,
    /// A stop removes the service from the table.
    pub cleanstop: bool,
    /// Takes the traffic while no real server can.
    pub fallback: Option<Fallback>,
    /// Is told when no real server serves, and when one does again (`fallbackcommand`).
    pub fallback_command: Option<FallbackCommand>,
    /// How many verdicts in a row take a server out or bring it in.
    pub hysteresis: Hysteresis,
    /// What a server counts as before its first verdict.
    pub start_state: StartState,
    /// The application protocol that is checked.
    pub service: Service,
    /// The `checktype` as people write it: `negotiate`, `connect`, `on`, `off`, or a number.
    pub check_type: Arc<str>,
    /// The real servers, in the order of the configuration. No two have the same identity.
    pub reals: Vec<Real>,
}

/// What a real server that is new counts as until it has been checked (`start-state`). One that serves in the table
/// already is up whatever this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StartState {
    /// Unknown: it serves once it has passed (`check`).
    #[default]
    Check,
    /// Up: it serves at once, and has to fail like any other before it is out (`up`).
    Up,
    /// Down: it is out like one that has failed, and has to pass before it serves (`down`).
    Down,
}

/// How many verdicts in a row it takes to change the state of a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hysteresis {
    /// Failures that take it out (`fall`, formerly `failurecount`).
    pub fall: NonZeroU32,
    /// Good checks that bring it in (`rise`).
    pub rise: NonZeroU32,
}

impl Default for Hysteresis {
    /// Each verdict counts at once, as in the reference.
    fn default() -> Self {
        Self { fall: NonZeroU32::MIN, rise: NonZeroU32::MIN }
    }
}

/// Persistence of a virtual service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Persistence {
    /// How long a client's next connection goes to the same server (`ipvsadm -p`), whole seconds.
    pub timeout: Duration,
    /// Clients that share this network are one client (`ipvsadm -M`). `None` is the single address.
    pub netmask: Option<Netmask>,
    /// What tells clients apart, if not their addresses (`ipvsadm --pe`).
    pub engine: Option<PersistenceEngine>,
}

/// What tells clients of a persistent service apart, in the place of their addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersistenceEngine {
    /// The Call-ID of SIP over UDP.
    Sip,
}

impl fmt::Display for PersistenceEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sip => "sip",
        })
    }
}

/// Granularity of persistence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Netmask {
    /// IPv4, dotted quad.
    V4(Ipv4Addr),
    /// IPv6, prefix length 1 to 128.
    V6(u8),
}

impl fmt::Display for Netmask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(mask) => mask.fmt(f),
            Self::V6(prefix) => prefix.fmt(f),
        }
    }
}

/// The server of last resort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fallback {
    /// Its address and port.
    pub address: SocketAddr,
    /// How packets reach it.
    pub forward: Forward,
}

/// A program that is told when no real server of a service serves, and when one does again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FallbackCommand {
    /// The program; `start` or `stop`, the service and its protocol follow its own arguments.
    pub command: Arc<Command>,
    /// It is told `stop` too when the service leaves the table while it had been told `start`.
    pub on_stop: bool,
}

/// How many connections a real server takes before new ones pass it by (`ipvsadm -x` and `-y`). Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thresholds {
    /// With this many connections it gets no new ones.
    pub upper: u32,
    /// It gets new ones again once it has fewer than this; zero is three quarters of `upper` (ipvsadm(8)).
    pub lower: u32,
}

/// A real server of one virtual service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Real {
    /// Its address and port, as configured.
    pub id: RealId,
    /// How packets reach it.
    pub forward: Forward,
    /// Its share of the traffic while it is up.
    pub weight: u16,
    /// How many connections it takes while it is up.
    pub thresholds: Thresholds,
    /// How its health is known.
    pub check: Check,
}

/// How the health of a real server is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// `checktype=on`: it always counts as up.
    On,
    /// `checktype=off`: it never counts as up, and the fallback takes its place.
    Off,
    /// It is asked.
    Probe(Arc<CheckSpec>),
}
