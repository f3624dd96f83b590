//! Taking a configuration: what stays keeps its state, what is new is adopted from the table or begins unknown, and
//! what went leaves the table.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    health::State,
    ipvs::{Table, table::kernel_id},
    model::{Check, Config, Real, RealId, StartState, Virtual, VirtualId},
    plan::Wanted,
};

use super::{
    ConfigState, Director, Effect, Fact, Hook, Now, Phase, Refusal, Rejection, Ticket, advice,
    core::{RealState, ServiceState},
    fallback,
    hook::Action,
    rows::virtual_row,
    timeouts::Timeouts,
};

impl Director {
    /// The file changed on disk: the callback is told in any case, loading is for `autoreload`.
    pub(super) fn sources_changed(&mut self, path: PathBuf, fx: &mut Vec<Effect>) {
        let loading = self.config.settings.autoreload;
        fx.push(Effect::Tell(Fact::ConfigChanged { path, loading }));
        if loading {
            self.load(None, fx);
        } else {
            self.set_config_state(fx, |state| state.changed_on_disk = true);
        }
        if let Some(callback) = &self.config.settings.callback {
            fx.push(Effect::Run(Hook::Callback(callback.clone())));
        }
    }

    /// Has the configuration loaded, or loaded once more if it is being loaded: what is read now may be old already.
    pub(super) fn load(&mut self, ticket: Option<Ticket>, fx: &mut Vec<Effect>) {
        if self.loading.is_some() {
            self.load_again_wanted = true;
            self.load_again.extend(ticket);
            return;
        }
        self.loading = Some(ticket.into_iter().collect());
        Self::notify(Phase::Reloading, fx);
        fx.push(Effect::Load);
    }

    /// A new configuration is good.
    pub(super) fn loaded(
        &mut self,
        now: Now,
        config: &Arc<Config>,
        table: Option<&Table>,
        maintenance: BTreeSet<String>,
        fx: &mut Vec<Effect>,
    ) {
        if **config == *self.config {
            fx.push(Effect::Tell(Fact::ConfigUnchanged));
        } else {
            let reals = config.virtuals.iter().map(|v| v.reals.len()).sum();
            fx.push(Effect::Tell(Fact::ConfigLoaded { virtuals: config.virtuals.len(), reals }));
        }
        let before = self.config.settings.execute.clone();
        // Also when nothing changed: a reload puts right what somebody did by hand.
        self.configure(config, table, maintenance, fx);
        self.execute_anew(&before, fx);
        self.taking = !self.settled;
        self.look_all_down(now);
        self.set_config_state(fx, |state| {
            *state = ConfigState {
                loaded_at: Some(now.wall),
                tried_at: Some(now.wall),
                rejected: None,
                changed_on_disk: false,
            };
        });
        self.in_force.extend(self.loading.take().into_iter().flatten());
        self.await_force(now);
        self.finish_load(fx);
        self.answer_in_force(fx);
    }

    /// A new configuration is not good; the old one stands.
    pub(super) fn rejected(&mut self, now: Now, rejection: Rejection, fx: &mut Vec<Effect>) {
        fx.push(Effect::Tell(Fact::ConfigRejected { text: rejection.text.clone() }));
        let waiting = self.loading.take().into_iter().flatten();
        fx.extend(
            waiting.map(|ticket| Effect::Answer(ticket, Err(Refusal::InvalidConfig(rejection.text.clone())))),
        );
        self.set_config_state(fx, |state| {
            state.rejected = Some(rejection.first);
            state.tried_at = Some(now.wall);
        });
        self.finish_load(fx);
    }

    fn finish_load(&mut self, fx: &mut Vec<Effect>) {
        if !self.life.starting() {
            Self::notify(Phase::Ready, fx);
        }
        if std::mem::take(&mut self.load_again_wanted) {
            let tickets = std::mem::take(&mut self.load_again);
            self.load(None, fx);
            self.loading = Some(tickets);
        }
    }

    /// Those who asked for the configuration hear once the table is as it wants, or cannot be brought there now.
    pub(super) fn answer_in_force(&mut self, fx: &mut Vec<Effect>) {
        if (self.settled && !self.timeouts.awaited) || self.table_trouble.is_some() {
            self.answer_all(fx);
        }
    }

    /// The configuration is in force for all who asked for it.
    pub(super) fn answer_all(&mut self, fx: &mut Vec<Effect>) {
        self.in_force_by = None;
        fx.extend(self.in_force.drain(..).map(|ticket| Effect::Answer(ticket, Ok(()))));
    }

    fn set_config_state(&mut self, fx: &mut Vec<Effect>, change: impl FnOnce(&mut ConfigState)) {
        let mut state = (*self.config_state).clone();
        change(&mut state);
        self.config_state = Arc::new(state);
        fx.push(Effect::Publish);
    }

