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

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        path::Path,
        sync::Arc,
        time::{Duration, Instant, SystemTime},
    };

    use super::*;
    use crate::{
        config::{MemoryFiles, TableResolver, load},
        director::{CheckId, Event, Now, Start},
        health::{Evidence, Mode, Verdict},
    };

    const AGENT: &str = "virtual=192.0.2.1:80\n\treal=10.0.0.1:80 masq 10\n\tservice=agent\n";

    /// A moment that nobody looks at.
    fn now() -> Now {
        use std::sync::OnceLock;
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        #[expect(
            clippy::disallowed_methods,
            reason = "any instant does, and there is no other way to have one"
        )]
        let instant = *BEGIN.get_or_init(Instant::now) + Duration::from_secs(1);
        Now { instant, wall: SystemTime::UNIX_EPOCH }
    }

    fn director() -> Director {
        let files = MemoryFiles::default().with("/x.cf", AGENT);
        let config = Arc::new(load(Path::new("/x.cf"), &files, &TableResolver::default()).unwrap().config);
        let (warnings, table, maintenance) = (Vec::new(), Arc::default(), BTreeSet::new());
        Director::new(now(), Start { config, warnings, table, maintenance, version: "5", pid: 1 }).0
    }

    /// What follows from a good check with this advice.
    fn told(director: &mut Director, percent: u8, mode: Mode) -> Vec<Effect> {
        let evidence = Evidence { advice: Some(Advice { percent, mode }), ..Evidence::default() };
        let mut fx = director.on(now(), Event::Probed(CheckId(0), Verdict::Pass(evidence)));
        fx.extend(director.conclude(now()));
        fx
    }

    fn weight(effects: &[Effect]) -> Option<u16> {
        effects.iter().find_map(|effect| match effect {
            Effect::Want { wanted, .. } => Some(wanted.service.as_ref()?.dests.values().next()?.weight),
            _ => None,
        })
    }

    fn facts(effects: &[Effect]) -> usize {
        effects.iter().filter(|effect| matches!(effect, Effect::Tell(Fact::Advised { .. }))).count()
    }

    #[test]
    fn what_is_advised_again_and_again_costs_nothing() {
        let mut director = director();
        let first = told(&mut director, 50, Mode::Ready);
        assert_eq!((weight(&first), facts(&first)), (Some(5), 1));
        assert!(told(&mut director, 50, Mode::Ready).is_empty());
        let other = told(&mut director, 41, Mode::Ready);
        assert_eq!((weight(&other), facts(&other)), (None, 0), "as much is left of it");
        let drained = told(&mut director, 41, Mode::Drain);
        assert_eq!((weight(&drained), facts(&drained)), (Some(0), 1));
        let zero = told(&mut director, 0, Mode::Ready);
        assert_eq!((weight(&zero), facts(&zero)), (None, 1), "the same in the table, and another reason");
        assert!(director.services[0].reals[0].serves());
        told(&mut director, 0, Mode::Maintenance);
        assert!(!director.services[0].reals[0].serves());
    }
}
