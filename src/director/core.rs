//! The director itself: its state, and the one function through which everything that happens goes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    health::{Advice, Certificate, Change, Evidence, Failure, State, Verdict},
    ipvs::Table,
    model::{Config, Virtual, VirtualId},
    plan::{Standing, Wanted, desired},
};

use super::{
    CheckId, ConfigState, Effect, Event, Fact, Monitored, Now, Phase, Refusal, Snapshot, Ticket, VirtualRow,
    alerts::Alerts,
    certificates,
    checks::{Checks, Place},
    hook::Action,
    lifecycle::Life,
    maintenance::Maintenance,
    punctuality::Late,
    rows::{check_name, real_row, virtual_row},
    timeouts::Timeouts,
};

/// What a director begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// The configuration.
    pub config: Arc<Config>,
    /// Diagnostics that did not prevent it from being taken.
    pub warnings: Vec<Arc<str>>,
    /// The kernel's table: a configured real server that serves there is adopted as up.
    pub table: Arc<Table>,
    /// What is in its maintenance directory.
    pub maintenance: BTreeSet<String>,
    /// Version of the program.
    pub version: &'static str,
    /// Process id, for the log.
    pub pid: u32,
}

/// Decides. See the folder's documentation.
#[derive(Debug)]
pub struct Director {
    pub(super) config: Arc<Config>,
    pub(super) services: Vec<ServiceState>,
    pub(super) index: HashMap<VirtualId, usize>,
    pub(super) checks: Checks,
    /// Servers of which verdicts brought news, by their service: what follows for table and views is worked out once
    /// for all of them, since a service of thousands may lose thousands at once.
    pub(super) touched: BTreeMap<usize, BTreeSet<usize>>,
    pub(super) maintenance: Maintenance,
    pub(super) config_state: Arc<ConfigState>,
    pub(super) table_trouble: Option<Arc<str>>,
    pub(super) life: Life,
    /// A load is under way, and who waits for it.
    pub(super) loading: Option<Vec<Ticket>>,
    /// The configuration was loaded; these wait until the table is as it wants.
    pub(super) in_force: Vec<Ticket>,
    /// They hear by then, whatever the table does.
    pub(super) in_force_by: Option<Instant>,
    /// Somebody asked for a load while one was under way: another follows.
    pub(super) load_again: Vec<Ticket>,
    pub(super) load_again_wanted: bool,
    /// The reconciler has nothing left to do.
    pub(super) settled: bool,
    pub(super) timeouts: Timeouts,
    pub(super) alerts: Alerts,
    /// Checks are late at the moment.
    pub(super) late: Option<Late>,
    /// A new configuration was taken, and the table is not as it wants yet.
    pub(super) taking: bool,
}

/// One virtual service as the director knows it.
#[derive(Debug)]
pub(super) struct ServiceState {
    pub(super) config: Arc<Virtual>,
    pub(super) reals: Vec<RealState>,
    pub(super) wanted: Arc<Wanted>,
    /// What its fallback command was told last.
    pub(super) told: Option<Action>,
    pub(super) row: Arc<VirtualRow>,
}

/// One real server as the director knows it. Beside `health`, `maintenance` and `advice` all is for showing only.
#[derive(Clone, Debug, Default)]
pub(super) struct RealState {
    pub(super) health: State,
    /// Somebody took it out by hand.
    pub(super) maintenance: bool,
    pub(super) check: Option<CheckId>,
    pub(super) last_transition: Option<SystemTime>,
    pub(super) last_failure: Option<Arc<Failure>>,
    pub(super) certificate: Option<Certificate>,
    /// Weight that somebody set by hand and that is left so.
    pub(super) foreign_weight: Option<u16>,
    /// What its agent advised last; the default where it is not asked.
    pub(super) advice: Advice,
}

impl RealState {
    pub(super) fn standing(&self) -> Standing {
        Standing { health: self.health, maintenance: self.maintenance, advice: self.advice }
    }

    pub(super) fn serves(&self) -> bool {
        self.standing().serves()
    }
}

impl Director {
    /// Begins with a configuration and the table as it is.
    #[must_use]
    pub fn new(now: Now, start: Start) -> (Self, Vec<Effect>) {
        let mut director = Self {
            config: Arc::default(),
            services: Vec::new(),
            index: HashMap::new(),
            checks: Checks::default(),
            touched: BTreeMap::new(),
            maintenance: Maintenance::default(),
            config_state: Arc::new(ConfigState { loaded_at: Some(now.wall), ..ConfigState::default() }),
            table_trouble: None,
            life: Life::Starting { deadline: None },
            loading: None,
            in_force: Vec::new(),
            in_force_by: None,
            load_again: Vec::new(),
            load_again_wanted: false,
            settled: true,
            timeouts: Timeouts::default(),
            alerts: Alerts::default(),
            late: None,
            taking: false,
        };
        let mut fx = vec![Effect::Tell(Fact::Started { version: start.version, pid: start.pid })];
        fx.extend(start.warnings.into_iter().map(|text| Effect::Tell(Fact::ConfigWarning { text })));
        director.configure(&start.config, Some(&start.table), start.maintenance, &mut fx);
        director.look_ready(now, &mut fx);
        (director, fx)
    }

