//! Virtual services and their real servers, with every default already resolved.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use super::{CheckSpec, Forward, RealId, SchedulerFlags, Service, VirtualId};

/// A virtual service: the address clients talk to, and the real servers behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Virtual {
    /// Which service.
    pub id: VirtualId,
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
    /// Consecutive failures that take a server out.
    pub failure_count: NonZeroU32,
    /// The application protocol that is checked.
    pub service: Service,
    /// The `checktype` as people write it: `negotiate`, `connect`, `on`, `off`, or a number.
    pub check_type: Arc<str>,
    /// What people call it (`servicename`).
    pub name: Option<Arc<str>>,
    /// What people say about it (`comment`).
    pub comment: Option<Arc<str>>,
    /// The real servers, in the order of the configuration. No two have the same identity.
    pub reals: Vec<Real>,
}

/// Persistence of a virtual service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Persistence {
    /// How long a client's next connection goes to the same server (`ipvsadm -p`), whole seconds.
    pub timeout: Duration,
    /// Clients that share this network are one client (`ipvsadm -M`). `None` is the single address.
    pub netmask: Option<Netmask>,
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
