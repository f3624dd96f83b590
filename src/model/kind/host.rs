//! Checks that ask the host, or a program of the administrator's.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use crate::model::{Command, VirtualId};

/// Echo requests (RFC 792, RFC 4443).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PingCheck {
    /// So many are sent at most (`checkcount`).
    pub tries: NonZeroU32,
    /// How long an answer is waited for until the next one is sent (`checktimeout`).
    pub patience: Duration,
}

/// A program that is told which server it is about, and says with its exit status how that is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalCheck {
    /// The program, with the arguments that are configured (`checkcommand`).
    pub command: Arc<Command>,
    /// It is a file for Perl (`checktype = external-perl`).
    pub perl: bool,
    /// For which virtual service it asks.
    pub virtual_id: VirtualId,
}

impl ExternalCheck {
    /// How long one that has not ended in time has to end after SIGTERM, before SIGKILL.
    pub const GRACE: Duration = Duration::from_secs(1);

    /// What it is told, behind its own arguments: virtual service, port, server, port. As in the reference a firewall
    /// mark is its number with port 0, a server without a port has port 0, and an address of IPv6 has brackets.
    #[must_use]
    pub fn arguments(&self, server: SocketAddr) -> [String; 4] {
        let address = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let (virtual_server, port) = match self.virtual_id {
            VirtualId::Addr { address: at, .. } => (address(at.ip()), at.port()),
            VirtualId::FwMark { mark, .. } => (mark.to_string(), 0),
        };
        [virtual_server, port.to_string(), address(server.ip()), server.port().to_string()]
    }
}
