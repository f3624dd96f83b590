//! The reconciler against a table in memory: what it does with bursts, failures, and other people's hands.

#![expect(clippy::disallowed_methods, reason = "a time to begin with; the rest is counted from it")]

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use ldirectord::{
    ipvs::{Dest, IpvsError, Op, Scope, Service, ServiceSettings, Table},
    model::{Forward, RealId, VirtualId},
    plan::{Done, ForeignChange, Job, Outcome, Reconciler, TableChange, Wanted},
};

const GAP: Duration = Duration::from_millis(50);

fn id(n: u8) -> VirtualId {
    format!("tcp:192.0.2.{n}:80").parse().expect("an identity")
}

fn real(n: u8) -> RealId {
    RealId(([10, 0, 0, n], 80).into())
}

fn dest(weight: u16) -> Dest {
    Dest::new(Forward::Masq, weight)
}

/// A service with these weights; all of the first four servers are ours, in it or not.
fn wanted(weights: &[(u8, u16)]) -> Arc<Wanted> {
    let settings = ServiceSettings { scheduler: "wrr".into(), ..ServiceSettings::default() };
    let dests = weights.iter().map(|&(n, w)| (real(n), dest(w))).collect();
    Arc::new(Wanted {
        service: Some(Service { settings, dests }),
        ours: (1..=4).map(real).collect(),
        awaits: None,
    })
}

/// A reconciler, its table and its clock.
struct Bench {
    reconciler: Reconciler,
    table: Table,
    now: Instant,
    /// Changes that are silently not made, counted from the first.
    dropped: usize,
    jobs: usize,
}

impl Bench {
    fn new() -> Self {
        let mut reconciler = Reconciler::new();
        reconciler.set_gap(GAP);
        Self { reconciler, table: Table::default(), now: Instant::now(), dropped: 0, jobs: 0 }
    }

    /// Runs one job, if one is due.
    fn step(&mut self) -> Option<(Job, Outcome)> {
        let job = self.reconciler.next(self.now)?;
        self.jobs += 1;
        if let Job::Apply(ops, _) = &job {
            for op in ops.iter().skip(std::mem::take(&mut self.dropped)) {
                let _ = self.table.apply(op);
            }
        }
        let done = Done { written: Ok(()), read: Ok(self.read(job.scope())) };
        let outcome = self.reconciler.done(self.now, done);
        Some((job, outcome))
    }

    fn read(&self, scope: &Scope) -> Table {
        match scope {
            Scope::All | Scope::Glance => self.table.clone(),
            Scope::Services(ids) => {
                Table(ids.iter().filter_map(|id| Some((*id, self.table.0.get(id)?.clone()))).collect())
            }
        }
    }

    fn later(&mut self, wait: Duration) {
        self.now += wait;
    }

    fn settle(&mut self) -> Outcome {
        let (_, outcome) = self.step().expect("a job");
        assert!(outcome.settled, "{outcome:?}");
        self.later(GAP);
        outcome
    }

    fn weights(&self, n: u8) -> BTreeMap<RealId, u16> {
        self.table.0[&id(n)].dests.iter().map(|(real, dest)| (*real, dest.weight)).collect()
    }
}

#[test]
fn a_burst_is_one_job_and_what_comes_right_after_waits_for_the_gap() {
    let mut bench = Bench::new();
    for n in 1..=100 {
        bench.reconciler.want(id(n), wanted(&[(1, 1), (2, 5)]), true);
    }
    let (job, outcome) = bench.step().unwrap();
    assert!(matches!(&job, Job::Apply(ops, Scope::Services(ids)) if ops.len() == 300 && ids.len() == 100));
    assert!(outcome.settled);
    assert_eq!(outcome.changes.len(), 300, "100 services and their 200 servers");
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), false);
    assert_eq!(bench.step(), None, "not within the gap");
    assert_eq!(bench.reconciler.deadline(), Some(bench.now + GAP));
    bench.later(GAP);
    bench.settle();
    assert_eq!(bench.weights(1), [(real(1), 1)].into());
}

#[test]
fn what_is_there_already_costs_no_process() {
    let mut bench = Bench::new();
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    bench.settle();
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    assert_eq!(bench.step(), None);
    assert!(bench.reconciler.settled());
    assert_eq!(bench.jobs, 1);
}

#[test]
fn an_existing_service_is_taken_over_without_being_emptied() {
    let mut bench = Bench::new();
    let found = wanted(&[(1, 1), (9, 7)]).service.clone().unwrap();
    bench.table.0.insert(id(1), found);
    let table = bench.table.clone();
    bench.reconciler.saw(&table, [id(1)]);
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 2)]), true);
    let (job, _) = bench.step().unwrap();
    let Job::Apply(ops, _) = job else { panic!("{job:?}") };
    assert_eq!(ops, [Op::AddDest(id(1), real(2), dest(2)), Op::DeleteDest(id(1), real(9))]);
}

