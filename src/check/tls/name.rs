//! The name a TLS server is asked for.

use std::{fmt, net::IpAddr};

/// A `virtualhost` as TLS sees it: without port, brackets and final dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerName<'a> {
    /// A host name.
    Dns(&'a str),
    /// An address.
    Ip(IpAddr),
}

impl<'a> ServerName<'a> {
    /// Reads the value of a Host header (RFC 9110, 7.2): a name or an address, with or without a port.
    #[must_use]
    pub fn from_host(host: &'a str) -> Self {
        // An IPv6 address without brackets is none by the RFC, but what else could it mean?
        if let Ok(address) = host.parse() {
            return Self::Ip(address);
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        match bare.parse() {
            Ok(address) => Self::Ip(address),
            Err(_) => Self::Dns(name.strip_suffix('.').unwrap_or(name)),
        }
    }
}

impl fmt::Display for ServerName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lose_ports_brackets_and_final_dots() {
        for host in ["www.example.com", "www.example.com:8443", "www.example.com.", "www.example.com.:443"] {
            assert_eq!(ServerName::from_host(host), ServerName::Dns("www.example.com"), "{host}");
        }
        let six = ServerName::Ip("2001:db8::1".parse().unwrap());
        for host in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443"] {
            assert_eq!(ServerName::from_host(host), six, "{host}");
        }
        let four = ServerName::Ip("192.0.2.1".parse().unwrap());
        assert_eq!(ServerName::from_host("192.0.2.1"), four);
        assert_eq!(ServerName::from_host("192.0.2.1:443"), four);
    }
}
