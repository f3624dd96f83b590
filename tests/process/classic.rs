//! start, status, stop: the life of a director on the classic command line.

use crate::{
    PAIR, SOON, farm,
    server::{Answer, Servers},
    until,
    world::World,
};

#[test]
fn start_returns_when_it_serves_and_stop_when_it_is_over() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    world.add_foreign();

    let started = world.good("www start");
    assert_eq!((started.out.as_str(), started.err.as_str()), ("", ""));
    assert!(world.serves(&PAIR), "{}", world.story());
    let pid = world.pid("www").unwrap();
    let status = world.good("www status");
    assert_eq!(status.err, format!("ldirectord for www is running with pid: {pid}\n"));
    assert_eq!(status.out, "1 virtual, 2/2 real up\n");

    let before = world.calls().len();
    world.good("www start");
    assert_eq!((world.pid("www"), world.calls().len()), (Some(pid), before), "a second start does nothing");

    let stopped = world.good("www stop");
    assert_eq!((stopped.out.as_str(), stopped.err.as_str()), ("", ""));
    assert!(world.has_only_foreign(), "{}", world.story());
    assert!(!world.is_alive(pid));
    assert!(!world.path("/run/ldirectord.www.pid").exists());

    let status = world.run("www status");
    assert_eq!(status.code, 3);
    assert_eq!((status.out.as_str(), status.err.as_str()), ("ldirectord is stopped for www\n", ""));
    world.good("www stop");
    assert!(!world.changes().iter().any(|line| line.starts_with("-C")));
}

#[test]
fn the_new_process_is_on_its_own() {
    let Some(world) = World::www(&farm([])) else { return };
    world.good("www start");
    let pid = world.pid("www").unwrap();
    let stat = world.read(&format!("/proc/{pid}/stat"));
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let (parent, session) = (fields[1], fields[3]);
    assert_eq!((parent, session), ("1", pid.to_string().as_str()), "a session of its own: {stat}");
    let at = |link: &str| world.shell(&format!("readlink /proc/{pid}/{link}"));
    assert_eq!(
        (at("cwd"), at("fd/0"), at("fd/1")),
        ("/\n".into(), "/dev/null\n".into(), "/dev/null\n".into())
    );
    assert!(!world.shell("ls /run/ldirectord").contains("start."), "the way to the starter is gone");
    world.good("www stop");
}

#[test]
fn servers_that_do_not_answer_are_not_in_the_table_when_start_returns() {
    let Some(world) = World::www(&farm(["127.0.0.2:8000", "127.0.0.3:8001"])) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    assert!(world.serves(&["127.0.0.2:8000"]), "{}", world.story());
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it is out", || world.serves(&[]));
    servers.answer("127.0.0.2", Answer::Ok);
    until(&world, "it is in again", || world.serves(&["127.0.0.2:8000"]));
    let never = world.changes().iter().any(|line| line.contains("127.0.0.3:8001"));
    assert!(!never, "what never answered was never in: {}", world.story());
}

#[test]
fn a_stale_pid_file_is_told_and_no_obstacle() {
    let Some(world) = World::www(&farm([])) else { return };
    world.write("/run/ldirectord.www.pid", "99999\n");
    let status = world.run("www status");
    assert_eq!(status.code, 1);
    assert_eq!(status.err, "ldirectord stale pid file /var/run/ldirectord.www.pid for www\n");
    world.good("www start");
    assert!(world.is_alive(world.pid("www").unwrap()));
    world.good("www stop");

    world.write("/run/ldirectord.www.pid", "99999\n");
    world.good("www stop");
    assert_eq!(world.run("www status").code, 3, "stop took it away");
    world.write("/run/ldirectord.www.pid", "");
    assert_eq!(world.run("www status").code, 3);
}

