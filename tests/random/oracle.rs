//! What must be true, known without any of the program's own decisions: random configurations, and the table a
//! configuration must lead to once every server has behaved the same way for long enough.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
    time::Duration,
};

use ldirectord::{
    ipvs::{
        Dest, Service, ServiceSettings, Table,
        table::{kernel_id, kernel_settings},
    },
    model::{
        Cadence, Check, CheckKind, CheckSpec, Command, Config, Fallback, Family, Forward, GueChecksum,
        Hysteresis, Maintenance, Netmask, Persistence, PersistenceEngine, Real, RealId, Route,
        SchedulerFlags, Service as Protocol, Settings, StartState, Thresholds, Virtual, VirtualId,
    },
};

use crate::sim::{Behaviour, World};

use super::rng::Rng;

/// The service that belongs to somebody else and must never change.
pub fn foreign() -> (VirtualId, Service) {
    let settings = ServiceSettings { scheduler: "sh".into(), ..ServiceSettings::default() };
    let dest = Dest::new(Forward::Masq, 3);
    let dests = BTreeMap::from([(RealId(([10, 9, 9, 9], 80).into()), dest)]);
    (virtual_id(99), Service { settings, dests })
}

/// Virtual service number `n`: of each kind there is one.
pub fn virtual_id(n: u8) -> VirtualId {
    let id = match n {
        2 => "fwm:7".to_owned(),
        3 => "tcp:[2001:db8::1]:80".to_owned(),
        n => format!("tcp:192.0.2.{}:80", n + 1),
    };
    id.parse().expect("an identity")
}

/// Where real server number `n` answers.
pub fn server(n: u8) -> SocketAddr {
    ([10, 0, 0, n + 1], 80).into()
}

/// Address and port of a real server in a service of this family.
fn real_id(id: VirtualId, n: u8, port: u16) -> RealId {
    match id.family() {
        Family::V4 => RealId(([10, 0, 0, n + 1], port).into()),
        Family::V6 => RealId(([0xfd00, 0, 0, 0, 0, 0, 0, u16::from(n) + 1], port).into()),
    }
}

const FORWARDS: [Forward; 6] = [
    Forward::Masq,
    Forward::Masq,
    Forward::Gate,
    Forward::Ipip,
    Forward::Gre { checksum: true },
    Forward::Gue { port: NonZeroU16::MIN, checksum: GueChecksum::Remote },
];

/// The maintenance directory.
pub const MAINTENANCE: &str = "/maintenance";

/// A file in it that is called like server number `n`, in one of several ways.
pub fn file(way: u8, n: u8) -> String {
    match way {
        0 => format!("10.0.0.{}", n + 1),
        1 => format!("10.0.0.{}:80", n + 1),
        2 => format!("[fd00::{:x}]", n + 1),
        _ => format!("[fd00::{:x}]:8080", n + 1),
    }
}

