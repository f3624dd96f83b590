//! Names on the bus and paths of objects.
//!
//! A path element is the identity's parts joined by underscores: `tcp_192_0_2_1_80`, `fwm_5`, and with IPv6 all eight
//! groups in full, `tcp_2001_db8_0_0_0_0_0_1_80`. No part holds an underscore and the number of parts tells what they
//! are, so that no two identities share an element, and an element is read back without a table.

use std::{
    fmt::{self, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    str::FromStr,
};

use crate::model::{Family, Protocol, RealId, VirtualId};

/// The well-known name without its instance; interfaces and errors begin with it too.
pub const PREFIX: &str = "org.linuxvirtualserver.Ldirectord1";

/// The path of the root object, the prefix in path form.
pub const ROOT: &str = "/org/linuxvirtualserver/Ldirectord1";

/// The well-known name of an instance.
#[must_use]
pub fn bus_name(instance: &str) -> String {
    format!("{PREFIX}.{}", label(instance))
}

/// The path of a virtual service's object.
#[must_use]
pub fn virtual_path(id: VirtualId) -> String {
    format!("{ROOT}/{}", VirtualElement(id))
}

/// The path of a real server's object.
#[must_use]
pub fn real_path(virtual_id: VirtualId, real: RealId) -> String {
    format!("{ROOT}/{}/{}", VirtualElement(virtual_id), RealElement(real))
}

/// Any text as one element of a bus name, by systemd's rule for bus labels: what is no letter or digit is `_` and two
/// hexadecimal digits, a leading digit too, and the empty text is `_`. No two texts share a label.
fn label(text: &str) -> String {
    if text.is_empty() {
        return "_".to_owned();
    }
    let mut label = String::with_capacity(text.len());
    for (i, byte) in text.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (i > 0 && byte.is_ascii_digit()) {
            label.push(char::from(byte));
        } else {
            let _ = write!(label, "_{byte:02x}");
        }
    }
    label
}

/// What a path stands for, whether or not there is such an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'p> {
    /// An ancestor of the root object, with the name of the next element on the way to it.
    Above(&'p str),
    /// The root object.
    Root,
    /// A virtual service's object.
    Virtual(VirtualId),
    /// A real server's object.
    Real(VirtualId, RealId),
    /// Nothing of ours.
    Nowhere,
}

/// Reads a path.
pub(super) fn locate(path: &str) -> Place<'_> {
    let Some(below) = path.strip_prefix(ROOT) else {
        return above(path).map_or(Place::Nowhere, Place::Above);
    };
    if below.is_empty() {
        return Place::Root;
    }
    let place = below.strip_prefix('/').and_then(|below| match below.split_once('/') {
        None => Some(Place::Virtual(read(below, parse_virtual, VirtualElement)?)),
        Some((service, real)) => Some(Place::Real(
            read(service, parse_virtual, VirtualElement)?,
            read(real, |parts| parse_address(parts).map(RealId), RealElement)?,
        )),
    });
    place.unwrap_or(Place::Nowhere)
}

/// The next element after `path` on the way to the root object, if it is an ancestor of it.
fn above(path: &str) -> Option<&'static str> {
    let rest = if path == "/" { ROOT } else { ROOT.strip_prefix(path)? };
    rest.strip_prefix('/')?.split('/').next()
}

/// Reads one element. Only the canonical form counts (`080` is no port): one object has one path.
fn read<T: Copy, E: fmt::Display>(
    element: &str,
    parse: impl Fn(&[&str]) -> Option<T>,
    show: impl Fn(T) -> E,
) -> Option<T> {
    let parts: Vec<&str> = element.split('_').collect();
    parse(&parts).filter(|&id| show(id).to_string() == element)
}

fn parse_virtual(parts: &[&str]) -> Option<VirtualId> {
    let (&kind, rest) = parts.split_first()?;
    let addr = |protocol| Some(VirtualId::Addr { protocol, address: parse_address(rest)? });
    let mark = |family| match rest {
        [mark] => Some(VirtualId::FwMark { mark: mark.parse().ok()?, family }),
        _ => None,
    };
    match kind {
        "tcp" => addr(Protocol::Tcp),
        "udp" => addr(Protocol::Udp),
        "sctp" => addr(Protocol::Sctp),
        "fwm" => mark(Family::V4),
        "fwm6" => mark(Family::V6),
        _ => None,
    }
}

fn parse_address(parts: &[&str]) -> Option<SocketAddr> {
    match parts {
        [ip @ .., port] if ip.len() == 4 => {
            let ip: [u8; 4] = numbers(ip, |part| part.parse().ok())?;
            Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(ip)), port.parse().ok()?))
        }
        [ip @ .., port] if ip.len() == 8 => parse_v6(ip, port, 0),
        [ip @ .., port, scope] if ip.len() == 8 => parse_v6(ip, port, u32::from_str(scope).ok()?),
        _ => None,
    }
}

fn parse_v6(ip: &[&str], port: &str, scope: u32) -> Option<SocketAddr> {
    let ip: [u16; 8] = numbers(ip, |part| u16::from_str_radix(part, 16).ok())?;
    Some(SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::from(ip), port.parse().ok()?, 0, scope)))
}

fn numbers<T, const N: usize>(parts: &[&str], parse: impl Fn(&str) -> Option<T>) -> Option<[T; N]> {
    let numbers: Option<Vec<T>> = parts.iter().map(|part| parse(part)).collect();
    numbers?.try_into().ok()
}

/// A virtual service as a path element.
pub(super) struct VirtualElement(pub(super) VirtualId);