#[test]
fn half_a_write_is_seen_and_made_whole() {
    let mut bench = Bench::new();
    bench.dropped = 1; // the service itself: everything after it fails too
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 2)]), true);
    let (_, outcome) = bench.step().unwrap();
    let failed = outcome.failed.expect("the read-back tells");
    assert_eq!((failed.attempt, outcome.settled), (1, false));
    bench.later(GAP);
    let outcome = bench.settle();
    assert!(!outcome.recovered, "one failure alone was not told, so its end is not either");
    assert_eq!(bench.weights(1).len(), 2);
}

#[test]
fn failures_wait_longer_and_longer_and_their_end_is_told() {
    let mut bench = Bench::new();
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    let mut waits = Vec::new();
    for attempt in 1..=8 {
        bench.dropped = 100;
        let (_, outcome) = bench.step().unwrap();
        let failed = outcome.failed.unwrap();
        assert_eq!(failed.attempt, attempt);
        waits.push(failed.retry_in);
        assert_eq!(bench.step(), None, "not before its time");
        bench.later(failed.retry_in);
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(waits.last(), Some(&Duration::from_secs(10)));
    bench.dropped = 0;
    assert!(bench.settle().recovered);
}

#[test]
fn a_change_of_mind_while_a_job_runs_is_no_failure() {
    let mut bench = Bench::new();
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 2)]), true);
    let Some(Job::Apply(ops, scope)) = bench.reconciler.next(bench.now) else { panic!() };
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), false);
    assert_eq!(bench.reconciler.next(bench.now), None, "one job at a time");
    for op in &ops {
        bench.table.apply(op).unwrap();
    }
    let done = Done { written: Ok(()), read: Ok(bench.read(&scope)) };
    let outcome = bench.reconciler.done(bench.now, done);
    assert_eq!((outcome.failed, outcome.settled), (None, false));
    bench.later(GAP);
    bench.settle();
    assert_eq!(bench.weights(1), [(real(1), 1)].into());
}

#[test]
fn a_table_that_cannot_be_read_is_not_written_until_it_can_be() {
    let mut bench = Bench::new();
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    bench.settle();
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 2)]), false);
    assert!(matches!(bench.reconciler.next(bench.now), Some(Job::Apply(..))));
    let hung = IpvsError::Hung(Duration::from_secs(10));
    let done = Done { written: Err(hung.clone()), read: Err(hung) };
    let outcome = bench.reconciler.done(bench.now, done);
    assert!(outcome.failed.is_some() && !outcome.settled);
    bench.later(Duration::from_secs(1));
    let (job, outcome) = bench.step().unwrap();
    assert_eq!(job, Job::Read(Scope::Glance), "first the truth");
    assert!(outcome.failed.is_none());
    bench.later(GAP);
    bench.settle();
    assert_eq!(bench.weights(1).len(), 2);
}

#[test]
fn a_reading_that_was_asked_for_leaves_nothing_out() {
    let mut bench = Bench::new();
    bench.reconciler.resync_every(bench.now, Some(Duration::from_secs(10)));
    bench.reconciler.resync_now(bench.now);
    assert_eq!(bench.step().unwrap().0, Job::Read(Scope::All));
    bench.later(Duration::from_secs(10));
    assert_eq!(bench.step().unwrap().0, Job::Read(Scope::Glance));
}

#[test]
fn a_flushed_table_is_healed_by_the_resync_in_one_write() {
    let mut bench = Bench::new();
    bench.reconciler.resync_every(bench.now, Some(Duration::from_secs(10)));
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 2)]), true);
    bench.reconciler.want(id(2), wanted(&[(3, 1)]), true);
    bench.settle();
    bench.table.0.clear();
    assert_eq!(bench.step(), None);
    bench.later(Duration::from_secs(10));
    let (job, outcome) = bench.step().unwrap();
    assert_eq!(job, Job::Read(Scope::Glance));
    assert_eq!(outcome.drift.len(), 2, "{outcome:?}");
    assert!(outcome.changes.is_empty(), "not our doing");
    let outcome = bench.settle();
    assert_eq!(outcome.changes.len(), 5);
    assert_eq!(bench.weights(1).len() + bench.weights(2).len(), 3);
}

#[test]
fn a_weight_set_by_hand_is_told_once_and_lasts_until_the_servers_own_transition() {
    let mut bench = Bench::new();
    let every = Duration::from_secs(10);
    bench.reconciler.resync_every(bench.now, Some(every));
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 5)]), true);
    bench.settle();
    bench.table.apply(&Op::EditDest(id(1), real(2), dest(3))).unwrap();
    bench.later(every);
    let outcome = bench.step().unwrap().1;
    assert_eq!(outcome.foreign, [ForeignChange::Weight(id(1), real(2), Some(3))]);
    bench.later(every);
    assert_eq!(bench.step().unwrap().1.foreign, [], "told once");
    // Another server's transition leaves it alone.
    bench.reconciler.want(id(1), wanted(&[(2, 5)]), false);
    bench.settle();
    assert_eq!(bench.weights(1), [(real(2), 3)].into());
    // Its own one does not.
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), false);
    bench.settle();
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 5)]), false);
    bench.settle();
    assert_eq!(bench.weights(1), [(real(1), 1), (real(2), 5)].into());
    // Nor does a reload.
    bench.table.apply(&Op::EditDest(id(1), real(2), dest(9))).unwrap();
    bench.later(every);
    bench.step().unwrap();
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 5)]), true);
    bench.settle();
    assert_eq!(bench.weights(1)[&real(2)], 5);
}

