//! What the table should have for one virtual service. There is no code that "adds the fallback": it is in the
//! wanted service exactly while no real server serves.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    health::{Advice, Mode, State},
    ipvs::{
        Dest, Service, ServiceSettings,
        table::{kernel_id, kernel_settings},
    },
    model::{RealId, Virtual},
};

/// What the table shall have for one virtual service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The service, in the form in which a read-back has it; `None` where it shall not be in the table.
    pub service: Option<Service>,
    /// Destinations that are ours to add and remove: the configured servers and the fallback, under the kernel's
    /// addresses. Others in the service are somebody else's until a start or reload purges them.
    pub ours: BTreeSet<RealId>,
    /// No server is known to serve, and of some nothing is known yet. Until something is, the table keeps what serves
    /// there now, whatever it is: a reload or start that replaces all servers must not leave the service empty. Only
    /// these, which are known not to serve, go at once.
    pub awaits: Option<BTreeSet<RealId>>,
}

impl Wanted {
    /// The service shall leave the table.
    #[must_use]
    pub fn absent() -> Self {
        Self { service: None, ours: BTreeSet::new(), awaits: None }
    }
}

/// What a service has beside its destinations, as the kernel will show it.
#[must_use]
pub fn settings_of(service: &Virtual) -> ServiceSettings {
    kernel_settings(&ServiceSettings {
        scheduler: service.scheduler.clone(),
        persistence: service.persistence,
        one_packet: service.one_packet,
        flags: service.flags,
        others: Vec::new(),
    })
}

/// What there is to know of a real server: how it was found, and what people want of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What checks found.
    pub health: State,
    /// Somebody took it out, whatever checks find.
    pub maintenance: bool,
    /// What its agent advises.
    pub advice: Advice,
}

impl Standing {
    /// Whether it takes traffic.
    #[must_use]
    pub fn serves(self) -> bool {
        self.health.serves() && !self.is_out()
    }

    /// Whether it is kept out, by somebody or by its agent.
    #[must_use]
    pub fn is_out(self) -> bool {
        self.maintenance || self.advice.mode == Mode::Maintenance
    }

    /// Whether nothing is known yet of whether it will.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        !self.is_out() && matches!(self.health, State::Unknown | State::Proving(_))
    }
}

/// The wanted service, given the standing of its real servers in the order of `service.reals`.
#[must_use]
pub fn desired(service: &Virtual, standing: &[Standing]) -> Wanted {
    let mut dests: BTreeMap<RealId, Dest> = BTreeMap::new();
    let (mut ours, mut down) = (BTreeSet::new(), BTreeSet::new());
    let mut unknown = false;
    for (real, standing) in service.reals.iter().zip(standing) {
        let id = kernel_id(service.id, real.id, real.forward);
        ours.insert(id);
        let serves = standing.serves();
        if standing.is_unknown() {
            unknown = true;
        } else if !serves {
            down.insert(id);
        }
        if serves || service.quiescent {
            // One that is out has no thresholds, as in the reference: weight 0 keeps new connections away.
            let dest = if serves {
                let weight = standing.advice.weight(real.weight);
                Dest { forward: real.forward, weight, thresholds: real.thresholds }
            } else {
                Dest::new(real.forward, 0)
            };
            // Two configured servers can be one to the kernel (without masquerading their ports do not count):
            // the one that serves decides.
            let slot = dests.entry(id).or_insert(dest);
            if slot.weight == 0 {
                *slot = dest;
            }
        }
    }
    let none_serves = !standing.iter().any(|standing| standing.serves());
    if let Some(fallback) = service.fallback {
        let id = kernel_id(service.id, RealId(fallback.address), fallback.forward);
        ours.insert(id);
        if none_serves {
            dests.insert(id, Dest::new(fallback.forward, 1));
        }
    }
    let awaits = (none_serves && unknown).then_some(down);
    Wanted { service: Some(Service { settings: settings_of(service), dests }), ours, awaits }
}
