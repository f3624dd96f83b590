//! reload, force-reload and SIGHUP.

use crate::{PAIR, farm, server::Servers, until, world::World};

#[test]
fn a_reload_returns_when_the_new_configuration_is_in_force() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    assert_eq!(world.run("www reload").code, 1, "nothing runs");
    world.good("www start");
    let pid = world.pid("www").unwrap();

    world.write("/etc/ha.d/www.cf", &farm(["127.0.0.2:8000"]));
    let came = world.good("www reload");
    assert_eq!((came.out.as_str(), came.err.as_str()), ("", ""));
    assert!(world.serves(&["127.0.0.2:8000"]), "{}", world.story());

    let other = farm(["127.0.0.2:8000"]).replace("192.0.2.1", "192.0.2.9");
    world.write("/etc/ha.d/www.cf", &other);
    world.good("www force-reload");
    assert!(!world.table().contains_key("192.0.2.1:80"), "{}", world.story());
    assert!(world.table().contains_key("192.0.2.9:80"));
    assert_eq!(world.pid("www"), Some(pid));
    assert!(world.log().contains("Reloading Linux Director Daemon config on request"));
    assert!(world.log().contains("Configuration is in force: 1 virtual services, 1 real servers"));
}

#[test]
fn a_broken_configuration_is_shown_and_changes_nothing() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    world.good("www start");
    let (pid, changes) = (world.pid("www").unwrap(), world.changes().len());
    for verb in ["reload", "force-reload"] {
        world.write("/etc/ha.d/www.cf", &farm(PAIR).replace("scheduler", "schedular"));
        let came = world.run(&format!("www {verb}"));
        assert_eq!((came.code, came.out.as_str()), (2, ""));
        let place = came.err.lines().find(|line| line.starts_with("/etc/ha.d/www.cf:10:")).unwrap();
        assert!(place.contains("schedular"), "{}", came.err);
        assert!(came.err.contains("^^^^^^^^^") && came.err.contains("scheduler"), "{}", came.err);
        assert!(came.err.ends_with("the one before stays in force\n"), "{}", came.err);
    }
    assert_eq!(world.pid("www"), Some(pid));
    assert!(world.is_alive(pid) && world.serves(&PAIR));
    assert_eq!(world.changes().len(), changes);
    assert!(world.good("www status").out.contains("configuration rejected: "));
    world.write("/etc/ha.d/www.cf", &farm(PAIR));
    world.good("www reload");
    assert_eq!(world.good("www status").out, "1 virtual, 2/2 real up\n");
}

#[test]
fn a_hangup_reloads() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    world.good("www start");
    let pid = world.pid("www").unwrap();
    world.write("/etc/ha.d/www.cf", &farm(["127.0.0.3:8000"]));
    world.signal(pid, "HUP");
    until(&world, "it is in force", || world.serves(&["127.0.0.3:8000"]));
    assert!(world.log().contains("Reloading Linux Director Daemon config on signal"));
    world.write("/etc/ha.d/www.cf", "virtual = x\n");
    world.signal(pid, "HUP");
    until(&world, "it is rejected", || world.log().contains("/etc/ha.d/www.cf:1:"));
    assert!(world.serves(&["127.0.0.3:8000"]) && world.is_alive(pid));
}

#[test]
fn many_reloads_at_once_are_all_answered() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    world.good("www start");
    let asked: Vec<_> = (0..24).map(|_| world.program("www reload").spawn().unwrap()).collect();
    for mut reload in asked {
        assert!(reload.wait().unwrap().success());
    }
    assert!(world.serves(&PAIR));
}
