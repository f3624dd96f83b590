//! Directors of other configurations that go with one.

use std::time::{Duration, Instant};

use crate::{farm, server::Servers, until, world::World};

const ONE: [&str; 1] = ["127.0.0.2:8000"];

/// A world in which `www` executes `mail`, which serves another address with the same server.
fn with_another() -> Option<(World, Servers)> {
    let world = World::new()?;
    world.write("/etc/ha.d/www.cf", &format!("execute = \"mail\"\n{}", farm(ONE)));
    let mail = farm(ONE).replace("192.0.2.1", "192.0.2.2");
    // Nobody waits for one that would stay in the foreground.
    world.write("/etc/ha.d/conf/mail", &format!("supervised = yes\n{mail}"));
    let servers = Servers::http(&world);
    world.good("www start");
    until(&world, "mail runs too", || world.log().contains("Executed ldirectord mail start"));
    Some((world, servers))
}

#[test]
fn they_start_reload_and_stop_together() {
    let Some((world, _servers)) = with_another() else { return };
    let first = world.pid("mail");
    let came = world.good("www status");
    assert!(came.err.contains("ldirectord for www is running with pid: "), "{came:?}");
    assert!(came.err.contains("ldirectord for mail is running with pid: "), "{came:?}");

    world.good("www reload");
    until(&world, "the reload is passed on", || world.log().contains("Executed ldirectord mail reload"));
    assert_eq!(world.pid("mail"), first);

    // One that went is there again after a reload.
    world.good("mail stop");
    assert_eq!(world.good("www status").out.lines().last(), Some("ldirectord is stopped for mail"));
    world.good("www reload");
    until(&world, "the reload starts it", || world.pid("mail").is_some());

    world.good("www stop");
    until(&world, "both are gone", || world.pid("mail").is_none() && world.table().is_empty());
}

#[test]
fn one_that_is_no_longer_named_stops_and_a_restart_leaves_the_others_alone() {
    let Some((world, _servers)) = with_another() else { return };
    let first = world.pid("mail");
    world.good("www restart");
    until(&world, "it is told again", || world.log().matches("Executed ldirectord mail start").count() == 2);
    assert_eq!(world.pid("mail"), first, "a start of one that runs is nothing");

    world.write("/etc/ha.d/www.cf", &farm(ONE));
    world.good("www reload");
    until(&world, "it stops", || world.log().contains("Executed ldirectord mail stop"));
    assert_eq!(world.pid("mail"), None);
    world.good("www stop");
}

#[test]
fn one_that_is_broken_delays_nobody() {
    let Some(world) = World::new() else { return };
    world.write("/etc/ha.d/www.cf", &format!("execute = mail\n{}", farm(ONE)));
    world.write("/etc/ha.d/conf/mail", "virtual = nonsense\n");
    let _servers = Servers::http(&world);
    world.good("www start");
    until(&world, "the failure is told with its reason", || {
        world.log().contains("Executing ldirectord mail start failed: exit status: 2: ")
    });
    let begun = Instant::now();
    world.good("www stop");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
