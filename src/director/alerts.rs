//! Who is mailed about what: which facts, in which states of the director, and again while a server stays down.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    health::State,
    model::{DirectorState, RealId, VirtualId},
};

use super::{
    Director, Effect, Fact, Now,
    core::{RealState, ServiceState},
    mail::MailLine,
    outbox::Outboxes,
};

/// What is to be mailed, and when servers that are down are told again.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    outboxes: Outboxes,
    reminders: Reminders,
}

/// The servers that are down and are told again, each with the moment at which it was told last.
#[derive(Debug, Default)]
struct Reminders {
    last: BTreeMap<(VirtualId, RealId), (Instant, Duration)>,
    due: BTreeSet<(Instant, VirtualId, RealId)>,
}

impl Reminders {
    /// A server is to be told again this often, or not any longer; what has been going on goes on undisturbed.
    fn set(&mut self, now: Instant, id: (VirtualId, RealId), repeat: Option<Duration>) {
        let before = self.last.get(&id).copied();
        if before.map(|(_, repeat)| repeat) == repeat {
            return;
        }
        if let Some((last, repeat)) = before {
            self.due.remove(&(last + repeat, id.0, id.1));
            self.last.remove(&id);
        }
        if let Some(repeat) = repeat {
            let last = before.map_or(now, |(last, _)| last);
            self.last.insert(id, (last, repeat));
            self.due.insert((last + repeat, id.0, id.1));
        }
    }

    /// The next one that is due, which is told now.
    fn next(&mut self, now: Instant) -> Option<(VirtualId, RealId)> {
        let &(at, virtual_id, real) = self.due.first().filter(|(at, ..)| *at <= now)?;
        self.due.remove(&(at, virtual_id, real));
        if let Some((last, repeat)) = self.last.get_mut(&(virtual_id, real)) {
            *last = now;
            self.due.insert((now + *repeat, virtual_id, real));
        }
        Some((virtual_id, real))
    }
}

impl Alerts {
    /// When [`Director::alerts_due`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let reminder = self.reminders.due.first().map(|(at, ..)| *at);
        [self.outboxes.deadline(), reminder].into_iter().flatten().min()
    }
}

impl Director {
    /// What the director is doing, as mails name it.
    fn state(&self) -> DirectorState {
        if self.life.stopping() {
            DirectorState::Stopping
        } else if self.life.starting() {
            DirectorState::Starting
        } else if self.taking {
            DirectorState::Reloading
        } else {
            DirectorState::Running
        }
    }

    /// Mails a fact about the table, if it is one that is mailed and somebody wants to have it.
    pub(super) fn alert(&mut self, now: Now, fact: &Fact) {
        let Some(virtual_id) = is_mailed(fact) else { return };
        self.mail(now, virtual_id, || fact.to_string());
    }

    fn mail(&mut self, now: Now, id: VirtualId, sentence: impl FnOnce() -> String) {
        let state = self.state();
        let Some(service) = self.index.get(&id).map(|&i| &self.services[i].config) else { return };
        let Some(alert) = service.alert.as_ref().filter(|alert| alert.states.has(state)) else { return };
        let (name, comment) = (service.name.clone(), service.comment.clone());
        let line = MailLine { at: now.wall, state, sentence: sentence(), name, comment };
        self.alerts.outboxes.put(now.instant, &alert.route, line);
    }

    /// A real server may have gone down or come up.
    pub(super) fn look_down(&mut self, now: Now, (service, real): (usize, usize)) {
        let this = &self.services[service];
        let id = (this.config.id, this.config.reals[real].id);
        self.alerts.reminders.set(now.instant, id, repeat(this, &this.reals[real]));
    }

    /// The same for all of them, after a new configuration was taken: those that are gone are not told again.
    pub(super) fn look_all_down(&mut self, now: Now) {
        let before = std::mem::take(&mut self.alerts.reminders);
        for service in &self.services {
            for (real, state) in service.config.reals.iter().zip(&service.reals) {
                let Some(repeat) = repeat(service, state) else { continue };
                let id = (service.config.id, real.id);
                let last = before.last.get(&id).map_or(now.instant, |(last, _)| *last);
                self.alerts.reminders.set(last, id, Some(repeat));
            }
        }
    }