/// Whether one of these files is called like a server.
fn is_named(files: &BTreeSet<String>, real: RealId) -> bool {
    let host = match real.0 {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    files.contains(&host) || files.contains(&real.to_string())
}

/// The configuration of a seed. The same servers recur in all of them, in several services.
pub fn config(seed: u64) -> Arc<Config> {
    let mut rng = Rng::new(seed);
    let shared = cadence(&mut rng);
    let mut virtuals = Vec::new();
    for n in 0..4 {
        if rng.once_in(4) {
            continue;
        }
        let id = virtual_id(n);
        let cadence = if rng.once_in(3) { cadence(&mut rng) } else { shared };
        let mut reals = Vec::new();
        for r in 0..8 {
            if rng.once_in(2) {
                continue;
            }
            let (target, kind) = (server(r), CheckKind::Connect);
            let check = match rng.below(12) {
                0 => Check::On,
                1 => Check::Off,
                _ => Check::Probe(Arc::new(CheckSpec {
                    target,
                    kind,
                    connects: None,
                    route: Route::default(),
                    cadence,
                })),
            };
            let (weight, port) = (rng.of(&[1, 1, 2, 5, 0]), rng.of(&[80, 80, 8080]));
            let forward = rng.of(&FORWARDS);
            let upper = rng.of(&[0, 0, 0, 100]);
            let thresholds = Thresholds { upper, lower: upper / 2 };
            reals.push(Real {
                id: real_id(id, r, port),
                forward,
                weight,
                thresholds,
                check,
                monitored_as: None,
            });
        }
        let flags = SchedulerFlags::parse("flag-1,flag-3", "rr").expect("flags");
        let fallback = (!rng.once_in(3)).then(|| {
            let address = match id.family() {
                _ if rng.once_in(4) => real_id(id, number(&mut rng, 8), 80).0,
                Family::V4 => ([127, 0, 0, 1], 80).into(),
                Family::V6 => ([0, 0, 0, 0, 0, 0, 0, 1], 80).into(),
            };
            Fallback { address, forward: rng.of(&FORWARDS) }
        });
        virtuals.push(Arc::new(Virtual {
            id,
            name: None,
            comment: None,
            scheduler: rng.of(&["rr", "wrr", "wlc"]).into(),
            persistence: rng.once_in(3).then(|| persistence(&mut rng, id)),
            quiescent: rng.once_in(2),
            cleanstop: true,
            fallback,
            fallback_command: None,
            alert: None,
            monitor: None,
            hysteresis: hysteresis(&mut rng),
            start_state: rng.of(&[StartState::Check, StartState::Check, StartState::Up, StartState::Down]),
            service: Protocol::None,
            check_type: "connect".into(),
            flags: rng.of(&[SchedulerFlags::default(), SchedulerFlags::default(), flags]),
            one_packet: false,
            reals,
        }));
    }
    let directory = MAINTENANCE.into();
    let maintenance = (!rng.once_in(5)).then(|| Maintenance { directory, ..Maintenance::default() });
    let callback = Some(Command { argv: vec!["/etc/ha.d/putcfg".into()] });
    let resync_interval = (!rng.once_in(5)).then_some(Duration::from_secs(10));
    Arc::new(Config {
        settings: Settings {
            autoreload: true,
            callback,
            resync_interval,
            maintenance,
            ..Settings::default()
        },
        virtuals,
    })
}

fn hysteresis(rng: &mut Rng) -> Hysteresis {
    let mut number = || NonZeroU32::new(u32::from(1 + number(rng, 3))).expect("not zero");
    Hysteresis { fall: number(), rise: number() }
}

fn number(rng: &mut Rng, n: u64) -> u8 {
    u8::try_from(rng.below(n)).unwrap_or(0)
}

fn cadence(rng: &mut Rng) -> Cadence {
    let interval = Duration::from_secs(rng.of(&[2, 10, 20, 30, 60]));
    let mut other = || if rng.once_in(2) { interval } else { Duration::from_secs(rng.of(&[1, 5, 60])) };
    let (fast, down) = (other(), other());
    let jitter = rng.of(&[0, 0, 10, 50]);
    Cadence { interval, fast, down, jitter, deadline: Duration::from_secs(rng.of(&[1, 3, 10])) }
}

fn persistence(rng: &mut Rng, id: VirtualId) -> Persistence {
    let netmask = match id.family() {
        Family::V4 => Netmask::V4(rng.of(&[Ipv4Addr::BROADCAST, Ipv4Addr::new(255, 255, 255, 0)])),
        Family::V6 => Netmask::V6(rng.of(&[64, 128])),
    };
    Persistence {
        timeout: Duration::from_millis(rng.of(&[60_000, 90_500])),
        netmask: rng.once_in(2).then_some(netmask),
        engine: rng.once_in(4).then_some(PersistenceEngine::Sip),
    }
}

/// A configuration that differs in a few places from another one.
pub fn tweaked(config: &Config, seed: u64) -> Arc<Config> {
    let mut rng = Rng::new(seed);
    let mut config = config.clone();
    for service in &mut config.virtuals {
        let service = Arc::make_mut(service);
        match rng.below(6) {
            0 => service.quiescent = !service.quiescent,
            1 => service.hysteresis = hysteresis(&mut rng),
            2 => service.persistence = rng.once_in(2).then(|| persistence(&mut rng, service.id)),
            3 => service.fallback = None,
            _ => {}
        }
        for real in &mut service.reals {
            match rng.below(8) {
                0 => real.weight = rng.of(&[0, 1, 4]),
                1 => real.forward = rng.of(&FORWARDS),
                5 => real.thresholds.upper = 7 + real.thresholds.lower,
                2 => {
                    if let Check::Probe(spec) = &mut real.check {
                        Arc::make_mut(spec).cadence = cadence(&mut rng);
                    }
                }
                3 if rng.once_in(3) => real.check = Check::On,
                4 if rng.once_in(3) => real.check = Check::Off,
                _ => {}
            }
        }
    }
    Arc::new(config)
}

/// Whether a server that behaves like this passes a check with this deadline.
fn passes(behaviour: Behaviour, deadline: Duration) -> bool {
    match behaviour {
        // All that is asked in these stories is a connection.
        Behaviour::Good | Behaviour::Hollow | Behaviour::Advises(_) => true,
        Behaviour::Refused | Behaviour::Wrong | Behaviour::Hangs => false,
        // What comes at the very instant of the deadline is in time: an answer is looked at before the clock.
        Behaviour::Slow(time) => time <= deadline,
    }
}

/// The table this configuration must have led to, with what somebody else set in it by hand and that must be left.
pub fn table(
    config: &Config,
    world: &World,
    files: &BTreeSet<String>,
    actual: &Table,
    by_hand: &ByHand,
) -> Table {
    let mut table = Table::default();
    for service in &config.virtuals {
        let is_out = |real: &Real| config.settings.maintenance.is_some() && is_named(files, real.id);
        let up = |real: &Real| {
            !is_out(real)
                && match &real.check {
                    Check::On => true,
                    Check::Off => false,
                    Check::Probe(spec) => passes(world.behaviour(spec.target), spec.cadence.deadline),
                }
        };
        let mut dests = BTreeMap::new();
        for real in &service.reals {
            let id = kernel_id(service.id, real.id, real.forward);
            if up(real) {
                let (forward, weight) = (real.forward, real.weight);
                dests.insert(id, Dest { forward, weight, thresholds: real.thresholds });
            } else if service.quiescent {
                dests.insert(id, Dest::new(real.forward, 0));
            }
        }
        if let Some(fallback) = service.fallback
            && !service.reals.iter().any(up)
        {
            let id = kernel_id(service.id, RealId(fallback.address), fallback.forward);
            dests.insert(id, Dest::new(fallback.forward, 1));
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
        let settings = kernel_settings(&ServiceSettings {
            scheduler: service.scheduler.clone(),
            persistence: service.persistence,
            flags: service.flags,
            ..ServiceSettings::default()
        });
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
