//! When the fallback command of a service is run: on each change between "no real server serves" and "one does", the
//! first as soon as it is known which of both it is.

use crate::health::State;

use super::{
    Director, Effect,
    core::{RealState, ServiceState},
    hook::{Action, Hook},
};

impl Director {
    /// Has the fallback command of a service run, if what it should have been told is news.
    pub(super) fn look_fallback(&mut self, service: usize, fx: &mut Vec<Effect>) {
        let this = &mut self.services[service];
        let Some(fallback) = &this.config.fallback_command else { return };
        let Some(action) = due(this) else { return };
        if this.told != Some(action) {
            this.told = Some(action);
            let (virtual_id, command) = (this.config.id, fallback.command.clone());
            fx.push(Effect::Run(Hook::Fallback { virtual_id, action, command }));
        }
    }
}

/// What the command should have been told. Nothing as long as no server serves and something is still to be heard of
/// one: at a start nothing is out of order yet.
fn due(service: &ServiceState) -> Option<Action> {
    if service.reals.iter().any(|real| real.health.serves()) {
        return Some(Action::Stop);
    }
    let unknown = |real: &RealState| matches!(real.health, State::Unknown | State::Proving(_));
    (!service.reals.iter().any(unknown)).then_some(Action::Start)
}

/// A service leaves, or its command does: what the command began it ends, where that is wished for.
pub(super) fn end(service: &ServiceState, fx: &mut Vec<Effect>) {
    if let Some(fallback) = &service.config.fallback_command
        && fallback.on_stop
        && service.told == Some(Action::Start)
    {
        let (virtual_id, command) = (service.config.id, fallback.command.clone());
        fx.push(Effect::Run(Hook::Fallback { virtual_id, action: Action::Stop, command }));
    }
}
