//! What the service manager hears, and when.

use std::time::{Duration, Instant};

use crate::{
    PAIR, SOON,
    ear::Ear,
    farm,
    server::{Answer, Servers},
    until,
    world::World,
};

#[test]
fn ready_comes_when_the_first_round_is_in_the_table() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    let ear = Ear::new(&world);
    let run = world.foreground("www run", &[("NOTIFY_SOCKET", ear.path())]);
    let heard = ear.until("READY=1");
    assert!(world.serves(&PAIR), "{}", world.story());
    assert!(heard.contains(&"STATUS=1 virtual, 2/2 real up".to_owned()), "{heard:?}");

    world.signal(run.pid, "TERM");
    ear.until("STOPPING=1");
    assert_eq!(run.ends_within(SOON).code, 0);
    assert!(world.table().is_empty());
}

/// How long READY takes with one server that answers and one that hangs.
fn ready_with_one_that_hangs(negotiatetimeout: u32) -> Option<Duration> {
    let text = farm(PAIR).replace("negotiatetimeout = 2", &format!("negotiatetimeout = {negotiatetimeout}"));
    let world = World::www(&text)?;
    let servers = Servers::http(&world);
    servers.answer("127.0.0.3", Answer::Silence);
    let ear = Ear::new(&world);
    let start = Instant::now();
    let run = world.foreground("www run", &[("NOTIFY_SOCKET", ear.path())]);
    until(&world, "the one that answers is in", || world.serves(&["127.0.0.2:8000"]));
    let heard = ear.until("READY=1");
    let took = start.elapsed();
    assert!(world.serves(&["127.0.0.2:8000"]), "{}", world.story());
    assert!(heard.iter().any(|text| text.starts_with("STATUS=1 virtual, 1/2 real up")), "{heard:?}");
    world.signal(run.pid, "TERM");
    ear.until("STOPPING=1");
    Some(took)
}

#[test]
fn one_that_hangs_delays_ready_by_its_timeout() {
    let Some(took) = ready_with_one_that_hangs(1) else { return };
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
}

#[test]
fn one_that_hangs_delays_ready_by_five_seconds_at_most() {
    let Some(took) = ready_with_one_that_hangs(60) else { return };
    assert!((Duration::from_secs(5)..Duration::from_secs(9)).contains(&took), "{took:?}");
}

#[test]
fn start_does_not_wait_longer_either() {
    let Some(world) = World::www(&farm(PAIR).replace("negotiatetimeout = 2", "negotiatetimeout = 60")) else {
        return;
    };
    let servers = Servers::http(&world);
    servers.answer("127.0.0.2", Answer::Silence);
    servers.answer("127.0.0.3", Answer::Silence);
    let start = Instant::now();
    world.good("www start");
    assert!((Duration::from_secs(5)..Duration::from_secs(9)).contains(&start.elapsed()));
    assert_eq!(world.good("www status").out, "1 virtual, 0/2 real up; 1 without any server\n");
}

#[test]
fn a_reload_is_told_whatever_comes_of_it() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    let ear = Ear::new(&world);
    let run = world.foreground("www run", &[("NOTIFY_SOCKET", ear.path())]);
    ear.until("READY=1");

    world.write("/etc/ha.d/www.cf", &farm(["127.0.0.2:8000"]));
    world.signal(run.pid, "HUP");
    let heard = ear.until("RELOADING=1");
    assert!(heard.last().unwrap().contains("\nMONOTONIC_USEC="), "{heard:?}");
    let heard = ear.until("READY=1");
    assert!(heard.contains(&"STATUS=1 virtual, 1/1 real up".to_owned()), "{heard:?}");

    world.write("/etc/ha.d/www.cf", "virtual = nowhere\n");
    world.signal(run.pid, "HUP");
    ear.until("RELOADING=1");
    let heard = ear.until("READY=1");
    let status = heard.iter().find(|text| text.contains("configuration rejected: ")).unwrap();
    assert!(status.contains("www.cf:1:"), "{status}");
    assert_eq!(run.stops().code, 0);
}

#[test]
fn the_watchdog_hears_from_the_loop() {
    let Some(world) = World::alone() else { return };
    world.write("/etc/ha.d/www.cf", &farm(PAIR));
    let servers = Servers::http(&world);
    servers.answer("127.0.0.3", Answer::Silence);
    let ear = Ear::new(&world);
    let variables = [("NOTIFY_SOCKET", ear.path()), ("WATCHDOG_USEC", "500000")];
    let run = world.foreground("www run", &variables);
    ear.until("WATCHDOG=1");
    for _ in 0..6 {
        let start = Instant::now();
        ear.until("WATCHDOG=1");
        assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    }
    // A loop that stands still is silent.
    world.signal(run.pid, "STOP");
    while ear.next_within(Duration::from_millis(50)).is_some() {}
    assert_eq!(ear.next_within(Duration::from_millis(700)), None);
    world.signal(run.pid, "CONT");
    ear.until("WATCHDOG=1");
}

#[test]
fn without_a_watchdog_it_hears_nothing_of_the_kind() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    let ear = Ear::new(&world);
    let run = world.foreground("www run", &[("NOTIFY_SOCKET", ear.path())]);
    ear.until("READY=1");
    assert_eq!(ear.next_within(Duration::from_secs(1)), None, "an idle farm is no news");
    assert_eq!(run.stops().code, 0);
}
