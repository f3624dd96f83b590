//! The changes that lead from what the table has to what it should have, for one virtual service.
//!
//! Make before break: whatever takes traffic is written before what stops taking it, so that no intermediate table
//! leaves a service without a destination while the wanted one has any.

use std::collections::BTreeMap;

use crate::{
    ipvs::{Dest, Op, Service},
    model::{Forward, RealId, VirtualId},
};

use super::Wanted;

/// How far somebody else's changes are respected.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// Destinations that are not ours leave the service (at start and reload).
    pub purge: bool,
    /// What the table was already seen to have as wanted. Where a serving destination's weight differs from this,
    /// somebody set it by hand, and it is left so.
    pub settled: &'a BTreeMap<RealId, Dest>,
}

/// The changes from `actual` to `wanted`, in the order in which they are to be made; none when there is nothing to do.
#[must_use]
pub fn diff(id: VirtualId, actual: Option<&Service>, wanted: &Wanted, policy: Policy<'_>) -> Vec<Op> {
    let Some(service) = &wanted.service else {
        return actual.map(|_| Op::DeleteService(id)).into_iter().collect();
    };
    let nothing = BTreeMap::new();
    let mut ops = Vec::new();
    let have = match actual {
        None => {
            ops.push(Op::AddService(id, service.settings.clone()));
            &nothing
        }
        Some(actual) => {
            if actual.settings != service.settings {
                ops.push(Op::EditService(id, service.settings.clone()));
            }
            &actual.dests
        }
    };
    let mut rest = Vec::new();
    for (&real, &want) in &service.dests {
        let op = match have.get(&real) {
            None => Op::AddDest(id, real, want),
            Some(&got) if differs(real, got, want, policy) => Op::EditDest(id, real, want),
            Some(_) => continue,
        };
        if want.weight > 0 { &mut ops } else { &mut rest }.push(op);
    }
    let gone = have.iter().filter(|(real, _)| !service.dests.contains_key(real));
    rest.extend(
        gone.filter(|(real, _)| policy.purge || wanted.ours.contains(real))
            .map(|(&real, _)| Op::DeleteDest(id, real)),
    );
    ops.append(&mut rest);
    if let Some(down) = &wanted.awaits
        && have.iter().any(|(real, dest)| dest.weight > 0 && !down.contains(real))
    {
        ops.retain(|op| match op {
            Op::AddService(..) | Op::EditService(..) | Op::DeleteService(_) => true,
            Op::AddDest(_, real, _) | Op::EditDest(_, real, _) | Op::DeleteDest(_, real) => {
                down.contains(real)
            }
        });
    }
    ops
}

/// Whether somebody set the weight of this serving destination by hand.
#[must_use]
pub(super) fn foreign_weight(real: RealId, got: Dest, want: Dest, policy: Policy<'_>) -> bool {
    want.weight > 0 && got.weight != want.weight && policy.settled.get(&real) == Some(&want)
}