#[test]
fn a_server_added_by_hand_is_told_once_and_purged_by_a_reload() {
    let mut bench = Bench::new();
    let every = Duration::from_secs(10);
    bench.reconciler.resync_every(bench.now, Some(every));
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    bench.settle();
    bench.table.apply(&Op::AddDest(id(1), real(9), dest(1))).unwrap();
    bench.later(every);
    assert_eq!(bench.step().unwrap().1.foreign, [ForeignChange::Server(id(1), real(9))]);
    bench.later(every);
    assert_eq!(bench.step().unwrap().1.foreign, []);
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    let outcome = bench.settle();
    assert!(matches!(outcome.changes[..], [TableChange::Dest(change)] if change.real == real(9)));
}

#[test]
fn what_we_took_out_and_somebody_put_back_goes_again() {
    let mut bench = Bench::new();
    bench.reconciler.resync_every(bench.now, Some(Duration::from_secs(10)));
    bench.reconciler.want(id(1), wanted(&[(1, 1), (2, 0)]), true);
    bench.settle();
    bench.table.apply(&Op::AddDest(id(1), real(3), dest(1))).unwrap();
    bench.table.apply(&Op::EditDest(id(1), real(2), dest(4))).unwrap();
    bench.later(Duration::from_secs(10));
    assert_eq!(bench.step().unwrap().1.drift.len(), 2);
    bench.settle();
    assert_eq!(bench.weights(1), [(real(1), 1), (real(2), 0)].into());
}

#[test]
fn a_service_that_is_no_longer_wanted_goes_and_others_are_never_touched() {
    let mut bench = Bench::new();
    let theirs = wanted(&[(9, 1)]).service.clone().unwrap();
    bench.table.0.insert(id(200), theirs.clone());
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    bench.settle();
    bench.reconciler.want(id(1), Arc::new(Wanted::absent()), true);
    let outcome = bench.settle();
    assert_eq!(outcome.changes, [TableChange::ServiceRemoved(id(1))]);
    assert_eq!(bench.table.0, [(id(200), theirs)].into());
    bench.reconciler.resync_every(bench.now, Some(Duration::from_secs(10)));
    bench.later(Duration::from_secs(10));
    assert_eq!(bench.step().unwrap().1, Outcome { settled: true, ..Outcome::default() });
}

#[test]
fn a_service_that_the_kernel_never_takes_does_not_hold_up_the_others() {
    let mut bench = Bench::new();
    let mut never = (*wanted(&[])).clone();
    let multicast = RealId("224.0.0.1:80".parse().expect("an address"));
    never.service.as_mut().unwrap().dests.insert(multicast, dest(1));
    bench.reconciler.want(id(1), Arc::new(never), true);
    bench.reconciler.want(id(2), wanted(&[(1, 1), (2, 2)]), true);
    for attempt in 1..=8 {
        let failed = bench.step().unwrap().1.failed.unwrap();
        assert_eq!(failed.attempt, attempt);
        bench.later(failed.retry_in);
    }
    bench.step().unwrap();
    // A server of another service goes down: its clients must not wait for the next attempt.
    bench.reconciler.want(id(2), wanted(&[(2, 2)]), false);
    bench.later(GAP);
    let (job, outcome) = bench.step().expect("at once");
    assert_eq!(job, Job::Apply(vec![Op::DeleteDest(id(2), real(1))], Scope::Services(vec![id(2)])));
    assert_eq!((outcome.failed, outcome.recovered, outcome.settled), (None, false, false));
    assert!(bench.reconciler.deadline().is_some_and(|at| at > bench.now + Duration::from_secs(5)));
    // It is given up: that is the end of the trouble.
    bench.reconciler.want(id(1), Arc::new(Wanted::absent()), true);
    bench.later(GAP);
    let outcome = bench.settle();
    assert!(outcome.recovered);
}

#[test]
fn a_stop_or_reload_does_not_wait_for_the_next_attempt() {
    let mut bench = Bench::new();
    bench.reconciler.want(id(1), wanted(&[(1, 1)]), true);
    bench.settle();
    let hung = || IpvsError::Hung(Duration::from_secs(10));
    bench.reconciler.resync_now(bench.now);
    for _ in 0..8 {
        assert!(bench.reconciler.next(bench.now).is_some());
        let done = Done { written: Ok(()), read: Err(hung()) };
        let failed = bench.reconciler.done(bench.now, done).failed.unwrap();
        assert_eq!(bench.reconciler.next(bench.now), None);
        bench.later(failed.retry_in);
    }
    assert!(bench.reconciler.next(bench.now).is_some());
    bench.reconciler.done(bench.now, Done { written: Ok(()), read: Err(hung()) });
    bench.reconciler.want(id(1), Arc::new(Wanted::absent()), true);
    assert_eq!(bench.step().expect("at once").0, Job::Read(Scope::Glance));
    bench.settle();
    assert!(bench.table.0.is_empty());
}
