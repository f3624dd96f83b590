//! When each check is due, and those that are under way. One heap for all of them; a check is a task only while it
//! runs. No check waits for another, but for a place where the limit of simultaneous ones is reached.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::{Instant, timeout},
};

use crate::{
    check::{Prober, Progress},
    director::{CheckId, Meter},
    health::{Failure, Verdict},
    model::{Cadence, CheckKind, CheckSpec},
};

use super::timetable::{Jitter, Timetable};

/// The first round of many checks is spread over this much each, at most over the interval.
const FIRST_ROUND: Duration = Duration::from_millis(1);

/// How many checks may be under way at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// All together: each needs a file descriptor.
    pub checks: usize,
    /// Of these with TLS, which hold tens of kilobytes each. Servers that hang keep their places until their checks
    /// time out, and meanwhile the others find none if there are not enough: this is for farms, not for memory.
    pub tls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { checks: 4_096, tls: 2_048 }
    }
}

/// A check that has ended.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) id: CheckId,
    pub(super) verdict: Verdict,
    pub(super) took: Duration,
    pub(super) meter: Arc<Meter>,
}

#[derive(Debug)]
struct Entry {
    spec: Arc<CheckSpec>,
    meter: Arc<Meter>,
    times: Timetable,
    stage: Stage,
    /// What is asked where most checks only connect.
    quick: Option<Quick>,
}

/// A check that will begin with others.
#[derive(Debug)]
struct Fresh {
    spec: Arc<CheckSpec>,
    meter: Arc<Meter>,
    interval: Duration,
}

/// What an entry does at the moment.
#[derive(Debug)]
enum Stage {
    /// It waits for its time.
    Due,
    /// It waits for a place.
    Held,
    /// It is under way.
    Flying(AbortHandle),
}

/// The checks of an entry that only connect.
#[derive(Debug)]
struct Quick {
    spec: Arc<CheckSpec>,
    count: u32,
    /// How many have passed since the last one that asked and passed; nothing where the next one is to ask.
    passed: Option<u32>,
    /// The one under way is such a one.
    flying: bool,
}

impl Quick {
    fn of(spec: &CheckSpec) -> Option<Self> {
        let connects = spec.connects?;
        let cadence = Cadence { deadline: connects.deadline, ..spec.cadence };
        let spec = CheckSpec {
            target: spec.target,
            kind: CheckKind::Connect,
            connects: None,
            route: spec.route,
            cadence,
        };
        Some(Self { spec: Arc::new(spec), count: connects.count.get(), passed: None, flying: false })
    }

    /// The next check begins: what is asked, if it is one that connects.
    fn take_off(&mut self) -> Option<Arc<CheckSpec>> {
        self.flying = self.passed.is_some_and(|passed| passed < self.count);
        self.flying.then(|| self.spec.clone())
    }

    fn land(&mut self, verdict: &Verdict) {
        self.passed = match verdict {
            Verdict::Pass(_) if self.flying => self.passed.map(|passed| passed + 1),
            Verdict::Pass(_) => Some(0),
            Verdict::Fail(_) => None,
        };
    }
}

/// Starts checks when they are due.
#[derive(Debug)]
pub(super) struct Scheduler<P> {
    prober: P,
    base: Instant,
    entries: HashMap<CheckId, Entry>,
    due: BinaryHeap<Reverse<(Instant, CheckId)>>,
    /// Added since the last turn of the loop; their first starts are spread together.
    fresh: BTreeMap<CheckId, Fresh>,
    /// Due, but there is no place: those without TLS, and those with it, which wait for places of another kind.
    held: [VecDeque<CheckId>; 2],
    flights: JoinSet<(Verdict, Duration)>,
    ids: HashMap<Id, CheckId>,
    places: Arc<Semaphore>,
    tls_places: Arc<Semaphore>,
}

impl<P: Prober> Scheduler<P> {
    pub(super) fn new(prober: P, limits: Limits) -> Self {
        Self {
            prober,
            base: Instant::now(),
            entries: HashMap::new(),
            due: BinaryHeap::new(),
            fresh: BTreeMap::new(),
            held: [VecDeque::new(), VecDeque::new()],
            flights: JoinSet::new(),
            ids: HashMap::new(),
            places: Arc::new(Semaphore::new(limits.checks.max(1))),
            tls_places: Arc::new(Semaphore::new(limits.tls.max(1))),
        }
    }

    /// Runs a check from now on.
    pub(super) fn add(&mut self, id: CheckId, spec: Arc<CheckSpec>, meter: Arc<Meter>) {
        let interval = spec.cadence.interval;
        self.fresh.insert(id, Fresh { spec, meter, interval });
    }

    /// Runs it no longer. What is under way is dropped, and with it its sockets.
    pub(super) fn remove(&mut self, id: CheckId) {
        if let Some(Entry { stage: Stage::Flying(flight), .. }) = self.entries.remove(&id) {
            flight.abort();
        }
        self.fresh.remove(&id);
    }

    /// Runs a check at another pace, counted from its last start.
    pub(super) fn set_interval(&mut self, id: CheckId, interval: Duration) {
        if let Some(fresh) = self.fresh.get_mut(&id) {
            fresh.interval = interval;
        }
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.times.set_interval(interval);
        if matches!(entry.stage, Stage::Due) {
            let before = entry.times.start();
            entry.times.plan(Instant::now());
            if entry.times.start() != before {
                self.due.push(Reverse((entry.times.start(), id)));
            }
        }
    }