    /// The moment of [`Alerts::deadline`] may have come.
    pub(super) fn alerts_due(&mut self, now: Now, fx: &mut Vec<Effect>) {
        while !self.life.stopping()
            && let Some((virtual_id, real)) = self.alerts.reminders.next(now.instant)
        {
            self.mail(now, virtual_id, || {
                format!("Inaccessible real server: {real} ({})", virtual_id.label())
            });
        }
        let mails = self.alerts.outboxes.take(now.instant);
        send(mails, fx);
    }

    /// The end is there: what waits is mailed now, and nobody is told again.
    pub(super) fn end_alerts(&mut self, now: Now, fx: &mut Vec<Effect>) {
        self.alerts.reminders = Reminders::default();
        let mails = self.alerts.outboxes.take_all(now.instant);
        send(mails, fx);
    }
}

fn send(mails: Vec<super::Mail>, fx: &mut Vec<Effect>) {
    for mail in mails {
        fx.push(Effect::Tell(Fact::MailSent { subject: mail.subject() }));
        fx.push(Effect::Mail(mail));
    }
}

/// How often a server is told again: those that a check has found down, not those that are out by configuration.
fn repeat(service: &ServiceState, real: &RealState) -> Option<Duration> {
    let is_down = matches!(real.health, State::Down | State::Rising(_));
    let found = is_down && real.check.is_some() && real.last_failure.is_some();
    service.config.alert.as_ref().and_then(|alert| alert.repeat).filter(|_| found)
}

/// The service of a fact that is mailed: those about real and fallback servers, as in the reference, and a service
/// that is taken out at a stop, which here stands for all of its servers.
fn is_mailed(fact: &Fact) -> Option<VirtualId> {
    match fact {
        Fact::RealInService { virtual_id, .. }
        | Fact::RealQuiescent { virtual_id, .. }
        | Fact::RealDeleted { virtual_id, .. }
        | Fact::RealPurged { virtual_id, .. }
        | Fact::FallbackAdded { virtual_id, .. }
        | Fact::FallbackDeleted { virtual_id, .. }
        | Fact::VirtualPurged(virtual_id, super::Occasion::Stop) => Some(*virtual_id),
        Fact::Started { .. }
        | Fact::Serving { .. }
        | Fact::Stopping { .. }
        | Fact::VirtualAdded(_)
        | Fact::VirtualChanged(_)
        | Fact::VirtualPurged(_, super::Occasion::Start)
        | Fact::WentUp { .. }
        | Fact::WentDown { .. }
        | Fact::SoftFailure { .. }
        | Fact::SoftFailureReset { .. }
        | Fact::CertificateName { .. }
        | Fact::RealWeighed { .. }
        | Fact::Advised { .. }
        | Fact::CertificateEnds { .. }
        | Fact::CertificateRenewed { .. }
        | Fact::MaintenanceBegan { .. }
        | Fact::MaintenanceEnded { .. }
        | Fact::MaintenanceStranger { .. }
        | Fact::ConfigChanged { .. }
        | Fact::ReloadAsked { .. }
        | Fact::ConfigLoaded { .. }
        | Fact::ConfigUnchanged
        | Fact::ConfigRejected { .. }
        | Fact::ConfigWarning { .. }
        | Fact::CallbackFailed { .. }
        | Fact::CallbackRan { .. }
        | Fact::FallbackCommandRan { .. }
        | Fact::FallbackCommandFailed { .. }
        | Fact::ExecuteRan { .. }
        | Fact::ExecuteFailed { .. }
        | Fact::MailSent { .. }
        | Fact::MailFailed { .. }
        | Fact::TableFailed { .. }
        | Fact::TableRecovered
        | Fact::TimeoutsSet { .. }
        | Fact::TimeoutsFailed { .. }
        | Fact::Drifted { .. }
        | Fact::ForeignWeight { .. }
        | Fact::ForeignServer { .. }
        | Fact::BusLost { .. }
        | Fact::BusServed { .. }
        | Fact::ChecksLate(_)
        | Fact::ChecksOnTime(_)
        | Fact::Trouble { .. } => None,
    }
}
