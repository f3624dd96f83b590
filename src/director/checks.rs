//! The running checks: which there are, and which real servers each one speaks for. Equal specifications are one
//! check, however many virtual services its server is in.

use std::{collections::HashMap, sync::Arc, time::Duration};

use crate::{
    health::State,
    model::{Cadence, CheckSpec},
};

use super::{CheckId, Meter};

/// A real server by its place in the director: index of the virtual service, index of the server in it.
pub(super) type Place = (usize, usize);

/// One running check.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) meter: Arc<Meter>,
    pub(super) cadence: Cadence,
    /// How often it runs now.
    interval: Duration,
    /// The servers it speaks for; never empty.
    pub(super) places: Vec<Place>,
    /// It has given its first verdict.
    reported: bool,
}

impl Running {
    /// Notes the shortest interval that one of its servers wants now; gives it if it is another than before.
    pub(super) fn pace(&mut self, wanted: Duration) -> Option<Duration> {
        (std::mem::replace(&mut self.interval, wanted) != wanted).then_some(wanted)
    }
}

/// All running checks. Numbers are never given out twice, so that a verdict which was already under way when its
/// check was stopped finds nobody.
#[derive(Debug, Default)]
pub(super) struct Checks {
    by_id: HashMap<CheckId, Running>,
    by_spec: HashMap<Arc<CheckSpec>, CheckId>,
    next: u32,
    awaited: usize,
}

/// What a change of configuration means for the running checks.
#[derive(Debug, Default)]
pub(super) struct Turnover {
    pub(super) stop: Vec<CheckId>,
    pub(super) start: Vec<(CheckId, Arc<CheckSpec>, Arc<Meter>)>,
}

impl Checks {
    /// Notes a verdict of a check: the servers it speaks for, or nothing if it was stopped.
    pub(super) fn verdict(&mut self, id: CheckId) -> Option<&mut Running> {
        let check = self.by_id.get_mut(&id)?;
        if !check.reported {
            check.reported = true;
            self.awaited -= 1;
        }
        Some(check)
    }

    /// The meter of a check.
    pub(super) fn meter(&self, id: CheckId) -> Option<Arc<Meter>> {
        Some(self.by_id.get(&id)?.meter.clone())
    }

    /// How many checks have not given a verdict yet.
    pub(super) fn awaited(&self) -> usize {
        self.awaited
    }

    /// Runs exactly these checks from now on, in this order; one whose specification stays goes on undisturbed.
    pub(super) fn assign(
        &mut self,
        wanted: impl IntoIterator<Item = (Arc<CheckSpec>, Place)>,
    ) -> (Turnover, HashMap<Place, CheckId>) {
        let mut turnover = Turnover::default();
        let mut places = HashMap::new();
        let mut kept: HashMap<CheckId, Running> = HashMap::new();
        for (spec, place) in wanted {
            let id = *self.by_spec.entry(spec.clone()).or_insert_with(|| {
                let id = CheckId(self.next);
                self.next += 1;
                let meter = Arc::new(Meter::default());
                let cadence = spec.cadence;
                let running = Running {
                    meter: meter.clone(),
                    cadence,
                    interval: cadence.interval,
                    places: Vec::new(),
                    reported: false,
                };
                turnover.start.push((id, spec, meter));
                self.by_id.insert(id, running);
                id
            });
            if let Some(mut running) = self.by_id.remove(&id) {
                running.places.clear();
                kept.insert(id, running);
            }
            if let Some(running) = kept.get_mut(&id) {
                running.places.push(place);
            }
            places.insert(place, id);
        }
        turnover.stop = self.by_id.keys().copied().collect();
        turnover.stop.sort_unstable();
        self.by_id = kept;
        self.by_spec.retain(|_, id| self.by_id.contains_key(id));
        self.awaited = self.by_id.values().filter(|check| !check.reported).count();
        (turnover, places)
    }

    /// Those whose interval is another now that their servers are in these states, in a stable order.
    pub(super) fn paces(&mut self, state: impl Fn(Place) -> State) -> Vec<(CheckId, Duration)> {
        let mut paces = Vec::new();
        for (&id, running) in &mut self.by_id {
            let cadence = running.cadence;
            let wanted = running.places.iter().map(|&place| state(place).interval(&cadence)).min();
            let wanted = wanted.unwrap_or(cadence.interval);
            paces.extend(running.pace(wanted).map(|interval| (id, interval)));
        }
        paces.sort_unstable();
        paces
    }

    /// Stops all of them.
    pub(super) fn stop_all(&mut self) -> Vec<CheckId> {
        self.assign([]).0.stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CheckKind, Route};

    fn spec(port: u16) -> Arc<CheckSpec> {
        let cadence = Cadence {
            fast: Duration::from_secs(2),
            down: Duration::from_secs(60),
            ..Cadence::steady(Duration::from_secs(10), Duration::from_secs(5))
        };
        Arc::new(CheckSpec {
            target: ([10, 0, 0, 1], port).into(),
            kind: CheckKind::Connect,
            connects: None,
            route: Route::default(),
            cadence,
        })
    }

    #[test]
    fn equal_checks_are_one_and_speak_for_both_servers() {
        let mut checks = Checks::default();
        let (turnover, places) = checks.assign([(spec(80), (0, 0)), (spec(80), (1, 3)), (spec(81), (1, 4))]);
        assert_eq!(turnover.start.len(), 2);
        assert_eq!(places[&(0, 0)], places[&(1, 3)]);
        assert_eq!(checks.verdict(places[&(0, 0)]).unwrap().places, [(0, 0), (1, 3)]);
    }

    #[test]
    fn what_stays_goes_on_and_what_went_is_never_heard_again() {
        let mut checks = Checks::default();
        let (_, first) = checks.assign([(spec(80), (0, 0)), (spec(81), (0, 1))]);
        assert_eq!(checks.awaited(), 2);
        checks.verdict(first[&(0, 0)]);
        let (turnover, second) = checks.assign([(spec(82), (0, 0)), (spec(80), (0, 1))]);
        assert_eq!(turnover.stop, [first[&(0, 1)]]);
        assert_eq!(turnover.start.len(), 1);
        assert_eq!(second[&(0, 1)], first[&(0, 0)]);
        assert_eq!(checks.awaited(), 1, "the one that stays has reported");
        assert!(checks.verdict(first[&(0, 1)]).is_none());
        let (turnover, third) = checks.assign([(spec(81), (0, 0))]);
        assert_eq!(turnover.stop.len(), 2);
        assert_ne!(third[&(0, 0)], first[&(0, 1)], "a number is never given out twice");
    }

    #[test]
    fn a_check_runs_as_often_as_the_most_impatient_of_its_servers_wants() {
        let mut checks = Checks::default();
        let (_, places) = checks.assign([(spec(80), (0, 0)), (spec(80), (1, 0)), (spec(81), (1, 1))]);
        let id = places[&(0, 0)];
        let states = |one, other| move |place: Place| if place.0 == 0 { one } else { other };
        let seconds = Duration::from_secs;
        assert_eq!(checks.paces(states(State::Unknown, State::Unknown)), []);
        assert_eq!(checks.paces(states(State::Down, State::Up))[..], [], "one of them is up");
        let other = (places[&(1, 1)], seconds(60));
        assert_eq!(checks.paces(states(State::Down, State::Down)), [(id, seconds(60)), other]);
        let other = (places[&(1, 1)], seconds(2));
        assert_eq!(checks.paces(states(State::Down, State::Failing(1))), [(id, seconds(2)), other]);
    }
}
