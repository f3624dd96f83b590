//! What agents on the servers advise: a part of the weight, or to take a server out. Like maintenance it is another thing
//! than health, and meets it in the plan.

use crate::{
    health::{Advice, State},
    ipvs::{Dest, table::kernel_id},
    model::{Check, CheckKind, Real, RealId, Virtual},
};

use super::{
    Director, Effect, Fact,
    checks::Place,
    core::{RealState, ServiceState},
};

impl Director {
    /// An agent has spoken. What it says otherwise than before is told, if it makes a difference.
    pub(super) fn advised(&mut self, (service, real): Place, advice: Option<Advice>, fx: &mut Vec<Effect>) {
        let this = &mut self.services[service];
        let state = &mut this.reals[real];
        let Some(advice) = advice.filter(|advice| *advice != state.advice) else { return };
        let before = std::mem::replace(&mut state.advice, advice);
        let config = &this.config.reals[real];
        let weight = advice.weight(config.weight);
        if (weight, advice.mode) == (before.weight(config.weight), before.mode) {
            return;
        }
        // Whatever somebody set by hand, it is the agent's word that counts now.
        state.foreign_weight = None;
        let (virtual_id, real) = (this.config.id, config.id);
        fx.push(Effect::Tell(Fact::Advised { virtual_id, real, advice, weight, configured: config.weight }));
    }
}

/// Whether an agent is asked about a server.
pub(super) fn has_agent(real: &Real) -> bool {
    matches!(&real.check, Check::Probe(spec) if matches!(spec.kind, CheckKind::Agent(_)))
}

/// Whether a destination only moved from one weight to another, as it does by its agent's word.
pub(super) fn is_move(service: &ServiceState, shown: RealId, before: Option<Dest>, after: Dest) -> bool {
    let config = &service.config;
    before.is_some_and(|before| before.weight > 0 && after == Dest { weight: after.weight, ..before })
        && config
            .reals
            .iter()
            .any(|real| has_agent(real) && kernel_id(config.id, real.id, real.forward) == shown)
}

/// Under another configuration nobody is asked about this server any more, so that nothing is advised.
pub(super) fn forget(real: &Real, state: &mut RealState) {
    if !has_agent(real) {
        state.advice = Advice::default();
    }
}

/// How a server begins that is in the table with this weight: what it serves there it owes to its agent. One that is there
/// with no weight, where those that are down are not kept, has been drained, and serves its old connections on.
pub(super) fn adopted(service: &Virtual, real: &Real, weight: u16) -> Option<RealState> {
    let advice = if has_agent(real) { Advice::seen(weight, real.weight) } else { Advice::default() };
    let serves = weight > 0 || (has_agent(real) && !service.quiescent);
    serves.then(|| RealState { health: State::Up, advice, ..RealState::default() })
}
