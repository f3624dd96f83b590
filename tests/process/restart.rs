//! What ends a director and must not end the service: restarts and crashes.

use crate::{
    PAIR, farm,
    server::{Answer, Servers},
    until,
    world::World,
};

/// Whether anything that served was taken away for a moment.
fn was_disturbed(world: &World, from: usize) -> bool {
    world.changes()[from..].iter().any(|line| {
        let away = line.starts_with("-d") || line.starts_with("-D");
        away || line.ends_with("-w 0")
    })
}

#[test]
fn a_restart_keeps_the_table() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    world.good("www try-restart");
    assert_eq!(world.run("www status").code, 3, "what does not run is not tried");
    world.good("www start");
    let mut pids = vec![world.pid("www").unwrap()];
    let changes = world.changes().len();
    for verb in ["restart", "try-restart"] {
        world.good(&format!("www {verb}"));
        let pid = world.pid("www").unwrap();
        assert!(!pids.contains(&pid) && world.is_alive(pid));
        assert!(!world.is_alive(pids[0]));
        pids.push(pid);
        assert!(world.serves(&PAIR), "{}", world.story());
    }
    assert!(!was_disturbed(&world, changes), "{}", world.story());
    world.good("www stop");
    world.good("www restart");
    assert!(world.serves(&PAIR), "a restart of nothing is a start");
}

#[test]
fn a_crash_is_survived_by_the_table() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    let (pid, changes) = (world.pid("www").unwrap(), world.changes().len());
    world.signal(pid, "KILL");
    until(&world, "it is dead", || !world.is_alive(pid));
    assert_eq!(world.run("www status").code, 1, "stale");
    world.good("www start");
    assert!(world.serves(&PAIR));
    assert!(!was_disturbed(&world, changes), "{}", world.story());

    // One that died while nobody looked is out as soon as its first check failed.
    let pid = world.pid("www").unwrap();
    world.signal(pid, "KILL");
    until(&world, "it is dead", || !world.is_alive(pid));
    servers.answer("127.0.0.3", Answer::Wrong);
    world.good("www start");
    assert!(world.serves(&["127.0.0.2:8000"]), "{}", world.story());
    assert!(world.changes()[changes..].iter().all(|line| !line.contains("127.0.0.2")), "{}", world.story());
}

#[test]
fn without_cleanstop_a_stop_leaves_the_table() {
    let Some(world) = World::www(&format!("cleanstop = no\n{}", farm(PAIR))) else { return };
    let _servers = Servers::http(&world);
    world.good("www start");
    let changes = world.changes().len();
    world.good("www stop");
    assert!(world.serves(&PAIR));
    assert_eq!(world.changes().len(), changes);
}
