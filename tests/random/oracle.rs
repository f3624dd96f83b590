//! What must be true, known without any of the program's own decisions: random configurations, and the table a
//! configuration must lead to once every server has behaved the same way for long enough.

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use ldirectord::{
    ipvs::{Dest, Service, ServiceSettings, Table},
    model::{
        Cadence, Check, CheckKind, CheckSpec, Config, Fallback, Forward, RealId, Service as Protocol,
        Settings, Virtual, VirtualId,
    },
};

use crate::sim::{Behaviour, World};

use super::rng::Rng;

/// The service that belongs to somebody else and must never change.
pub fn foreign() -> (VirtualId, Service) {
    let settings = ServiceSettings { scheduler: "sh".into(), persistence: None, others: Vec::new() };
    let dest = Dest { forward: Forward::Masq, weight: 3 };
    let dests = BTreeMap::from([(RealId(([10, 9, 9, 9], 80).into()), dest)]);
    (virtual_id(99), Service { settings, dests })
}

/// Virtual service number `n`.
pub fn virtual_id(n: u8) -> VirtualId {
    format!("tcp:192.0.2.{}:80", n + 1).parse().expect("an identity")
}

/// Real server number `n`.
pub fn server(n: u8) -> SocketAddr {
    ([10, 0, 0, n + 1], 80).into()
}

/// The configuration of a seed. The same servers recur in all of them, in several services.
pub fn config(seed: u64) -> Arc<Config> {
    let mut rng = Rng::new(seed);
    let interval = Duration::from_secs(rng.of(&[3, 10, 20, 60]));
    let cadence = Cadence { interval, deadline: Duration::from_secs(rng.of(&[1, 3, 10])) };
    let number = |rng: &mut Rng, n: u64| u8::try_from(rng.below(n)).unwrap_or(0);
    let mut virtuals = Vec::new();
    for n in 0..=number(&mut rng, 3) {
        if rng.once_in(6) {
            continue;
        }
        let mut reals = Vec::new();
        for r in 0..8 {
            if rng.once_in(2) {
                continue;
            }
            let target = server(r);
            let kind = CheckKind::Connect;
            let check = match rng.below(12) {
                0 => Check::On,
                1 => Check::Off,
                _ => Check::Probe(Arc::new(CheckSpec { target, kind, cadence })),
            };
            let weight = rng.of(&[1, 1, 2, 5, 0]);
            reals.push(ldirectord::model::Real { id: RealId(target), forward: Forward::Masq, weight, check });
        }
        let address = if rng.once_in(4) { server(number(&mut rng, 8)) } else { ([127, 0, 0, 1], 80).into() };
        let fallback = (!rng.once_in(3)).then_some(Fallback { address, forward: Forward::Masq });
        virtuals.push(Arc::new(Virtual {
            id: virtual_id(n),
            scheduler: rng.of(&["rr", "wrr", "wlc"]).into(),
            persistence: None,
            quiescent: rng.once_in(2),
            cleanstop: true,
            fallback,
            failure_count: NonZeroU32::new(u32::from(1 + number(&mut rng, 3))).expect("not zero"),
            service: Protocol::None,
            check_type: "connect",
            reals,
        }));
    }
    let settings =
        Settings { autoreload: true, resync_interval: Some(Duration::from_secs(10)), ..Settings::default() };
    Arc::new(Config { settings, virtuals })
}

/// Whether a server that behaves like this passes a check with this deadline.
fn passes(behaviour: Behaviour, deadline: Duration) -> bool {
    match behaviour {
        Behaviour::Good => true,
        Behaviour::Refused | Behaviour::Wrong | Behaviour::Hangs => false,
        Behaviour::Slow(time) => time < deadline,
    }
}

/// The table this configuration must have led to, with what somebody else set in it by hand and that must be left.
pub fn table(config: &Config, world: &World, actual: &Table, by_hand: &ByHand) -> Table {
    let mut table = Table::default();
    for service in &config.virtuals {
        let up = |real: &ldirectord::model::Real| match &real.check {
            Check::On => true,
            Check::Off => false,
            Check::Probe(spec) => passes(world.behaviour(spec.target), spec.cadence.deadline),
        };
        let mut dests = BTreeMap::new();
        for real in &service.reals {
            if up(real) {
                dests.insert(real.id, Dest { forward: real.forward, weight: real.weight });
            } else if service.quiescent {
                dests.insert(real.id, Dest { forward: real.forward, weight: 0 });
            }
        }
        if let Some(fallback) = service.fallback
            && !service.reals.iter().any(up)
        {
            dests.insert(RealId(fallback.address), Dest { forward: fallback.forward, weight: 1 });
        }
        // A weight set by hand may have been left, or put right since: both are as they should be.
        let got = actual.0.get(&service.id).map(|s| &s.dests);
        for (real, dest) in &mut dests {
            if let Some(weight) = by_hand.weights.get(&(service.id, *real))
                && dest.weight > 0
                && got.and_then(|g| g.get(real)).is_some_and(|g| g.weight == *weight)
            {
                dest.weight = *weight;
            }
        }
        // So may a server that somebody added.
        for (id, real) in &by_hand.servers {
            if *id == service.id
                && let Some(dest) = got.and_then(|g| g.get(real))
            {
                dests.insert(*real, *dest);
            }
        }
        let settings =
            ServiceSettings { scheduler: service.scheduler.clone(), persistence: None, others: Vec::new() };
        table.0.insert(service.id, Service { settings, dests });
    }
    let (id, service) = foreign();
    table.0.insert(id, service);
    table
}

/// What was done by hand in the story so far.
#[derive(Default)]
pub struct ByHand {
    pub weights: BTreeMap<(VirtualId, RealId), u16>,
    pub servers: Vec<(VirtualId, RealId)>,
}