    /// When [`Self::start_due`] is worth calling again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Starts all that is due.
    pub(super) fn start_due(&mut self, now: Instant) {
        self.spread(now);
        while let Some(&Reverse((at, id))) = self.due.peek() {
            if at > now {
                break;
            }
            self.due.pop();
            // One that has changed its pace since is in the heap with its new time too.
            let is_due = |entry: &&mut Entry| entry.times.start() == at && matches!(entry.stage, Stage::Due);
            let Some(entry) = self.entries.get_mut(&id).filter(is_due) else { continue };
            let kind = usize::from(entry.spec.kind.security().is_some());
            entry.stage = Stage::Held;
            if !self.launch(id) {
                self.held[kind].push_back(id);
            }
        }
    }

    /// Waits for the next check that ends; for ever while none is under way.
    pub(super) async fn landed(&mut self) -> Landed {
        loop {
            let Some(joined) = self.flights.join_next_with_id().await else {
                std::future::pending::<()>().await;
                continue;
            };
            if let Some(landed) = self.land(joined) {
                return landed;
            }
        }
    }

    /// The same, for one that has ended already.
    pub(super) fn try_landed(&mut self) -> Option<Landed> {
        loop {
            let joined = self.flights.try_join_next_with_id()?;
            if let Some(landed) = self.land(joined) {
                return Some(landed);
            }
        }
    }

    fn land(&mut self, joined: Result<(Id, (Verdict, Duration)), JoinError>) -> Option<Landed> {
        let (task, verdict, took) = match joined {
            Ok((task, (verdict, took))) => (task, verdict, took),
            // A crashed check says nothing of the server, and must not go unseen.
            Err(error) if error.is_panic() => {
                (error.id(), Verdict::Fail(Failure::Local("the check crashed".into())), Duration::ZERO)
            }
            Err(error) => {
                self.ids.remove(&error.id());
                self.start_held();
                return None;
            }
        };
        let id = self.ids.remove(&task)?;
        self.start_held();
        // A check that was stopped while its verdict was under way finds no entry: nobody hears it.
        let entry = self.entries.get_mut(&id)?;
        entry.stage = Stage::Due;
        if let Some(quick) = &mut entry.quick {
            quick.land(&verdict);
        }
        entry.times.ended(Instant::now());
        self.due.push(Reverse((entry.times.start(), id)));
        Some(Landed { id, verdict, took, meter: entry.meter.clone() })
    }

    /// Starts a check, unless there is no place for it now.
    fn launch(&mut self, id: CheckId) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return true };
        let Some(permits) = permits(&self.places, &self.tls_places, &entry.spec.kind) else { return false };
        let quick = entry.quick.as_mut().and_then(Quick::take_off);
        let (prober, spec) = (self.prober.clone(), quick.unwrap_or_else(|| entry.spec.clone()));
        let flight = self.flights.spawn(async move {
            let _places = permits;
            fly(&prober, &spec).await
        });
        self.ids.insert(flight.id(), id);
        entry.stage = Stage::Flying(flight);
        true
    }

    fn start_held(&mut self) {
        for kind in 0..self.held.len() {
            while let Some(&id) = self.held[kind].front() {
                if !self.launch(id) {
                    break;
                }
                self.held[kind].pop_front();
            }
        }
    }

    /// Spreads the first starts of what was added: the first round soon, the later ones evenly over the interval.
    fn spread(&mut self, now: Instant) {
        let fresh = std::mem::take(&mut self.fresh);
        let count = u32::try_from(fresh.len()).unwrap_or(u32::MAX).max(1);
        for (k, (id, Fresh { spec, meter, interval })) in fresh.into_iter().enumerate() {
            let part = f64::from(u32::try_from(k).unwrap_or(u32::MAX)) / f64::from(count);
            let jitter = Jitter { percent: spec.cadence.jitter, seed: seed(&spec) };
            let first_round = spec.cadence.interval.min(FIRST_ROUND * count);
            let times = Timetable::new(self.base, now, interval, (first_round, part), jitter);
            self.due.push(Reverse((times.start(), id)));
            self.entries.insert(id, Entry { quick: Quick::of(&spec), spec, meter, times, stage: Stage::Due });
        }
    }
}

/// What tells the jitter of one check from that of another, the same in each run.
fn seed(spec: &CheckSpec) -> u64 {
    let mut hasher = DefaultHasher::new();
    spec.hash(&mut hasher);
    hasher.finish()
}

/// Room for one more check, if there is.
fn permits(
    places: &Arc<Semaphore>,
    tls_places: &Arc<Semaphore>,
    kind: &CheckKind,
) -> Option<(OwnedSemaphorePermit, Option<OwnedSemaphorePermit>)> {
    let place = places.clone().try_acquire_owned().ok()?;
    let tls =
        if kind.security().is_some() { Some(tls_places.clone().try_acquire_owned().ok()?) } else { None };
    Some((place, tls))
}
/// One check under its one deadline.
async fn fly<P: Prober>(prober: &P, spec: &CheckSpec) -> (Verdict, Duration) {
    let started = Instant::now();
    let progress = Progress::default();
    let verdict = timeout(spec.longest(), prober.probe(spec, &progress))
        .await
        .unwrap_or_else(|_| Verdict::Fail(Failure::TimedOut(progress.stage())));
    (verdict, started.elapsed())
}
