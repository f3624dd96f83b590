//! Changes that `ipvsadm` and the kernel refuse by their looks alone, whatever is in the table.
//!
//! They must not get into a batch: for most of them `ipvsadm --restore` ends at once, and the changes after it would
//! be lost.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Dest, Op, ServiceSettings};
use crate::model::{Family, Netmask, Persistence, RealId, Thresholds, VirtualId};

/// The longest persistence that `ipvsadm` takes: 31 days.
const LONGEST_PERSISTENCE: u64 = 31 * 86_400;
/// The longest name of a scheduler that the kernel has room for.
const LONGEST_SCHEDULER: usize = 15;

/// Why a change would be refused, in the words of `ipvsadm` where it has some.
#[must_use]
pub fn refusal(op: &Op) -> Option<&'static str> {
    match op {
        Op::AddService(id, settings) | Op::EditService(id, settings) => of_service(*id, settings),
        Op::AddDest(id, real, dest) | Op::EditDest(id, real, dest) => of_dest(*id, *real, *dest),
        Op::DeleteService(_) | Op::DeleteDest(..) => None,
    }
}

fn of_service(id: VirtualId, settings: &ServiceSettings) -> Option<&'static str> {
    let name = settings.scheduler.as_bytes();
    if name.len() > LONGEST_SCHEDULER
        || !name.first().is_some_and(u8::is_ascii_alphanumeric)
        || !is_word(name)
    {
        return Some("Scheduler or persistence engine not found");
    }
    if !settings.others.iter().all(|word| is_word(word.as_bytes())) {
        return Some("option that is not one word");
    }
    match (id, settings.persistence) {
        (_, Some(persistence)) => of_persistence(id.family(), persistence),
        (VirtualId::Addr { address, .. }, None) if address.port() == 0 => {
            Some("Zero port specified for non-persistent service")
        }
        (VirtualId::Addr { .. } | VirtualId::FwMark { .. }, None) => None,
    }
}

fn of_persistence(family: Family, persistence: Persistence) -> Option<&'static str> {
    if !(1..=LONGEST_PERSISTENCE).contains(&persistence.timeout.as_secs()) {
        return Some("invalid timeout value specified");
    }
    match (family, persistence.netmask) {
        (_, None) | (Family::V4, Some(Netmask::V4(_))) | (Family::V6, Some(Netmask::V6(1..=128))) => None,
        (Family::V4 | Family::V6, Some(Netmask::V4(_) | Netmask::V6(_))) => Some("invalid netmask specified"),
    }
}

fn of_dest(id: VirtualId, real: RealId, dest: Dest) -> Option<&'static str> {
    let address = real.0.ip();
    if Family::of(address) != id.family() && !dest.forward.is_tunnel() {
        return Some("Different address family is allowed only for tunneling servers");
    }
    let unicast = match address {
        IpAddr::V4(v4) => !v4.is_multicast() && !matches!(v4, Ipv4Addr::UNSPECIFIED | Ipv4Addr::BROADCAST),
        IpAddr::V6(v6) => !v6.is_multicast() && v6 != Ipv6Addr::UNSPECIFIED,
    };
    if !unicast {
        return Some("Invalid operation.  Possibly wrong module version, address not unicast, ...");
    }
    let Thresholds { upper, lower } = dest.thresholds;
    (lower > upper).then_some("Numerical result out of range (the lower threshold is above the upper one)")
}

/// Whether `ipvsadm --restore` reads it as one word.
fn is_word(word: &[u8]) -> bool {
    !word.is_empty()
        && word.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\' | b'#'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Forward;

    fn settings(scheduler: &str) -> ServiceSettings {
        ServiceSettings { scheduler: scheduler.into(), ..ServiceSettings::default() }
    }

    fn lasting(seconds: u64, netmask: Option<Netmask>) -> ServiceSettings {
        let persistence = Some(Persistence { timeout: Duration::from_secs(seconds), netmask, engine: None });
        ServiceSettings { persistence, ..settings("rr") }
    }

    fn service(id: &str, settings: ServiceSettings) -> bool {
        refusal(&Op::AddService(id.parse().unwrap(), settings)).is_some()
    }

    fn dest(id: &str, real: &str, forward: Forward) -> bool {
        let dest = Dest::new(forward, 1);
        refusal(&Op::EditDest(id.parse().unwrap(), RealId(real.parse().unwrap()), dest)).is_some()
    }

    #[test]
    fn services() {
        assert!(!service("tcp:192.0.2.1:80", settings("wrr")));
        for name in ["", "-D", "w rr", "wrr\n-C", "\"rr", "sixteen-letters-"] {
            assert!(service("tcp:192.0.2.1:80", settings(name)), "{name}");
        }
        assert!(service("tcp:192.0.2.1:0", settings("rr")));
        assert!(!service("tcp:192.0.2.1:0", lasting(10, None)));
        assert!(!service("fwm:1", settings("rr")));
        assert!(service("fwm:1", ServiceSettings { others: vec!["-b a".into()], ..settings("rr") }));
    }

    #[test]
    fn persistence() {
        assert!(service("fwm:1", lasting(0, None)));
        assert!(!service("fwm:1", lasting(LONGEST_PERSISTENCE, None)));
        assert!(service("fwm:1", lasting(LONGEST_PERSISTENCE + 1, None)));
        let v4 = Some(Netmask::V4(Ipv4Addr::UNSPECIFIED));
        assert!(!service("fwm:1", lasting(10, v4)));
        assert!(service("fwm6:1", lasting(10, v4)));
        assert!(service("fwm:1", lasting(10, Some(Netmask::V6(64)))));
        assert!(!service("fwm6:1", lasting(10, Some(Netmask::V6(64)))));
        assert!(service("fwm6:1", lasting(10, Some(Netmask::V6(129)))));
    }

    #[test]
    fn destinations() {
        assert!(!dest("fwm:1", "10.0.0.1:80", Forward::Masq));
        assert!(dest("fwm6:1", "10.0.0.1:80", Forward::Masq));
        for tunnel in ["ipip", "gre", "gue:6080"] {
            assert!(!dest("fwm6:1", "10.0.0.1:80", tunnel.parse().unwrap()), "{tunnel}");
        }
        for address in ["0.0.0.0:1", "224.0.0.1:1", "255.255.255.255:1", "[::]:1", "[ff02::1]:1"] {
            assert!(dest("fwm:1", address, Forward::Ipip), "{address}");
        }
    }
}