impl fmt::Display for VirtualElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            VirtualId::Addr { protocol, address } => write!(f, "{protocol}_{}", RealElement(RealId(address))),
            VirtualId::FwMark { mark, family: Family::V4 } => write!(f, "fwm_{mark}"),
            VirtualId::FwMark { mark, family: Family::V6 } => write!(f, "fwm6_{mark}"),
        }
    }
}

/// A real server as a path element.
pub(super) struct RealElement(pub(super) RealId);

impl fmt::Display for RealElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.0 {
            SocketAddr::V4(address) => {
                for byte in address.ip().octets() {
                    write!(f, "{byte}_")?;
                }
                write!(f, "{}", address.port())
            }
            SocketAddr::V6(address) => {
                for group in address.ip().segments() {
                    write!(f, "{group:x}_")?;
                }
                write!(f, "{}", address.port())?;
                match address.scope_id() {
                    0 => Ok(()),
                    scope => write!(f, "_{scope}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn real(text: &str) -> RealId {
        RealId(text.parse().unwrap())
    }

    #[test]
    fn elements_are_readable() {
        for (id, element) in [
            ("tcp:192.0.2.1:80", "tcp_192_0_2_1_80"),
            ("udp:[2001:db8::1]:53", "udp_2001_db8_0_0_0_0_0_1_53"),
            ("sctp:192.0.2.1:2905", "sctp_192_0_2_1_2905"),
            ("fwm:5", "fwm_5"),
            ("fwm6:5", "fwm6_5"),
        ] {
            assert_eq!(virtual_path(id.parse().unwrap()), format!("{ROOT}/{element}"));
        }
        let path = real_path("fwm:5".parse().unwrap(), real("192.168.0.1:80"));
        assert_eq!(path, format!("{ROOT}/fwm_5/192_168_0_1_80"));
    }

    #[test]
    fn instances_become_labels_as_systemd_writes_them() {
        for (instance, element) in [
            ("ldirectord", "ldirectord"),
            ("www", "www"),
            ("my-site", "my_2dsite"),
            ("my_2dsite", "my_5f2dsite"),
            ("1st", "_31st"),
            ("", "_"),
            ("ä", "_c3_a4"),
        ] {
            assert_eq!(bus_name(instance), format!("{PREFIX}.{element}"));
        }
    }

    #[test]
    fn ancestors_know_the_way_down() {
        assert_eq!(locate("/"), Place::Above("org"));
        assert_eq!(locate("/org"), Place::Above("linuxvirtualserver"));
        assert_eq!(locate("/org/linuxvirtualserver"), Place::Above("Ldirectord1"));
        assert_eq!(locate(ROOT), Place::Root);
        for path in ["/o", "/org/linuxvirtual", "/org/linuxvirtualserver/Ldirectord", "/com"] {
            assert_eq!(locate(path), Place::Nowhere, "{path}");
        }
    }

    #[test]
    fn only_the_canonical_element_is_an_object() {
        for below in [
            "2",
            "/",
            "/tcp",
            "/tcp_192_0_2_1_080",
            "/tcp_192_0_2_1_+80",
            "/tcp_192_0_2_1",
            "/fwm_0",
            "/fwm_05",
            "/tcp_2001_DB8_0_0_0_0_0_1_80",
            "/tcp_2001_db8_0_0_0_0_0_1_80_0",
            "/fwm_5/1_2_3_4_5/6",
            "/fwm_5/",
        ] {
            assert_eq!(locate(&format!("{ROOT}{below}")), Place::Nowhere, "{below}");
        }
    }

    fn address() -> impl Strategy<Value = SocketAddr> {
        let v6 = (any::<[u16; 8]>(), any::<u16>(), prop_oneof![Just(0), any::<u32>()]);
        prop_oneof![
            (any::<[u8; 4]>(), any::<u16>()).prop_map(SocketAddr::from),
            v6.prop_map(|(ip, port, scope)| SocketAddrV6::new(ip.into(), port, 0, scope).into()),
        ]
    }

    fn virtual_id() -> impl Strategy<Value = VirtualId> {
        let protocol = prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp), Just(Protocol::Sctp)];
        let family = prop_oneof![Just(Family::V4), Just(Family::V6)];
        prop_oneof![
            (protocol, address()).prop_map(|(protocol, address)| VirtualId::Addr { protocol, address }),
            (any::<std::num::NonZeroU32>(), family)
                .prop_map(|(mark, family)| VirtualId::FwMark { mark, family }),
        ]
    }

    proptest! {
        /// What can be read back is shared by no two.
        #[test]
        fn paths_are_read_back(service in virtual_id(), real in address()) {
            let path = virtual_path(service);
            prop_assert_eq!(locate(&path), Place::Virtual(service));
            let path = real_path(service, RealId(real));
            prop_assert!(zbus::ObjectPath::try_from(path.as_str()).is_ok());
            prop_assert_eq!(locate(&path), Place::Real(service, RealId(real)));
        }

        #[test]
        fn labels_are_legal_and_read_back(instance in ".*") {
            let name = bus_name(&instance);
            prop_assert!(name.len() > 255 || zbus::names::WellKnownName::try_from(name.as_str()).is_ok());
            let label = name.strip_prefix(PREFIX).unwrap().strip_prefix('.').unwrap();
            let mut bytes = Vec::new();
            let mut rest = if label == "_" { "" } else { label };
            while let Some(c) = rest.chars().next() {
                let taken = if c == '_' { 3 } else { 1 };
                bytes.push(if c == '_' { u8::from_str_radix(&rest[1..3], 16).unwrap() } else { c as u8 });
                rest = &rest[taken..];
            }
            prop_assert_eq!(bytes, instance.as_bytes());
        }
    }
}