#[test]
fn somebody_elses_process_is_left_alone() {
    let Some(world) = World::www(&farm([])) else { return };
    // A pid that was given to another program, whose arguments happen to name us.
    world.shell("sh -c 'sleep 300; exit' /etc/ha.d/ldirectord.cf </dev/null >/dev/null 2>&1 & echo $! >/run/ldirectord.www.pid");
    let pid = world.pid("www").unwrap();
    let status = world.run("www status");
    assert_eq!(status.code, 1, "{status:?}");
    world.good("www start");
    assert_ne!(world.pid("www"), Some(pid));
    world.good("www stop");
    assert!(world.is_alive(pid));
}

#[test]
fn stop_ends_where_nobody_buries_the_dead() {
    let Some(world) = World::with_zombies() else { return };
    world.write("/etc/ha.d/www.cf", &farm([]));
    world.good("www start");
    let pid = world.pid("www").unwrap();
    let start = std::time::Instant::now();
    world.good("www restart");
    world.good("www stop");
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    assert!(world.read(&format!("/proc/{pid}/status")).contains("State:\tZ"), "the test tests nothing");
}

#[test]
fn a_broken_configuration_starts_nothing_and_stops_nothing() {
    let Some(world) = World::www("virtual = 192.0.2.1:80\n\treel = 10.0.0.1:80 gate\n") else { return };
    for verb in ["start", "restart", "status", "configtest"] {
        let came = world.run(&format!("www {verb}"));
        assert_eq!(came.code, 2, "{verb}: {came:?}");
        assert!(came.err.contains("/etc/ha.d/www.cf:2:"), "{verb}: {came:?}");
        assert!(came.err.contains('^') && came.err.contains("real"), "{verb}: {came:?}");
    }
    assert_eq!(world.run("www run").code, 2);
    assert_eq!(world.run("www reload").code, 1);
    assert!(world.calls().is_empty());

    world.write("/etc/ha.d/www.cf", &farm([]));
    world.good("www start");
    let pid = world.pid("www").unwrap();
    world.write("/etc/ha.d/www.cf", "nonsense\n");
    assert_eq!(world.run("www restart").code, 2);
    assert_eq!(world.run("www try-restart").code, 2);
    world.good("www status");
    assert_eq!(world.pid("www"), Some(pid));
    world.good("www stop");
    assert!(!world.is_alive(pid));
}

#[test]
fn debug_stays_in_the_foreground() {
    let Some(world) = World::www(&farm(["127.0.0.2:8000"])) else { return };
    let _servers = Servers::http(&world);
    let debug = world.foreground("-d www start", &[]);
    until(&world, "it serves", || debug.err().contains("Serving: 1 of 1 real servers are up"));
    assert!(debug.err().contains("Added real server: 127.0.0.2:8000 (192.0.2.1:80) (Weight set to 1)"));
    assert_eq!((world.pid("www"), world.log().as_str()), (None, ""));
    let came = debug.stops();
    assert_eq!((came.code, came.out.as_str()), (0, ""));
    assert!(came.err.contains("terminated on signal: TERM"), "{}", came.err);
    assert!(world.table().is_empty());
}

#[test]
fn help_version_and_misuse() {
    let Some(world) = World::new() else { return };
    for words in ["-h", "-?", "--help"] {
        let help = world.good(words);
        assert!(help.out.contains("EXIT STATUS") && help.err.is_empty());
    }
    assert_eq!(world.good("-v").out, format!("ldirectord {}\n", env!("CARGO_PKG_VERSION")));
    for (words, err) in [
        ("", ""),
        ("www", "ldirectord: Unknown command: www\n"),
        ("-x start", "ldirectord: Unknown option: x\n"),
        ("www frob", "ldirectord: Unknown command: frob\n"),
    ] {
        let misuse = world.run(words);
        assert_eq!((misuse.code, misuse.err.as_str()), (255, err));
        assert!(misuse.out.starts_with("USAGE"), "{words}: {misuse:?}");
    }
}