fn differs(real: RealId, got: Dest, want: Dest, policy: Policy<'_>) -> bool {
    // The kernel shows a server that is the director itself as local, whatever forwarding was asked for.
    let forward = got.forward != want.forward && got.forward != Forward::Local;
    let thresholds = got.thresholds != want.thresholds;
    forward || thresholds || (got.weight != want.weight && !foreign_weight(real, got, want, policy))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ipvs::{ServiceSettings, Table};

    fn id() -> VirtualId {
        "tcp:192.0.2.1:80".parse().unwrap()
    }

    fn real(n: u8) -> RealId {
        RealId(([10, 0, 0, n], 80).into())
    }

    fn settings(scheduler: &str) -> ServiceSettings {
        ServiceSettings { scheduler: scheduler.into(), ..ServiceSettings::default() }
    }

    /// Every service with up to three destinations, each absent, quiescent or serving with one of two weights.
    fn services() -> Vec<Option<Service>> {
        let choices = [None, Some(0), Some(1), Some(5)];
        let mut all = vec![None];
        for scheduler in ["rr", "wrr"] {
            for mask in 0..choices.len().pow(3) {
                let dests = (0..3u8)
                    .filter_map(|n| {
                        let weight = choices[mask / choices.len().pow(u32::from(n)) % choices.len()]?;
                        Some((real(n), Dest::new(Forward::Masq, weight)))
                    })
                    .collect();
                all.push(Some(Service { settings: settings(scheduler), dests }));
            }
        }
        all
    }

    fn serving(service: Option<&Service>) -> bool {
        service.is_some_and(|s| s.dests.values().any(|d| d.weight > 0))
    }

    #[test]
    fn every_small_service_leads_to_every_other_and_never_through_emptiness() {
        let all = services();
        let none = BTreeMap::new();
        let policy = Policy { purge: true, settled: &none };
        for from in &all {
            for to in &all {
                let ours = (0..3).map(real).collect();
                let wanted = Wanted { service: to.clone(), ours, awaits: None };
                let mut table = Table(from.iter().map(|s| (id(), s.clone())).collect());
                let ops = diff(id(), from.as_ref(), &wanted, policy);
                let mut served = serving(from.as_ref());
                for op in &ops {
                    table.apply(op).unwrap_or_else(|e| panic!("{from:?} to {to:?}: {op:?}: {e}"));
                    let now = serving(table.0.get(&id()));
                    let lost = served && !now && serving(to.as_ref());
                    assert!(!lost, "{from:?} to {to:?}: nothing serves after {op:?}");
                    served = now;
                }
                assert_eq!(table.0.get(&id()), to.as_ref());
                assert!(diff(id(), table.0.get(&id()), &wanted, policy).is_empty());
            }
        }
    }

    #[test]
    fn another_type_of_tunnel_is_an_edit_and_nothing_else() {
        let none = BTreeMap::new();
        let policy = Policy { purge: true, settled: &none };
        let forwards =
            ["ipip", "gre", "gre:csum", "gue:6080", "gue:6081", "gue:6080:csum", "gue:6080:remcsum"];
        let of = |forward: &str| Service {
            settings: settings("rr"),
            dests: BTreeMap::from([(real(0), Dest::new(forward.parse().unwrap(), 1))]),
        };
        for from in forwards {
            for to in forwards {
                let wanted = Wanted { service: Some(of(to)), ours: BTreeSet::from([real(0)]), awaits: None };
                let ops = diff(id(), Some(&of(from)), &wanted, policy);
                let edit = Op::EditDest(id(), real(0), of(to).dests[&real(0)]);
                assert_eq!(ops, if from == to { vec![] } else { vec![edit] }, "{from} to {to}");
            }
        }
    }

    #[test]
    fn somebody_elses_server_stays_until_a_purge() {
        let actual = services().pop().unwrap().unwrap();
        let wanted = Wanted {
            service: Some(Service {
                dests: BTreeMap::from([(real(0), actual.dests[&real(0)])]),
                ..actual.clone()
            }),
            ours: BTreeSet::from([real(0), real(1)]),
            awaits: None,
        };
        let none = BTreeMap::new();
        let kept = diff(id(), Some(&actual), &wanted, Policy { purge: false, settled: &none });
        assert_eq!(kept, [Op::DeleteDest(id(), real(1))], "ours goes, number 2 is somebody else's");
        let purged = diff(id(), Some(&actual), &wanted, Policy { purge: true, settled: &none });
        assert_eq!(purged, [Op::DeleteDest(id(), real(1)), Op::DeleteDest(id(), real(2))]);
    }

    #[test]
    fn a_weight_set_by_hand_is_left_once_settled_and_only_while_serving() {
        let want = Dest::new(Forward::Masq, 5);
        let quiet = Dest { weight: 0, ..want };
        let by_hand = Dest { weight: 3, ..want };
        let settled = BTreeMap::from([(real(0), want), (real(1), quiet)]);
        let policy = Policy { purge: false, settled: &settled };
        let service =
            |a, b| Service { settings: settings("wrr"), dests: BTreeMap::from([(real(0), a), (real(1), b)]) };
        let wanted =
            Wanted { service: Some(service(want, quiet)), ours: (0..2).map(real).collect(), awaits: None };
        let ops = diff(id(), Some(&service(by_hand, by_hand)), &wanted, policy);
        assert_eq!(ops, [Op::EditDest(id(), real(1), quiet)]);
        let fresh = BTreeMap::new();
        let ops = diff(id(), Some(&service(by_hand, quiet)), &wanted, Policy { settled: &fresh, ..policy });
        assert_eq!(ops, [Op::EditDest(id(), real(0), want)], "not settled: it is put right");
    }

    #[test]
    fn while_nothing_is_known_of_the_new_servers_the_old_ones_stay_but_the_dead_go() {
        let one = Dest::new(Forward::Masq, 1);
        let service = |numbers: &[u8]| Service {
            settings: settings("wrr"),
            dests: numbers.iter().map(|n| (real(*n), one)).collect(),
        };
        let none = BTreeMap::new();
        let policy = Policy { purge: true, settled: &none };
        // Server 0 is dead, 1 was removed, 2 is new, 3 is the fallback.
        let ours = [0, 2, 3].map(real).into();
        let mut wanted = Wanted { service: Some(service(&[3])), ours, awaits: Some([real(0)].into()) };
        let ops = diff(id(), Some(&service(&[0, 1])), &wanted, policy);
        assert_eq!(ops, [Op::DeleteDest(id(), real(0))]);
        let ops = diff(id(), Some(&service(&[0])), &wanted, policy);
        assert_eq!(ops, [Op::AddDest(id(), real(3), one), Op::DeleteDest(id(), real(0))]);
        wanted.awaits = None;
        let ops = diff(id(), Some(&service(&[1])), &wanted, policy);
        assert_eq!(ops, [Op::AddDest(id(), real(3), one), Op::DeleteDest(id(), real(1))]);
    }

    #[test]
    fn a_local_server_is_as_wanted() {
        let want = Dest::new(Forward::Gate, 1);
        let got = Dest::new(Forward::Local, 1);
        let none = BTreeMap::new();
        assert!(!differs(real(0), got, want, Policy { purge: true, settled: &none }));
    }
}