    /// Something happened. After one or more verdicts in a row [`Self::conclude`] tells what follows from them.
    pub fn on(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let mut fx = Vec::new();
        if !self.heeds(&event) {
            return fx;
        }
        if !matches!(event, Event::Probed(..)) {
            self.conclude_into(now, &mut fx);
        }
        match event {
            Event::Probed(id, verdict) => self.probed(now, id, &verdict, &mut fx),
            Event::Started(starts) => self.started(now, starts, &mut fx),
            Event::Applied(outcome) => self.applied(now, outcome, &mut fx),
            Event::Timeouts(ended) => self.timeouts_ended(now, ended, &mut fx),
            Event::SourcesChanged(path) => self.sources_changed(path, &mut fx),
            Event::ReloadWanted => {
                fx.push(Effect::Tell(Fact::ReloadAsked { by: "signal" }));
                self.load(None, &mut fx);
            }
            Event::Asked(ticket, super::Command::Reload) => {
                if self.life.stopping() {
                    fx.push(Effect::Answer(ticket, Err(Refusal::Stopping)));
                } else {
                    fx.push(Effect::Tell(Fact::ReloadAsked { by: "request" }));
                    self.load(Some(ticket), &mut fx);
                }
            }
            Event::Loaded { config, table, maintenance, warnings } => {
                fx.extend(warnings.into_iter().map(|text| Effect::Tell(Fact::ConfigWarning { text })));
                self.loaded(now, &config, table.as_deref(), maintenance, &mut fx);
            }
            Event::MaintenanceChanged { directory, files } => self.maintain(directory, files, &mut fx),
            Event::Rejected(rejection) => self.rejected(now, rejection, &mut fx),
            Event::Due => self.due(now, &mut fx),
            Event::Stop { why, clean } => self.stop(now, why, clean, &mut fx),
        }
        fx
    }

    /// What follows from the verdicts since the last call, for the table and for the views.
    pub fn conclude(&mut self, now: Now) -> Vec<Effect> {
        let mut fx = Vec::new();
        self.conclude_into(now, &mut fx);
        fx
    }

    fn conclude_into(&mut self, now: Now, fx: &mut Vec<Effect>) {
        for (service, reals) in std::mem::take(&mut self.touched) {
            if !self.life.stopping() {
                self.want(service, false, fx);
                self.look_fallback(service, fx);
            }
            self.refresh(service, Some(&reals), fx);
        }
        self.look_ready(now, fx);
    }

    /// Verdicts wait for [`Self::conclude`].
    pub(super) fn inconclusive(&self) -> bool {
        !self.touched.is_empty()
    }

    /// When [`Event::Due`] is to be handed in.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        [self.life.deadline(), self.in_force_by, self.timeouts.retry, self.alerts.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// How many checks have not given their first verdict yet.
    #[must_use]
    pub fn awaited(&self) -> usize {
        self.checks.awaited()
    }

