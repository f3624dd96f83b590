//! What came of the work on the table: told to people in the reference's sentences, and taken into account.

use crate::{
    ipvs::table::kernel_id,
    model::{RealId, Virtual},
    plan::{DestChange, Failed, ForeignChange, Outcome, TableChange},
};

use super::{Director, Effect, Fact, Now, Occasion, advice::is_move, core::ServiceState, lifecycle::Life};

/// An attempt that fails alone is routine (somebody changed the table between a reading and a write); from this one
/// on it is told.
const TOLD_FROM: usize = 2;

impl Director {
    /// The reconciler finished a job, or found that there was nothing to do.
    pub(super) fn applied(&mut self, now: Now, outcome: Outcome, fx: &mut Vec<Effect>) {
        for (virtual_id, what) in outcome.drift {
            fx.push(Effect::Tell(Fact::Drifted { virtual_id, what }));
        }
        let occasion = if self.life.stopping() { Occasion::Stop } else { Occasion::Start };
        for change in &outcome.changes {
            let fact = match *change {
                TableChange::ServiceAdded(id) => Some(Fact::VirtualAdded(id)),
                TableChange::ServiceChanged(id) => Some(Fact::VirtualChanged(id)),
                TableChange::ServiceRemoved(id) => Some(Fact::VirtualPurged(id, occasion)),
                TableChange::Dest(change) => self.dest_fact(change, occasion),
            };
            if let Some(fact) = fact {
                self.alert(now, &fact);
                fx.push(Effect::Tell(fact));
            }
        }
        for change in outcome.foreign {
            self.foreign(change, fx);
        }
        self.settled = outcome.settled;
        self.taking &= !outcome.settled;
        if (outcome.recovered || outcome.settled) && self.table_trouble.take().is_some() {
            fx.push(Effect::Tell(Fact::TableRecovered));
            fx.push(Effect::Publish);
        }
        if let Some(failed) = outcome.failed {
            self.failed(now, failed, fx);
        } else {
            self.first_write(now);
        }
        self.answer_in_force(fx);
        self.look_ready(now, fx);
        self.look_ended(now, fx);
    }

    /// The table could not be read or written. A start ends with this; later it is told once and tried on.
    fn failed(&mut self, now: Now, failed: Failed, fx: &mut Vec<Effect>) {
        if failed.attempt < TOLD_FROM {
            return;
        }
        if let Life::Starting { deadline: None } = self.life {
            self.exit(now, Err(failed.reason), fx);
            return;
        }
        if self.table_trouble.as_ref() != Some(&failed.reason) {
            self.table_trouble = Some(failed.reason.clone());
            fx.push(Effect::Tell(Fact::TableFailed { reason: failed.reason, retry_in: failed.retry_in }));
            fx.push(Effect::Publish);
        }
    }

    /// The sentence for a change of one destination, told by what the server is to us.
    fn dest_fact(&self, change: DestChange, occasion: Occasion) -> Option<Fact> {
        let DestChange { virtual_id, real: shown, before, after } = change;
        let service = self.index.get(&virtual_id).map(|&i| &self.services[i]);
        let role = service.map_or(Role::Unknown, |service| role(service, shown, after.is_some()));
        Some(match (role, before, after) {
            (Role::Fallback(real), _, Some(_)) => Fact::FallbackAdded { virtual_id, real },
            (Role::Fallback(real), Some(_), None) => Fact::FallbackDeleted { virtual_id, real },
            (Role::Real(real) | Role::Both(real), _, Some(dest)) if dest.weight == 0 => {
                Fact::RealQuiescent { virtual_id, real, added: before.is_none() }
            }
            (Role::Real(real) | Role::Both(real), _, Some(dest))
                if service.is_some_and(|service| is_move(service, shown, before, dest)) =>
            {
                Fact::RealWeighed { virtual_id, real, weight: dest.weight }
            }
            (Role::Real(real) | Role::Both(real), _, Some(dest)) => {
                Fact::RealInService { virtual_id, real, restored: before.is_some(), weight: dest.weight }
            }
            (Role::Real(real) | Role::Both(real), Some(_), None) => {
                Fact::RealDeleted { virtual_id, real, mapped: (real != shown).then_some(shown) }
            }
            (Role::Unknown, Some(_), None) => Fact::RealPurged { virtual_id, real: shown, occasion },
            (Role::Unknown, _, Some(_)) | (_, None, None) => return None,
        })
    }

    /// Somebody else did something that is left so.
    fn foreign(&mut self, change: ForeignChange, fx: &mut Vec<Effect>) {
        let (virtual_id, shown, weight) = match change {
            ForeignChange::Server(virtual_id, real) => {
                fx.push(Effect::Tell(Fact::ForeignServer { virtual_id, real }));
                return;
            }
            ForeignChange::Weight(virtual_id, real, weight) => (virtual_id, real, weight),
        };
        let Some(&service) = self.index.get(&virtual_id) else { return };
        let this = &mut self.services[service];
        for i in 0..this.reals.len() {
            let real = &this.config.reals[i];
            if kernel_id(virtual_id, real.id, real.forward) != shown || !this.reals[i].serves() {
                continue;
            }
            this.reals[i].foreign_weight = weight;
            let (real, configured) = (real.id, real.weight);
            if let Some(weight) = weight {
                fx.push(Effect::Tell(Fact::ForeignWeight { virtual_id, real, weight, configured }));
            }
            self.refresh(service, Some(&[i].into()), fx);
            return;
        }
    }
}

/// What a destination of the table is to a service of ours, with its configured address.
enum Role {
    Real(RealId),
    Fallback(RealId),
    /// The fallback is also one of the real servers; what is said depends on who serves.
    Both(RealId),
    Unknown,
}

fn role(service: &ServiceState, shown: RealId, present: bool) -> Role {
    let config: &Virtual = &service.config;
    let mut found = config.reals.iter().zip(&service.reals);
    let real = found.find(|(real, _)| kernel_id(config.id, real.id, real.forward) == shown);
    let fallback = config.fallback.map(|f| (RealId(f.address), f.forward));
    let fallback = fallback.filter(|(id, forward)| kernel_id(config.id, *id, *forward) == shown);
    match (real, fallback) {
        (Some((real, state)), Some((id, _))) => {
            let stands_in = present && !state.serves() && service.row.fallback_active;
            if stands_in { Role::Fallback(id) } else { Role::Both(real.id) }
        }
        (Some((real, _)), None) => Role::Real(real.id),
        (None, Some((id, _))) => Role::Fallback(id),
        (None, None) => Role::Unknown,
    }
}
