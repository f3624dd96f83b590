//! How packets reach a real server, and what tunnels are made of.

use std::{fmt, num::NonZeroU16, str::FromStr};

/// How packets reach the real server (`ipvsadm` packet-forwarding-method).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Forward {
    /// Direct routing (`-g`), shown as `Route` by ipvsadm.
    Gate,
    /// Masquerading (`-m`).
    Masq,
    /// IP-in-IP tunnel (`-i`).
    Ipip,
    /// Tunnel by Generic Routing Encapsulation, RFC 2784 (`-i --tun-type gre`).
    Gre {
        /// The outer packet has a checksum.
        checksum: bool,
    },
    /// Tunnel by Generic UDP Encapsulation (`-i --tun-type gue`).
    Gue {
        /// The UDP port at which the real server takes it.
        port: NonZeroU16,
        /// What is summed.
        checksum: GueChecksum,
    },
    /// Only ever read from a kernel: the server is the director itself. Never configured.
    Local,
}

/// Checksums of a tunnel of type gue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GueChecksum {
    /// The outer packet has none.
    No,
    /// The outer packet has one.
    Yes,
    /// Remote checksum offload: the real server makes the inner packet's.
    Remote,
}

impl Forward {
    /// Its name, without options.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Masq => "masq",
            Self::Ipip => "ipip",
            Self::Gre { .. } => "gre",
            Self::Gue { .. } => "gue",
            Self::Local => "local",
        }
    }

    /// Whether packets travel in other packets, which may then be of the other family.
    #[must_use]
    pub fn is_tunnel(self) -> bool {
        match self {
            Self::Ipip | Self::Gre { .. } | Self::Gue { .. } => true,
            Self::Gate | Self::Masq | Self::Local => false,
        }
    }

    /// Whether it is a tunnel of another type than the kernel's first, ipip.
    #[must_use]
    pub fn has_tunnel_type(self) -> bool {
        self.is_tunnel() && self != Self::Ipip
    }
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method())?;
        match self {
            Self::Gate | Self::Masq | Self::Ipip | Self::Gre { checksum: false } | Self::Local => Ok(()),
            Self::Gre { checksum: true } => f.write_str(":csum"),
            Self::Gue { port, checksum } => {
                let checksum = match checksum {
                    GueChecksum::No => "",
                    GueChecksum::Yes => ":csum",
                    GueChecksum::Remote => ":remcsum",
                };
                write!(f, ":{port}{checksum}")
            }
        }
    }
}

/// Why a text names no way of forwarding that can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseForwardError {
    /// It begins with none of the methods.
    Method,
    /// `gate`, `masq` and `ipip` stand alone.
    Alone,
    /// What follows `gre` is not one of its checksums.
    Gre,
    /// What follows `gue` is not its port.
    GuePort,
    /// What follows the port of `gue` is not one of its checksums.
    GueChecksum,
}

impl fmt::Display for ParseForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "the forwarding method must be gate, masq, ipip, gre or gue",
            Self::Alone => "only gre and gue have options",
            Self::Gre => "a tunnel of type gre is gre, gre:nocsum or gre:csum",
            Self::GuePort => "a tunnel of type gue needs the UDP port at which the server takes it",
            Self::GueChecksum => "behind the port of gue there can be nocsum, csum or remcsum",
        })
    }
}

impl std::error::Error for ParseForwardError {}

impl FromStr for Forward {
    type Err = ParseForwardError;

    /// Reads what can be configured, in small letters: `gate`, `gre:csum`, `gue:6080:remcsum`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (method, options) = text.split_once(':').map_or((text, None), |(m, rest)| (m, Some(rest)));
        let alone = |forward| if options.is_none() { Ok(forward) } else { Err(ParseForwardError::Alone) };
        match method {
            "gate" => alone(Self::Gate),
            "masq" => alone(Self::Masq),
            "ipip" => alone(Self::Ipip),
            "gre" => match options {
                None | Some("nocsum") => Ok(Self::Gre { checksum: false }),
                Some("csum") => Ok(Self::Gre { checksum: true }),
                Some(_) => Err(ParseForwardError::Gre),
            },
            "gue" => {
                let mut options = options.unwrap_or_default().splitn(2, ':');
                let port = options.next().filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
                let port = port.and_then(|port| port.parse().ok()).ok_or(ParseForwardError::GuePort)?;
                let checksum = match options.next() {
                    None | Some("nocsum") => GueChecksum::No,
                    Some("csum") => GueChecksum::Yes,
                    Some("remcsum") => GueChecksum::Remote,
                    Some(_) => return Err(ParseForwardError::GueChecksum),
                };
                Ok(Self::Gue { port, checksum })
            }
            _ => Err(ParseForwardError::Method),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["gate", "masq", "ipip", "gre", "gre:csum", "gue:6080", "gue:1:csum", "gue:65535:remcsum"]
        {
            assert_eq!(text.parse::<Forward>().unwrap().to_string(), text);
        }
        for (text, shown) in [("gre:nocsum", "gre"), ("gue:06080:nocsum", "gue:6080")] {
            assert_eq!(text.parse::<Forward>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_none_says_why() {
        for (text, why) in [
            ("", ParseForwardError::Method),
            ("local", ParseForwardError::Method),
            ("grey", ParseForwardError::Method),
            ("masq:", ParseForwardError::Alone),
            ("ipip:csum", ParseForwardError::Alone),
            ("gre:", ParseForwardError::Gre),
            ("gre:remcsum", ParseForwardError::Gre),
            ("gre:csum:nocsum", ParseForwardError::Gre),
            ("gue", ParseForwardError::GuePort),
            ("gue:", ParseForwardError::GuePort),
            ("gue:0", ParseForwardError::GuePort),
            ("gue:+80", ParseForwardError::GuePort),
            ("gue:65536", ParseForwardError::GuePort),
            ("gue:csum", ParseForwardError::GuePort),
            ("gue:6080:", ParseForwardError::GueChecksum),
            ("gue:6080:csum:remcsum", ParseForwardError::GueChecksum),
        ] {
            assert_eq!(text.parse::<Forward>(), Err(why), "{text}");
        }
    }
}
