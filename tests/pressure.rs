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
    director::{CheckId, Command, Director, Effect, Event, Now, Start},
    health::{Evidence, Failure, Verdict},
    ipvs::Memory,
    model::{
        self, Cadence, Check, CheckKind, CheckSpec, Config, Forward, Hysteresis, Real, RealId, Route,
        SchedulerFlags, Service, Settings, StartState, Thresholds, Virtual,
    },
    runtime::Loaded,
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
    let (world, callbacks) = (World::default(), Callbacks::default());
    let table = Watched::new(Memory::default(), |_, _| {});
    let disk: Disk = Arc::new(Mutex::new(Ok(Loaded {
        config: config(servers),
        maintenance: BTreeSet::new(),
        warnings: Vec::new(),
    })));
    let running = sim::start(table.clone(), world.clone(), &disk, &callbacks);
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

#[test]
fn a_service_that_loses_all_its_servers_at_once_is_worked_out_once() {
    let now = Now { instant: std::time::Instant::now(), wall: SystemTime::UNIX_EPOCH };
    let start = Start {
        config: config(250),
        warnings: Vec::new(),
        table: Arc::default(),
        maintenance: BTreeSet::new(),
        version: "0",
        pid: 1,
    };
    let (mut director, _) = Director::new(now, start);
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
