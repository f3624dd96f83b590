//! Identities of virtual services and real servers, each with one canonical text form.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    str::FromStr,
};

/// Transport protocol of a virtual service that is an address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP (`ipvsadm -t`).
    Tcp,
    /// UDP (`ipvsadm -u`).
    Udp,
    /// SCTP (`ipvsadm --sctp-service`).
    Sctp,
}

/// Address family. IPVS keeps firewall-mark services of the two families apart, even under one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6 (`ipvsadm -6`).
    V6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// A virtual service, as the kernel's IPVS table tells one from another.
///
/// The canonical text is the reference's: `tcp:192.0.2.1:80`, `udp:[2001:db8::1]:53`, `fwm:5`, `fwm6:5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VirtualId {
    /// An address, port and protocol.
    Addr {
        /// Transport protocol.
        protocol: Protocol,
        /// Virtual address and port.
        address: SocketAddr,
    },
    /// A firewall mark, set by netfilter on the packets that belong to the service.
    FwMark {
        /// The mark; zero is "no mark" in the kernel and so not a service.
        mark: NonZeroU32,
        /// Family of the packets.
        family: Family,
    },
}

impl VirtualId {
    /// The port of the service; zero for a firewall mark, as the kernel has it.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Addr { address, .. } => address.port(),
            Self::FwMark { .. } => 0,
        }
    }

    /// The address family of the service.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Addr { address, .. } => Family::of(address.ip()),
            Self::FwMark { family, .. } => family,
        }
    }

    /// The service as the reference prints it in its log: `192.0.2.1:80`, or the bare mark.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Addr { address, .. } => address.to_string(),
            Self::FwMark { mark, .. } => mark.to_string(),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

impl fmt::Display for VirtualId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addr { protocol, address } => write!(f, "{protocol}:{address}"),
            Self::FwMark { mark, family: Family::V4 } => write!(f, "fwm:{mark}"),
            Self::FwMark { mark, family: Family::V6 } => write!(f, "fwm6:{mark}"),
        }
    }
}

/// Why a text is not the canonical form of an identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not the name of a virtual service (tcp:ADDRESS:PORT, the same with udp or sctp, fwm:MARK or fwm6:MARK)"
)]
pub struct ParseIdError(String);

impl FromStr for VirtualId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseIdError(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        let addr =
            |protocol| rest.parse().map(|address| Self::Addr { protocol, address }).map_err(|_| wrong());
        let mark = |family| rest.parse().map(|mark| Self::FwMark { mark, family }).map_err(|_| wrong());
        match kind {
            "tcp" => addr(Protocol::Tcp),
            "udp" => addr(Protocol::Udp),
            "sctp" => addr(Protocol::Sctp),
            "fwm" => mark(Family::V4),
            "fwm6" => mark(Family::V6),
            _ => Err(wrong()),
        }
    }
}

/// A real server inside a virtual service: its address and port. Text form `192.0.2.1:80`, `[2001:db8::1]:80`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealId(pub SocketAddr);

impl fmt::Display for RealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_names_round_trip() {
        for text in
            ["tcp:192.0.2.1:80", "udp:[2001:db8::1]:53", "sctp:192.0.2.1:2905", "fwm:5", "fwm6:4294967295"]
        {
            let id: VirtualId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_service_is_refused() {
        for text in ["", "tcp", "tcp:192.0.2.1", "fwm:0", "fwm:x", "dccp:192.0.2.1:80", "tcp:2001:db8::1:80"]
        {
            assert!(text.parse::<VirtualId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mark_has_port_zero_and_its_number_as_label() {
        let id: VirtualId = "fwm6:7".parse().unwrap();
        assert_eq!((id.port(), id.family(), id.label()), (0, Family::V6, "7".to_owned()));
    }
}
