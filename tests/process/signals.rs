//! Signals, above all to a director that is busy.

use std::time::{Duration, Instant};

use crate::{
    PAIR, SOON,
    ear::Ear,
    farm,
    server::{Answer, Servers},
    until,
    world::World,
};

/// A stop with every check hanging must be over within this.
const STOP: Duration = Duration::from_secs(3);

#[test]
fn a_stop_waits_for_no_check() {
    let text = farm(PAIR).replace("negotiatetimeout = 2", "negotiatetimeout = 60");
    let Some(world) = World::www(&text) else { return };
    let servers = Servers::http(&world);
    world.add_foreign();
    world.good("www start");
    for address in ["127.0.0.2", "127.0.0.3"] {
        servers.answer(address, Answer::Silence);
        let asked = servers.asked(address).len();
        // Two more: the first may have been answered before.
        until(&world, "it is asked", || servers.asked(address).len() > asked);
    }
    let start = Instant::now();
    world.good("www stop");
    assert!(start.elapsed() < STOP, "{:?}", start.elapsed());
    assert!(world.has_only_foreign(), "{}", world.story());
}

#[test]
fn a_stop_before_the_first_verdict_ends_as_well() {
    for signal in ["TERM", "INT", "QUIT"] {
        let text = farm(PAIR).replace("negotiatetimeout = 2", "negotiatetimeout = 60");
        let Some(world) = World::www(&text) else { return };
        let servers = Servers::http(&world);
        servers.answer("127.0.0.2", Answer::Silence);
        servers.answer("127.0.0.3", Answer::Silence);
        let ear = Ear::new(&world);
        let run = world.foreground("www run", &[("NOTIFY_SOCKET", ear.path())]);
        until(&world, "they are asked", || !servers.asked("127.0.0.3").is_empty());
        world.signal(run.pid, signal);
        let came = run.ends_within(STOP);
        assert_eq!(came.code, 0, "{came:?}");
        assert!(came.err.contains(&format!("terminated on signal: {signal}")), "{came:?}");
        assert!(world.table().is_empty());
    }
}

#[test]
fn a_stop_waits_for_no_callback_and_leaves_nothing_of_it() {
    let text = format!("callback = \"{{}}/hang\"\nautoreload = yes\n{}", farm(PAIR));
    let Some(world) = World::new() else { return };
    let _servers = Servers::http(&world);
    let folder = world.folder().display().to_string();
    world.shell(&format!(
        "printf '#!/bin/sh\\necho >{folder}/called\\nsleep 1234 & sleep 1234' >{folder}/hang; chmod +x {folder}/hang"
    ));
    world.write("/etc/ha.d/www.cf", &text.replace("{}", &folder));
    world.good("www start");
    world.write("/etc/ha.d/www.cf", &text.replace("{}", &folder).replace("wrr", "wlc"));
    until(&world, "the callback is called", || world.folder().join("called").exists());
    let start = Instant::now();
    world.good("www stop");
    assert!(start.elapsed() < STOP, "{:?}", start.elapsed());
    let left = || world.shell("ps -e -o stat=,args= | grep -v ^Z | grep -c '[s]leep 1234' || :");
    until(&world, "nothing of the callback is left", || left() == "0\n");
    assert!(world.table().is_empty());
}

#[test]
fn a_second_signal_changes_nothing() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    world.good("www start");
    let pid = world.pid("www").unwrap();
    world.shell(&format!("kill -TERM {pid}; kill -TERM {pid}; kill -HUP {pid}; kill -INT {pid} || :"));
    until(&world, "it is over", || !world.is_alive(pid));
    assert!(world.table().is_empty(), "{}", world.story());
    let log = world.log();
    assert_eq!(log.matches("terminated on signal").count(), 1, "{log}");
}

#[test]
fn a_stop_that_cannot_clean_up_ends_and_says_so() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    let run = world.foreground("www run", &[]);
    until(&world, "it serves", || run.err().contains("Serving"));
    world.ipvsadm("no-kernel");
    world.signal(run.pid, "TERM");
    let came = run.ends_within(SOON * 2);
    assert_eq!(came.code, 1, "{came:?}");
    assert!(came.err.contains("modprobe ip_vs"), "{came:?}");
}