    /// The view of this moment. Costs one pointer a virtual service; all rows are shared.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            virtuals: self.services.iter().map(|service| service.row.clone()).collect(),
            config: self.config_state.clone(),
            table_trouble: self.table_trouble.clone(),
            checks_late: self.late.is_some(),
        }
    }

    /// A verdict came in. One that changes nothing costs one look-up and allocates nothing.
    fn probed(&mut self, now: Now, id: CheckId, verdict: &Verdict, fx: &mut Vec<Effect>) {
        let Some(check) = self.checks.verdict(id) else { return };
        let (Evidence { certificate, advice, .. }, failure) = match verdict {
            Verdict::Pass(evidence) => (*evidence, None),
            Verdict::Fail(failure) => (Evidence::default(), Some(failure)),
        };
        let mut changed: Vec<(Place, State, Option<Change>)> = Vec::new();
        let (mut interval, cadence) = (Duration::MAX, check.cadence);
        for &(service, real) in &check.places {
            let config = &self.services[service].config;
            if let (Some(file), Some(name)) = (&config.monitor, &config.reals[real].monitored_as) {
                let (file, name) = (file.clone(), name.clone());
                fx.push(Effect::Monitor(Monitored { file, name, verdict: verdict.clone() }));
            }
            let counts = config.hysteresis;
            let state = &mut self.services[service].reals[real];
            let (next, change) = state.health.step(verdict, counts);
            let news = failure.is_some_and(|f| state.last_failure.as_deref() != Some(f))
                || (certificate.is_some() && certificate != state.certificate)
                || advice.is_some_and(|advice| advice != state.advice);
            if change.is_some() || news {
                changed.push(((service, real), state.health, change));
            }
            state.health = next;
            interval = interval.min(next.interval(&cadence));
        }
        if let Some(interval) = check.pace(interval) {
            fx.push(Effect::PaceProbe(id, interval));
        }
        if !changed.is_empty() {
            let reason = failure.cloned().map(Arc::new);
            for (place, old, change) in changed {
                let news = News { old, change, reason: reason.as_ref(), certificate };
                self.changed(now, place, news, fx);
                self.advised(place, advice, fx);
            }
        }
    }

    /// Something about one real server is news.
    fn changed(
        &mut self,
        now: Now,
        (service, real): Place,
        News { old, change, reason, certificate }: News<'_>,
        fx: &mut Vec<Effect>,
    ) {
        let this = &mut self.services[service];
        let state = &mut this.reals[real];
        if let Some(reason) = reason {
            state.last_failure = Some(reason.clone());
        }
        let (virtual_id, real_id) = (this.config.id, this.config.reals[real].id);
        let check = check_name(&this.config.reals[real].check);
        if let Some(certificate) = certificate {
            let before = state.certificate.replace(certificate);
            certificates::tell((virtual_id, real_id), before, certificate, now.wall, fx);
        }
        let limit = this.config.hysteresis.fall.get();
        match (change, reason) {
            (Some(Change::Soft { failures }), Some(reason)) => fx.push(Effect::Tell(Fact::SoftFailure {
                virtual_id,
                real: real_id,
                failures,
                limit,
                check,
                reason: reason.clone(),
            })),
            (Some(Change::Recovered), _) => {
                fx.push(Effect::Tell(Fact::SoftFailureReset { virtual_id, real: real_id, check }));
            }
            (Some(Change::WentUp), _) => {
                state.last_transition = Some(now.wall);
                state.foreign_weight = None;
                fx.push(Effect::Tell(Fact::WentUp { virtual_id, real: real_id, old, check }));
            }
            (Some(Change::WentDown), Some(reason)) => {
                state.last_transition = Some(now.wall);
                state.foreign_weight = None;
                let reason = reason.clone();
                fx.push(Effect::Tell(Fact::WentDown { virtual_id, real: real_id, old, check, reason }));
            }
            // Views show a server that begins to rise or falls back, people are told when it is up.
            (
                Some(Change::Rising { .. } | Change::Relapsed | Change::Soft { .. } | Change::WentDown)
                | None,
                _,
            ) => {}
        }
        self.look_down(now, (service, real));
        self.touched.entry(service).or_default().insert(real);
    }

    /// Works out what the table should have for one service, and says so if that is news.
    pub(super) fn want(&mut self, service: usize, enforce: bool, fx: &mut Vec<Effect>) {
        let this = &mut self.services[service];
        let standing: Vec<Standing> = this.reals.iter().map(RealState::standing).collect();
        let wanted = desired(&this.config, &standing);
        if enforce || wanted != *this.wanted {
            this.wanted = Arc::new(wanted);
            self.settled = false;
            fx.push(Effect::Want { id: this.config.id, wanted: this.wanted.clone(), enforce });
        }
    }

    /// Makes the rows of a service anew: those of some real servers, or all of them.
    pub(super) fn refresh(&mut self, service: usize, only: Option<&BTreeSet<usize>>, fx: &mut Vec<Effect>) {
        let this = &mut self.services[service];
        let reals = (0..this.reals.len())
            .map(|i| match only {
                Some(reals) if !reals.contains(&i) => this.row.reals[i].clone(),
                Some(_) | None => Arc::new(real_row(&this.config, i, &this.reals[i], &self.checks)),
            })
            .collect();
        this.row = Arc::new(virtual_row(&this.config, reals));
        if fx.last().is_none_or(|last| !matches!(last, Effect::Publish)) {
            fx.push(Effect::Publish);
        }
    }

    /// Tells the service manager.
    pub(super) fn notify(phase: Phase, fx: &mut Vec<Effect>) {
        fx.push(Effect::Notify(phase));
    }
}

/// What a verdict brought that is news for one real server.
struct News<'a> {
    old: State,
    change: Option<Change>,
    reason: Option<&'a Arc<Failure>>,
    certificate: Option<Certificate>,
}
