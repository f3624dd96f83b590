//! When each check is due, and those that are under way. One heap for all of them; a check is a task only while it
//! runs. No check waits for another, but for a place where the limit of simultaneous ones is reached.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::Instant,
};

use crate::{
    check::Prober,
    director::{CheckId, Meter, Starts},
    health::{Failure, Verdict},
    model::CheckSpec,
};

use super::{
    flight::{Flight, fly},
    places::{Held, Limits, Places},
    quick::Quick,
    timetable::{Jitter, Timetable},
};

/// The first round of many checks is spread over this much each, at most over the interval.
const FIRST_ROUND: Duration = Duration::from_millis(1);
/// How checks began is looked at for so long.
const WHILE: Duration = Duration::from_secs(10);

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

/// Starts checks when they are due.
#[derive(Debug)]
pub(super) struct Scheduler<P> {
    prober: P,
    base: Instant,
    entries: HashMap<CheckId, Entry>,
    due: BinaryHeap<Reverse<(Instant, CheckId)>>,
    /// Added since the last turn of the loop; their first starts are spread together.
    fresh: BTreeMap<CheckId, Fresh>,
    /// Due, but there is no place.
    held: Held,
    flights: JoinSet<Flight>,
    ids: HashMap<Id, CheckId>,
    places: Places,
    /// How checks began since then.
    starts: (Instant, Starts),
}

impl<P: Prober> Scheduler<P> {
    pub(super) fn new(prober: P, limits: Limits) -> Self {
        Self {
            prober,
            base: Instant::now(),
            entries: HashMap::new(),
            due: BinaryHeap::new(),
            fresh: BTreeMap::new(),
            held: Held::default(),
            flights: JoinSet::new(),
            ids: HashMap::new(),
            places: Places::new(limits),
            starts: (Instant::now(), Starts::default()),
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
            entry.stage = Stage::Held;
            if !self.launch(id)
                && let Some(entry) = self.entries.get(&id)
            {
                self.held.push(&entry.spec.kind, at, id);
            }
        }
    }

    /// How checks began, once a while is over.
    pub(super) fn starts(&mut self, now: Instant) -> Option<Starts> {
        let (since, starts) = &mut self.starts;
        let within = now - *since;
        if within < WHILE {
            return None;
        }
        *since = now;
        let mut starts = Starts { within, ..std::mem::take(starts) };
        for (due, id) in self.held.iter() {
            if let Some(entry) = self.entries.get(id) {
                starts.waits(now - *due, entry.times.interval());
            }
        }
        Some(starts)
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

    fn land(&mut self, joined: Result<(Id, Flight), JoinError>) -> Option<Landed> {
        let (task, Flight { verdict, took, late_by }) = match joined {
            Ok(landed) => landed,
            // A crashed check says nothing of the server, and must not go unseen.
            Err(error) if error.is_panic() => {
                let verdict = Verdict::Fail(Failure::Local("the check crashed".into()));
                (error.id(), Flight { verdict, took: Duration::ZERO, late_by: Duration::ZERO })
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
        self.starts.1.began(late_by, entry.times.interval());
        if let Some(quick) = &mut entry.quick {
            quick.land(&verdict);
        }
        entry.times.ended(Instant::now());
        self.due.push(Reverse((entry.times.start(), id)));
        Some(Landed { id, verdict, took, meter: entry.meter.clone() })
    }

    /// Starts a check, unless there is no place for it now.
    fn launch(&mut self, id: CheckId) -> bool {
        // One that waited may be gone by now, and its number another's.
        let waits = |entry: &&mut Entry| matches!(entry.stage, Stage::Held);
        let Some(entry) = self.entries.get_mut(&id).filter(waits) else { return true };
        let Some(place) = self.places.take(&entry.spec.kind) else { return false };
        let quick = entry.quick.as_mut().and_then(Quick::take_off);
        let (prober, spec) = (self.prober.clone(), quick.unwrap_or_else(|| entry.spec.clone()));
        let due = entry.times.start();
        let flight = self.flights.spawn(async move {
            let _place = place;
            fly(&prober, &spec, due).await
        });
        self.ids.insert(flight.id(), id);
        entry.stage = Stage::Flying(flight);
        true
    }

    fn start_held(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        held.start(|id| self.launch(id));
        self.held = held;
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
