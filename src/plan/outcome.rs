//! What a job on the table achieved and what it found, told as differences between two tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use crate::{
    ipvs::{Dest, Op, Service},
    model::{RealId, VirtualId},
};

use super::{
    Wanted,
    diff::{Policy, diff, foreign_weight},
};

/// What came of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is different in the table now, by our doing: proven by reading back.
    pub changes: Vec<TableChange>,
    /// What somebody else changed in services of ours and is being put right.
    pub drift: Vec<(VirtualId, String)>,
    /// What somebody else did that is left so, as far as it is news.
    pub foreign: Vec<ForeignChange>,
    /// The table could not be read or is not as wanted; it is tried again.
    pub failed: Option<Failed>,
    /// After failures that were told the table is as wanted again.
    pub recovered: bool,
    /// All services are as wanted and nothing is under way.
    pub settled: bool,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// In words, with the remedy.
    pub reason: Arc<str>,
    /// Which attempt in a row this was, from 1. One that fails alone is routine: somebody changed the table between
    /// a reading and a write.
    pub attempt: usize,
    /// When the next one comes.
    pub retry_in: Duration,
}

/// One difference in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableChange {
    /// A virtual service is there that was not.
    ServiceAdded(VirtualId),
    /// Its settings changed.
    ServiceChanged(VirtualId),
    /// It is gone.
    ServiceRemoved(VirtualId),
    /// A destination came, changed or went.
    Dest(DestChange),
}

/// A difference in one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestChange {
    /// Of which service.
    pub virtual_id: VirtualId,
    /// Which, under the kernel's address.
    pub real: RealId,
    /// What it was.
    pub before: Option<Dest>,
    /// What it is.
    pub after: Option<Dest>,
}

/// Something somebody else did to a service of ours that is left so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignChange {
    /// The weight of a serving destination was set by hand, or (`None`) is again as configured.
    Weight(VirtualId, RealId, Option<u16>),
    /// A destination was added that is not configured.
    Server(VirtualId, RealId),
}

/// What somebody else did to one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Foreign {
    weights: BTreeMap<RealId, u16>,
    servers: BTreeSet<RealId>,
}

impl Foreign {
    /// What is news since `before`.
    pub(super) fn report(&self, id: VirtualId, before: &Self, news: &mut Vec<ForeignChange>) {
        let set = self.weights.iter().filter(|(real, weight)| before.weights.get(real) != Some(weight));
        news.extend(set.map(|(real, weight)| ForeignChange::Weight(id, *real, Some(*weight))));
        let unset = before.weights.keys().filter(|real| !self.weights.contains_key(real));
        news.extend(unset.map(|real| ForeignChange::Weight(id, *real, None)));
        let added = self.servers.difference(&before.servers);
        news.extend(added.map(|real| ForeignChange::Server(id, *real)));
    }
}

/// What somebody else did to a service that is left so.
pub(super) fn foreign(actual: Option<&Service>, wanted: &Wanted, policy: Policy<'_>) -> Foreign {
    let (Some(actual), Some(service)) = (actual, &wanted.service) else { return Foreign::default() };
    let weights = service.dests.iter().filter_map(|(&real, &want)| {
        let got = *actual.dests.get(&real)?;
        foreign_weight(real, got, want, policy).then_some((real, got.weight))
    });
    let servers = actual.dests.keys().filter(|real| !wanted.ours.contains(real)).copied();
    Foreign { weights: weights.collect(), servers: servers.collect() }
}

/// The differences between two states of one service.
pub(super) fn changes(
    id: VirtualId,
    before: Option<&Service>,
    after: Option<&Service>,
    all: &mut Vec<TableChange>,
) {
    let none = BTreeMap::new();
    match (before, after) {
        (None, None) => return,
        (None, Some(_)) => all.push(TableChange::ServiceAdded(id)),
        (Some(_), None) => {
            // Its destinations went with it; the service says so for all of them.
            all.push(TableChange::ServiceRemoved(id));
            return;
        }
        (Some(b), Some(a)) if b.settings != a.settings => all.push(TableChange::ServiceChanged(id)),
        (Some(_), Some(_)) => {}
    }
    let (before, after) = (before.map_or(&none, |s| &s.dests), after.map_or(&none, |s| &s.dests));
    let reals: BTreeSet<&RealId> = before.keys().chain(after.keys()).collect();
    for &real in reals {
        let (b, a) = (before.get(&real).copied(), after.get(&real).copied());
        if b != a {
            all.push(TableChange::Dest(DestChange { virtual_id: id, real, before: b, after: a }));
        }
    }
}

/// What is wrong with a service that somebody else changed, in a few words.
pub(super) fn drift(
    id: VirtualId,
    actual: Option<&Service>,
    wanted: &Wanted,
    policy: Policy<'_>,
    all: &mut Vec<(VirtualId, String)>,
) {
    if actual.is_none() {
        all.push((id, "it is missing from the table".to_owned()));
        return;
    }
    for op in diff(id, actual, wanted, policy) {
        let what = match op {
            Op::AddService(..) | Op::DeleteService(_) => continue,
            Op::EditService(..) => "its scheduler, persistence or flags are not as configured".to_owned(),
            Op::AddDest(_, real, _) => format!("real server {real} is missing"),
            Op::EditDest(_, real, _) => {
                format!("real server {real} has another weight, forwarding or threshold")
            }
            Op::DeleteDest(_, real) => format!("real server {real} is in it though it is out of service"),
        };
        all.push((id, what));
    }
}
