//! The table as a value, and the changes one can make to it.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc, time::Duration};

use super::refusal::refusal;
use crate::model::{Forward, Netmask, Persistence, RealId, SchedulerFlags, Thresholds, VirtualId};

/// A table, or the part of one that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(pub BTreeMap<VirtualId, Service>);

/// A virtual service in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What is set for the service as a whole.
    pub settings: ServiceSettings,
    /// Its destinations, under the address and port that the kernel shows.
    pub dests: BTreeMap<RealId, Dest>,
}

/// What is set for a virtual service as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Scheduler, e.g. `wrr`.
    pub scheduler: Arc<str>,
    /// Persistence, if any.
    pub persistence: Option<Persistence>,
    /// Each packet is scheduled by itself (`-o`).
    pub one_packet: bool,
    /// Flags of the scheduler (`-b`).
    pub flags: SchedulerFlags,
    /// Settings that the kernel has and the configuration cannot name, as words of `ipvsadm` (e.g. `--pe`, `sip`).
    /// Wanted services have none, so a foreign one is seen as a difference.
    pub others: Vec<String>,
}

/// A destination: a real server as the table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dest {
    /// Forwarding method.
    pub forward: Forward,
    /// Weight; 0 takes no new connections.
    pub weight: u16,
    /// How many connections it takes.
    pub thresholds: Thresholds,
}

impl Dest {
    /// A destination without thresholds.
    #[must_use]
    pub fn new(forward: Forward, weight: u16) -> Self {
        Self { forward, weight, thresholds: Thresholds::default() }
    }
}

/// One change to the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Add a virtual service without destinations (`ipvsadm -A`).
    AddService(VirtualId, ServiceSettings),
    /// Change a virtual service, keeping its destinations (`ipvsadm -E`).
    EditService(VirtualId, ServiceSettings),
    /// Remove a virtual service with all its destinations (`ipvsadm -D`).
    DeleteService(VirtualId),
    /// Add a destination (`ipvsadm -a`).
    AddDest(VirtualId, RealId, Dest),
    /// Change a destination (`ipvsadm -e`).
    EditDest(VirtualId, RealId, Dest),
    /// Remove a destination (`ipvsadm -d`).
    DeleteDest(VirtualId, RealId),
}

impl Op {
    /// The virtual service concerned.
    #[must_use]
    pub fn virtual_id(&self) -> VirtualId {
        match self {
            Self::AddService(id, _)
            | Self::EditService(id, _)
            | Self::DeleteService(id)
            | Self::AddDest(id, ..)
            | Self::EditDest(id, ..)
            | Self::DeleteDest(id, _) => *id,
        }
    }
}

impl Table {
    /// Carries out one change as the kernel does.
    ///
    /// # Errors
    /// What the kernel would refuse, in the words `ipvsadm` has for it; the table is as before.
    pub fn apply(&mut self, op: &Op) -> Result<(), &'static str> {
        const NO_SERVICE: &str = "No such service";
        const NO_DEST: &str = "No such destination";
        if let Some(why) = refusal(op) {
            return Err(why);
        }
        match op {
            Op::AddService(id, settings) => {
                if self.0.contains_key(id) {
                    return Err("Service already exists");
                }
                self.0.insert(*id, Service { settings: kernel_settings(settings), dests: BTreeMap::new() });
            }
            Op::EditService(id, settings) => {
                self.0.get_mut(id).ok_or(NO_SERVICE)?.settings = kernel_settings(settings);
            }
            Op::DeleteService(id) => {
                self.0.remove(id).ok_or(NO_SERVICE)?;
            }
            Op::AddDest(id, real, dest) => {
                let service = self.0.get_mut(id).ok_or("Service not defined")?;
                let real = kernel_id(*id, *real, dest.forward);
                if service.dests.contains_key(&real) {
                    return Err("Destination already exists");
                }
                service.dests.insert(real, *dest);
            }
            Op::EditDest(id, real, dest) => {
                let service = self.0.get_mut(id).ok_or("Service not defined")?;
                let real = kernel_id(*id, *real, dest.forward);
                *service.dests.get_mut(&real).ok_or(NO_DEST)? = *dest;
            }
            Op::DeleteDest(id, real) => {
                let service = self.0.get_mut(id).ok_or("Service not defined")?;
                service.dests.remove(real).ok_or(NO_DEST)?;
            }
        }
        Ok(())
    }
}

