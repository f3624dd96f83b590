//! What a start or a reload would change in the table, without anything being checked or written: the same decisions,
//! asked once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    health::{Advice, State},
    ipvs::{Op, Table, table::kernel_id},
    model::{Check, IpvsTimeouts, RealId, VirtualId},
    plan::{Job, Policy, Reconciler, Standing, Wanted, desired, diff},
};

use super::{Director, Effect, Now, Start, advice, core::RealState};

/// What a director that runs knows of the real servers in its services.
pub type Known = BTreeMap<VirtualId, BTreeMap<RealId, (State, Advice)>>;

/// What would be done, and what would wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// What would be written at once, in this order.
    pub now: Vec<Op>,
    /// Of the destinations and services that `now` removes, those which are not in the configuration.
    pub purged: BTreeSet<(VirtualId, Option<RealId>)>,
    /// What good checks of each server that nothing is known of would write.
    pub joining: Vec<Joining>,
    /// What waits until something is known of the servers of its service: what serves there now leaves, and the
    /// fallback comes if none of them is good.
    pub held: Vec<Op>,
    /// How long the kernel shall keep connections; what it does now is not known here.
    pub timeouts: Option<IpvsTimeouts>,
}

/// A server that may come into service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joining {
    /// What would be written then.
    pub op: Op,
    /// After so many good checks in a row.
    pub passes: u32,
}

/// What [`Director::new`] would do with this table; with `known`, what a director that has these services would do
/// when it reloads.
#[must_use]
pub fn preview(now: Now, start: Start, known: Option<&Known>) -> Preview {
    let table = start.table.clone();
    let (mut director, mut effects) = Director::new(now, start);
    if let Some(known) = known {
        director.recall(known, &mut effects);
    }
    let mut reconciler = Reconciler::new();
    for effect in effects {
        if let Effect::Saw(table, ids) = effect {
            reconciler.saw(&table, ids);
        } else if let Effect::Want { id, wanted, enforce } = effect {
            // A service that leaves was in the table before anybody wanted it to.
            reconciler.saw(&table, [id]);
            reconciler.want(id, wanted, enforce);
        }
    }
    let now = match reconciler.next(now.instant) {
        Some(Job::Apply(ops, _)) => ops,
        Some(Job::Read(_)) | None => Vec::new(),
    };
    let mut after = (*table).clone();
    for op in &now {
        // What the kernel would refuse is shown as it would be tried.
        after.apply(op).ok();
    }
    Preview {
        timeouts: director.config.settings.ipvs_timeouts,
        purged: now.iter().filter_map(|op| director.purged(op)).collect(),
        joining: director.joining(&after),
        held: director.held(&after),
        now,
    }
}

impl Director {
    /// Goes on from what is known, rather than from what the table shows; services that are no longer configured leave.
    fn recall(&mut self, known: &Known, fx: &mut Vec<Effect>) {
        for i in 0..self.services.len() {
            let service = &mut self.services[i];
            let Some(states) = known.get(&service.config.id) else { continue };
            for (real, state) in service.config.reals.iter().zip(&mut service.reals) {
                if let (Check::Probe(_), Some(known)) = (&real.check, states.get(&real.id)) {
                    (state.health, state.advice) = *known;
                    advice::forget(real, state);
                }
            }
            self.want(i, true, fx);
        }
        let gone = known.keys().filter(|id| !self.index.contains_key(id));
        fx.extend(gone.map(|&id| Effect::Want { id, wanted: Arc::new(Wanted::absent()), enforce: true }));
    }

    /// What is removed though the configuration does not have it.
    fn purged(&self, op: &Op) -> Option<(VirtualId, Option<RealId>)> {
        match op {
            Op::DeleteService(id) => Some((*id, None)),
            Op::DeleteDest(id, real) => {
                let service = &self.services[*self.index.get(id)?];
                (!service.wanted.ours.contains(real)).then_some((*id, Some(*real)))
            }
            Op::AddService(..) | Op::EditService(..) | Op::AddDest(..) | Op::EditDest(..) => None,
        }
    }

    fn joining(&self, after: &Table) -> Vec<Joining> {
        let mut all = Vec::new();
        for service in &self.services {
            let rise = service.config.hysteresis.rise.get();
            let standing: Vec<Standing> = service.reals.iter().map(RealState::standing).collect();
            if !standing.iter().any(|standing| standing.is_unknown()) {
                continue;
            }
            let up = |standing: &Standing| Standing { health: State::Up, ..*standing };
            let good: Vec<Standing> =
                standing.iter().map(|now| if now.is_unknown() { up(now) } else { *now }).collect();
            let id = service.config.id;
            let wanted = desired(&service.config, &good).service;
            let have = after.0.get(&id);
            let reals = service.config.reals.iter().zip(&standing);
            for (real, standing) in reals.filter(|(_, standing)| standing.is_unknown()) {
                let proven = if let State::Proving(passes) = standing.health { passes } else { 0 };
                let real = kernel_id(id, real.id, real.forward);
                let Some(want) = wanted.as_ref().and_then(|service| service.dests.get(&real)) else {
                    continue;
                };
                let op = match have.and_then(|service| service.dests.get(&real)) {
                    None => Op::AddDest(id, real, *want),
                    Some(dest) if dest != want => Op::EditDest(id, real, *want),
                    Some(_) => continue,
                };
                all.push(Joining { op, passes: rise.saturating_sub(proven).max(1) });
            }
        }
        all
    }

    fn held(&self, after: &Table) -> Vec<Op> {
        let settled = BTreeMap::new();
        let awaiting = self.services.iter().filter(|service| service.wanted.awaits.is_some());
        let held = awaiting.flat_map(|service| {
            let id = service.config.id;
            let wanted = Wanted { awaits: None, ..(*service.wanted).clone() };
            diff(id, after.0.get(&id), &wanted, Policy { purge: true, settled: &settled })
        });
        // A server of weight 0 that is not there yet changes nothing for anybody.
        held.filter(|op| !matches!(op, Op::AddDest(_, _, dest) if dest.weight == 0)).collect()
    }
}
