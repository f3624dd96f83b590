//! What is asked of servers that mostly speak in datagrams.

use std::{fmt, sync::Arc};

use super::{content::Expected, lines::Bytes, tls::Security};

/// How a question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// In datagrams.
    Udp,
    /// Over a connection.
    Tcp,
}

/// A question to a name server (RFC 1035).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsCheck {
    /// How it travels.
    pub transport: Transport,
    /// Which name is asked for, with or without the dot at its end. For a PTR record of an address it is the name below
    /// `in-addr.arpa` or `ip6.arpa`.
    pub name: String,
    /// Which record.
    pub record: RecordType,
    /// What one of the records must be like, as text; without it any answer without error is good.
    pub expected: Expected,
}

/// The records that a name server can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// An IPv4 address.
    #[default]
    A,
    /// An IPv6 address.
    Aaaa,
    /// Another name for the name.
    Cname,
    /// Where mail for the name goes.
    Mx,
    /// Who serves the zone.
    Ns,
    /// The name of an address.
    Ptr,
    /// The beginning of the zone.
    Soa,
    /// Where a service of the name is.
    Srv,
    /// Some text.
    Txt,
}

impl RecordType {
    /// All of them, with their names (RFC 1035, 3.2.2).
    pub const ALL: [(&'static str, Self); 9] = [
        ("A", Self::A),
        ("AAAA", Self::Aaaa),
        ("CNAME", Self::Cname),
        ("MX", Self::Mx),
        ("NS", Self::Ns),
        ("PTR", Self::Ptr),
        ("SOA", Self::Soa),
        ("SRV", Self::Srv),
        ("TXT", Self::Txt),
    ];
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, record)| record == self).map_or("", |(name, _)| name))
    }
}

/// An OPTIONS request to a SIP server (RFC 3261, 11).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SipCheck {
    /// How it travels.
    pub transport: Transport,
    /// With TLS, from the beginning; over TCP only.
    pub tls: Option<Arc<Security>>,
    /// Who is asked for and asks, e.g. `ldirectord@director`; may be empty.
    pub login: String,
}

/// A datagram that is answered by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UdpCheck {
    /// What is sent; may be empty.
    pub request: Bytes,
    /// What an answer must be like.
    pub expected: Expected,
}
