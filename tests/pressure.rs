//! The real loop where things never come to rest: who waits is answered all the same, and nothing piles up.

#![expect(unreachable_pub, reason = "a program of its own: there is nobody outside")]
#![expect(clippy::disallowed_methods, reason = "its tasks end with their runtime, and any moment will do")]

#[expect(dead_code, reason = "shared with the stories, which use more of it")]
mod sim;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ldirectord::{
    director::{CheckId, Command, Director, Effect, Event, Fact, Now, Start, Starts},
    health::{Evidence, Failure, Verdict},
    ipvs::Memory,
    model::{
        self, Cadence, Check, CheckKind, CheckSpec, Config, Forward, Hysteresis, Real, RealId, Route,
        SchedulerFlags, Service, Settings, StartState, Thresholds, Virtual,
    },
    runtime::{Limits, Loaded},
};
use sim::{Behaviour, Callbacks, Disk, Running, Watched, World, lock};
use tokio::time::{Instant, sleep, timeout};

fn server(n: u8) -> SocketAddr {
    ([10, 0, 0, n], 80).into()
}

/// One service with so many servers, each asked every second.
fn config(servers: u8) -> Arc<Config> {
    let cadence = Cadence::steady(Duration::from_secs(1), Duration::from_secs(1));
    let reals = (1..=servers).map(|n| {
        let spec = CheckSpec {
            target: server(n),
            kind: CheckKind::Connect,
            connects: None,
            route: Route::default(),
            cadence,
        };
        let check = Check::Probe(Arc::new(spec));
        Real {
            id: RealId(server(n)),
            forward: Forward::Masq,
            weight: 1,
            thresholds: Thresholds::default(),
            check,
            monitored_as: None,
        }
    });
    let service = Virtual {
        id: "tcp:192.0.2.1:80".parse().expect("an identity"),
        name: None,
        comment: None,
        scheduler: "wrr".into(),
        persistence: None,
        quiescent: false,
        cleanstop: true,
        fallback: None,
        fallback_command: None,
        alert: None,
        monitor: None,
        hysteresis: Hysteresis::default(),
        start_state: StartState::default(),
        service: Service::None,
        check_type: "connect".into(),
        flags: SchedulerFlags::default(),
        one_packet: false,
        reals: reals.collect(),
    };
    let callback = Some(model::Command { argv: vec!["/etc/ha.d/putcfg".into()] });
    Arc::new(Config {
        settings: Settings { callback, ..Settings::default() },
        virtuals: vec![Arc::new(service)],
    })
}

struct Bench {
    world: World,
    table: Watched,
    callbacks: Callbacks,
    running: Running,
}

fn bench(servers: u8) -> Bench {
    bench_within(Limits::default(), servers)
}

fn bench_within(limits: Limits, servers: u8) -> Bench {
    let (world, callbacks) = (World::default(), Callbacks::default());
    let table = Watched::new(Memory::default(), |_, _| {});
    let disk: Disk = Arc::new(Mutex::new(Ok(Loaded {
        config: config(servers),
        maintenance: BTreeSet::new(),
        warnings: Vec::new(),
    })));
    let running = sim::start_within(limits, table.clone(), world.clone(), &disk, &callbacks);
    Bench { world, table, callbacks, running }
}

#[test]
fn a_reload_is_answered_although_servers_come_and_go_all_the_time() {
    sim::paused().block_on(async {
        let bench = bench(200);
        *lock(&bench.table.delay) = Duration::from_millis(300);
        let flapping = async {
            let mut good: BTreeMap<u8, bool> = BTreeMap::new();
            loop {
                for n in 1..=200 {
                    let up = good.entry(n).or_default();
                    *up = !*up;
                    let behaviour = if *up { Behaviour::Good } else { Behaviour::Refused };
                    bench.world.set(server(n), behaviour);
                    sleep(Duration::from_millis(6)).await;
                }
            }
        };
        let asking = async {
            sleep(Duration::from_secs(10)).await;
            let asked = bench.running.inbox.ask(Command::Reload);
            let answer = timeout(Duration::from_secs(25), asked).await.expect("an answer in time");
            assert_eq!(answer, Ok(()));
        };
        tokio::select! {
            () = flapping => unreachable!(),
            () = asking => {}
        }
    });
}