/// The address under which the kernel stores a destination: without masquerading the packet's port is not changed,
/// so the port is always the service's, whatever was asked for (ipvsadm(8), `-r`). A firewall mark stands for many
/// ports; there the port stays what was asked for, and means nothing.
#[must_use]
pub fn kernel_id(service: VirtualId, real: RealId, forward: Forward) -> RealId {
    match (service, forward) {
        (VirtualId::Addr { .. }, Forward::Masq) | (VirtualId::FwMark { .. }, _) => real,
        (
            VirtualId::Addr { address, .. },
            Forward::Gate | Forward::Ipip | Forward::Gre { .. } | Forward::Gue { .. } | Forward::Local,
        ) => RealId((real.0.ip(), address.port()).into()),
    }
}

/// The settings as they read back from the kernel: a mask that takes every bit is no mask, and time is in seconds.
#[must_use]
pub fn kernel_settings(settings: &ServiceSettings) -> ServiceSettings {
    let persistence = settings.persistence.map(|persistence| Persistence {
        timeout: Duration::from_secs(persistence.timeout.as_secs()),
        netmask: persistence
            .netmask
            .filter(|mask| !matches!(mask, Netmask::V4(Ipv4Addr::BROADCAST) | Netmask::V6(128))),
        engine: persistence.engine,
    });
    ServiceSettings { persistence, ..settings.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> VirtualId {
        "tcp:192.0.2.1:80".parse().unwrap()
    }

    fn settings() -> ServiceSettings {
        ServiceSettings { scheduler: "wrr".into(), ..ServiceSettings::default() }
    }

    #[test]
    fn gate_takes_the_port_of_the_service_and_masq_keeps_its_own() {
        let mut table = Table::default();
        let real = RealId("10.9.9.7:8080".parse().unwrap());
        table.apply(&Op::AddService(id(), settings())).unwrap();
        table.apply(&Op::AddDest(id(), real, Dest::new(Forward::Gate, 1))).unwrap();
        table.apply(&Op::AddDest(id(), real, Dest::new(Forward::Masq, 1))).unwrap();
        let shown: Vec<String> = table.0[&id()].dests.keys().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.9.9.7:80", "10.9.9.7:8080"]);
    }

    #[test]
    fn a_mark_leaves_the_port_as_it_was_asked_for() {
        let real = RealId("10.9.9.7:8080".parse().unwrap());
        for forward in [Forward::Gate, Forward::Masq, Forward::Ipip] {
            assert_eq!(kernel_id("fwm:7".parse().unwrap(), real, forward), real);
        }
    }

    #[test]
    fn the_mask_of_a_single_address_is_no_mask() {
        let mut table = Table::default();
        for (id, mask) in
            [(id(), Netmask::V4(Ipv4Addr::BROADCAST)), ("fwm6:7".parse().unwrap(), Netmask::V6(128))]
        {
            let persistence = Some(Persistence {
                timeout: Duration::from_millis(60_500),
                netmask: Some(mask),
                engine: None,
            });
            table.apply(&Op::AddService(id, ServiceSettings { persistence, ..settings() })).unwrap();
            let shown = table.0[&id].settings.persistence;
            assert_eq!(
                shown,
                Some(Persistence { timeout: Duration::from_secs(60), netmask: None, engine: None })
            );
        }
    }

    #[test]
    fn the_kernel_refuses_what_is_twice_or_not_there() {
        let mut table = Table::default();
        let real = RealId("10.0.0.1:80".parse().unwrap());
        let dest = Dest::new(Forward::Masq, 1);
        assert!(table.apply(&Op::AddDest(id(), real, dest)).is_err());
        assert!(table.apply(&Op::DeleteService(id())).is_err());
        table.apply(&Op::AddService(id(), settings())).unwrap();
        assert!(table.apply(&Op::AddService(id(), settings())).is_err());
        assert!(table.apply(&Op::EditDest(id(), real, dest)).is_err());
        table.apply(&Op::AddDest(id(), real, dest)).unwrap();
        assert!(table.apply(&Op::AddDest(id(), real, dest)).is_err());
    }
}