    /// Puts a configuration in force.
    pub(super) fn configure(
        &mut self,
        config: &Arc<Config>,
        table: Option<&Table>,
        maintenance: BTreeSet<String>,
        fx: &mut Vec<Effect>,
    ) {
        fx.push(Effect::Resync(config.settings.resync_interval));
        if let Some(table) = table {
            let ids = config.virtuals.iter().map(|v| v.id).collect();
            fx.push(Effect::Saw(Arc::new(table.clone()), ids));
        }
        let old = std::mem::take(&mut self.services);
        let mut old: HashMap<VirtualId, ServiceState> = old.into_iter().map(|s| (s.config.id, s)).collect();
        let mut services: Vec<ServiceState> = Vec::with_capacity(config.virtuals.len());
        for service in &config.virtuals {
            let before = old.remove(&service.id);
            let told = before.as_ref().and_then(|before| still_told(before, service, fx));
            let reals = inherit(service, before, table);
            let row = Arc::new(virtual_row(service, Vec::new()));
            services.push(ServiceState {
                config: service.clone(),
                reals,
                told,
                wanted: Arc::new(Wanted::absent()),
                row,
            });
        }
        let before = std::mem::replace(&mut self.config, config.clone());
        self.timeouts = Timeouts::default();
        self.want_timeouts(fx);
        self.index = services.iter().enumerate().map(|(i, s)| (s.config.id, i)).collect();
        self.services = services;
        self.maintain_configured(before.settings.maintenance.as_ref(), maintenance, fx);
        self.assign_checks(fx);
        for service in 0..self.services.len() {
            self.want(service, true, fx);
            self.look_fallback(service, fx);
            self.refresh(service, None, fx);
        }
        // Sorted: what is to happen must not depend on the order of a hash map.
        let mut gone: Vec<ServiceState> = old.into_values().collect();
        gone.sort_unstable_by_key(|service| service.config.id);
        for service in gone {
            self.settled = false;
            fallback::end(&service, fx);
            let id = service.config.id;
            fx.push(Effect::Want { id, wanted: Arc::new(Wanted::absent()), enforce: true });
        }
    }

    fn assign_checks(&mut self, fx: &mut Vec<Effect>) {
        let wanted = self.services.iter().enumerate().flat_map(|(v, service)| {
            service.config.reals.iter().enumerate().filter_map(move |(r, real)| match &real.check {
                Check::Probe(spec) => Some((spec.clone(), (v, r))),
                Check::On | Check::Off => None,
            })
        });
        let (turnover, places) = self.checks.assign(wanted);
        for (place, id) in places {
            self.services[place.0].reals[place.1].check = Some(id);
        }
        fx.extend(turnover.stop.into_iter().map(Effect::StopProbe));
        fx.extend(turnover.start.into_iter().map(|(id, spec, meter)| Effect::StartProbe(id, spec, meter)));
        let services = &self.services;
        let changes = self.checks.paces(|(service, real)| services[service].reals[real].health);
        fx.extend(changes.into_iter().map(|(id, interval)| Effect::PaceProbe(id, interval)));
    }
}

/// What the fallback command of a service was told before: another command has not been told anything.
fn still_told(before: &ServiceState, service: &Virtual, fx: &mut Vec<Effect>) -> Option<Action> {
    let command = |service: &Virtual| service.fallback_command.as_ref().map(|f| f.command.clone());
    if command(&before.config) == command(service) {
        return before.told;
    }
    fallback::end(before, fx);
    None
}

/// The state of a service's real servers under a new configuration.
fn inherit(service: &Virtual, old: Option<ServiceState>, table: Option<&Table>) -> Vec<RealState> {
    let known: HashMap<RealId, (Check, RealState)> = old
        .map(|old| {
            let checks = old.config.reals.iter().map(|real| (real.id, real.check.clone()));
            checks.zip(old.reals).map(|((id, check), state)| (id, (check, state))).collect()
        })
        .unwrap_or_default();
    let unseen = match service.start_state {
        StartState::Check => State::Unknown,
        StartState::Up => State::Up,
        StartState::Down => State::Down,
    };
    let adopt = |real: &Real| {
        let seen = table
            .and_then(|t| t.0.get(&service.id))
            .and_then(|actual| actual.dests.get(&kernel_id(service.id, real.id, real.forward)));
        seen.and_then(|dest| advice::adopted(service, real, dest.weight))
            .unwrap_or_else(|| RealState { health: unseen, ..RealState::default() })
    };
    service
        .reals
        .iter()
        .map(|real| {
            let (check, mut state) = match known.get(&real.id) {
                Some((check, state)) => (Some(check), state.clone()),
                None => (None, adopt(real)),
            };
            // A reload puts weights right.
            state.foreign_weight = None;
            state.check = None;
            advice::forget(real, &mut state);
            state.health = match (&real.check, check) {
                (Check::On, _) => State::Up,
                (Check::Off, _) => State::Down,
                // It was not checked before, so nothing is known of it.
                (Check::Probe(_), Some(Check::Off)) => unseen,
                // An edit of what is asked is no news of the server: it keeps its state until a verdict says otherwise.
                (Check::Probe(_), Some(Check::On | Check::Probe(_)) | None) => state.health,
            };
            state
        })
        .collect()
}
