//! What is asked of a real server, and how often. Equality is identity: two real servers with equal
//! specifications share one running check.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use super::kind::{CheckKind, ExternalCheck, PingCheck};

/// One check, complete: whom to ask, what to ask, how often, and how long to wait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckSpec {
    /// Address and port that are asked (the check port where one is configured).
    pub target: SocketAddr,
    /// What is asked.
    pub kind: CheckKind,
    /// Most checks only open a connection (`checktype` with a number).
    pub connects: Option<Connects>,
    /// How the packets leave.
    pub route: Route,
    /// When.
    pub cadence: Cadence,
}

impl CheckSpec {
    /// When it has ended at the latest: a program that does not end in time has a moment more to end in order.
    #[must_use]
    pub fn longest(&self) -> Duration {
        if let CheckKind::External(_) = self.kind {
            self.cadence.deadline + ExternalCheck::GRACE * 2
        } else {
            self.cadence.deadline
        }
    }
}

/// Checks that only open a connection, in between those that ask; or ping, where there are no connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connects {
    /// So many follow each one that asked and passed; one that fails is followed by one that asks.
    pub count: NonZeroU32,
    /// How long each may take (`checktimeout`).
    pub deadline: Duration,
    /// Of a UDP service the host is pinged.
    pub ping: Option<PingCheck>,
}

/// How the packets of a check leave the director, so that they can travel as the clients' do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// The address they come from (`check-source`), of the target's family; else the system's choice.
    pub source: Option<IpAddr>,
    /// The mark they carry, for routing and netfilter (`check-fwmark`, `SO_MARK` of socket(7)).
    pub mark: Option<NonZeroU32>,
}

/// The rhythm of a check. Counts of failures belong to the virtual service, so that a check can be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cadence {
    /// Time from the start of one check to the start of the next (`checkinterval`).
    pub interval: Duration,
    /// The same while the server's state is in question: it has begun to fail, or to pass (`fastinterval`).
    pub fast: Duration,
    /// The same while the server is down (`downinterval`).
    pub down: Duration,
    /// The time between two starts varies by this part of the interval, in percent (`jitter`).
    pub jitter: u8,
    /// The whole check must have ended by then (`checktimeout` or `negotiatetimeout`): one total deadline from the
    /// first packet to the last.
    pub deadline: Duration,
}

impl Cadence {
    /// The same interval whatever the server's state, without jitter.
    #[must_use]
    pub fn steady(interval: Duration, deadline: Duration) -> Self {
        Self { interval, fast: interval, down: interval, jitter: 0, deadline }
    }
}