#[test]
fn a_restart_does_not_wait_for_a_table_that_is_broken() {
    sim::paused().block_on(async {
        let mut bench = bench(2);
        sleep(Duration::from_secs(5)).await;
        let hung = ldirectord::ipvs::IpvsError::Hung(Duration::from_secs(10));
        bench.table.memory.fail(Some(ldirectord::ipvs::Fault::Everything(hung)));
        sleep(Duration::from_secs(60)).await;
        let begun = Instant::now();
        bench.running.inbox.report(Event::Stop { why: "request", clean: false }).await;
        let ended = (&mut bench.running.task).await.expect("no crash");
        assert!(ended.is_ok(), "{ended:?}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    });
}

/// 250 servers of which 200 hang for a second, every second, and places for 20 checks.
#[test]
fn late_checks_are_told_and_no_server_suffers_for_them() {
    sim::paused().block_on(async {
        let limits = Limits { checks: 20, ..Limits::default() };
        let mut bench = bench_within(limits, 250);
        sleep(Duration::from_secs(20)).await;
        let told = bench.running.take_facts();
        assert!(!told.iter().any(|fact| matches!(fact, Fact::ChecksLate(_))), "{told:?}");
        for n in 51..=250 {
            bench.world.set(server(n), Behaviour::Hangs);
        }
        sleep(Duration::from_secs(90)).await;
        for n in 51..=250 {
            bench.world.set(server(n), Behaviour::Good);
        }
        let shown = bench.running.snapshots.borrow().status_line();
        assert!(
            shown.starts_with("1 virtual, 50/250 real up") && shown.ends_with("; checks are late"),
            "{shown}"
        );
        sleep(Duration::from_secs(120)).await;
        let told = bench.running.take_facts();
        let about_good = |fact: &&Fact| matches!(fact, Fact::WentDown { real, .. } if real.0 <= server(50));
        assert_eq!(told.iter().find(about_good), None);
        let is_pace = |fact: &&Fact| matches!(fact, Fact::ChecksLate(_) | Fact::ChecksOnTime(_));
        let pace: Vec<&Fact> = told.iter().filter(is_pace).collect();
        let [Fact::ChecksLate(first), Fact::ChecksOnTime(all)] = pace[..] else { panic!("{pace:?}") };
        // Twenty at a time, each for a second, all of them in turn.
        assert!((150..=250).contains(&first.waiting) && first.late > 0, "{first:?}");
        assert!((1_800..=2_600).contains(&all.late) && all.by < Duration::from_secs(15), "{all:?}");
        assert_eq!(bench.running.snapshots.borrow().status_line(), "1 virtual, 250/250 real up");
    });
}

#[test]
fn callbacks_run_one_at_a_time_and_the_last_change_is_not_missed() {
    sim::paused().block_on(async {
        let bench = bench(1);
        *lock(&bench.running.hook_time) = Duration::from_secs(5);
        for _ in 0..20 {
            bench.running.inbox.report(Event::SourcesChanged("test.cf".into())).await;
            sleep(Duration::from_millis(200)).await;
        }
        sleep(Duration::from_secs(60)).await;
        assert_eq!(lock(&bench.callbacks).len(), 2, "that of the first change, and one after the last");
    });
}

fn director(now: Now, servers: u8) -> Director {
    let start = Start {
        config: config(servers),
        warnings: Vec::new(),
        table: Arc::default(),
        maintenance: BTreeSet::new(),
        version: "0",
        pid: 1,
    };
    Director::new(now, start).0
}

#[test]
fn a_service_that_loses_all_its_servers_at_once_is_worked_out_once() {
    let now = Now { instant: std::time::Instant::now(), wall: SystemTime::UNIX_EPOCH };
    let mut director = director(now, 250);
    let wants = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Want { .. })).count();
    for (verdict, serving) in
        [(Verdict::Pass(Evidence::default()), 250), (Verdict::Fail(Failure::Refused), 0)]
    {
        for id in 0..250 {
            let told = director.on(now, Event::Probed(CheckId(id), verdict.clone()));
            assert_eq!(wants(&told), 0);
        }
        let told = director.conclude(now);
        assert_eq!(wants(&told), 1);
        assert_eq!(director.snapshot().virtuals[0].serving, serving);
        assert!(director.conclude(now).is_empty());
    }
}

/// What is told while so many of a thousand checks are late in each while of ten seconds, and in which.
fn told_of(late: &[u64]) -> Vec<(u32, Fact)> {
    let (begin, wall, ten) = (std::time::Instant::now(), SystemTime::UNIX_EPOCH, Duration::from_secs(10));
    let mut director = director(Now { instant: begin, wall }, 1);
    let mut told = Vec::new();
    for (k, &late) in (0..).zip(late) {
        let now = Now { instant: begin + ten * k, wall };
        let starts = Starts { all: 1_000, late, waiting: 0, by: Duration::from_secs(late), within: ten };
        for effect in director.on(now, Event::Started(starts)) {
            if let Effect::Tell(fact) = effect {
                told.push((k, fact));
            }
        }
        let shown = director.snapshot();
        assert_eq!(shown.checks_late, shown.status_line().ends_with("; checks are late"));
    }
    told
}

#[test]
fn that_checks_are_late_is_told_when_it_begins_and_when_it_is_over() {
    assert_eq!(told_of(&[0, 1, 1, 0]), [], "one in a thousand is nothing");
    let starts = |all, late, by, within| {
        let (by, within) = (Duration::from_secs(by), Duration::from_secs(within));
        Starts { all, late, waiting: 0, by, within }
    };
    let (first, all) = (starts(1_000, 2, 2, 10), starts(3_000, 902, 500, 30));
    assert_eq!(
        told_of(&[0, 2, 500, 0, 0, 0, 400, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        [(1, Fact::ChecksLate(first)), (12, Fact::ChecksOnTime(all))]
    );
}
