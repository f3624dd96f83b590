//! Which configuration is meant, and that each has one director; names of servers that nobody knows.

use std::{
    os::fd::AsFd,
    thread,
    time::{Duration, Instant},
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{PAIR, farm, server::Servers, until, world::World};

#[test]
fn configurations_are_found_where_the_guide_puts_them() {
    let Some(world) = World::new() else { return };
    world.write("/etc/ha.d/conf/www", &farm([]));
    for name in ["www", "www.cf", "conf/www", "/etc/ha.d/conf/www"] {
        let came = world.good(&format!("{name} configtest"));
        assert!(
            came.out.starts_with("/etc/ha.d/conf/www: good: 1 virtual service, 0 real servers"),
            "{came:?}"
        );
    }
    let lost = world.run("shop start");
    assert_eq!(lost.code, 1);
    assert!(lost.err.contains("Config file shop not found (looked for /etc/ha.d/shop,"), "{lost:?}");
    let none = world.run("start");
    assert!(none.code == 1 && none.err.contains("Config file ldirectord not found"), "{none:?}");

    world.write("/etc/ha.d/www.cf", &farm([]));
    let two = world.run("www start");
    assert_eq!(two.code, 2);
    assert!(two.err.contains("/etc/ha.d/www.cf") && two.err.contains("/etc/ha.d/conf/www "), "{two:?}");
}

#[test]
fn a_path_from_the_working_directory() {
    let Some(world) = World::new() else { return };
    std::fs::write(world.folder().join("shop.cf"), farm([])).unwrap();
    let program = |words: &str| {
        let script = format!("cd {}; exec \"$0\" {words}", world.folder().display());
        let program = world.program("").get_args().last().unwrap().to_owned();
        world.command("sh").arg("-c").arg(script).arg(program).output().unwrap()
    };
    assert!(program("shop.cf start").status.success());
    let pid = world.pid("shop.cf").unwrap();
    assert!(world.is_alive(pid), "though it works in / itself");
    assert!(program("./shop.cf reload").status.success());
    assert!(program("shop.cf stop").status.success());
    assert!(!world.is_alive(pid));
}

#[test]
fn the_default_configuration() {
    let Some(world) = World::new() else { return };
    world.write("/etc/ha.d/ldirectord.cf", &farm([]));
    world.good("start");
    let pid = world.pid("ldirectord").unwrap();
    let status = world.good("status");
    assert_eq!(status.err, format!("ldirectord for /etc/ha.d/ldirectord.cf is running with pid: {pid}\n"));
    world.good("stop");
    assert_eq!(world.run("status").code, 3);
}

#[test]
fn one_configuration_has_one_director_by_whatever_name() {
    let Some(world) = World::www(&farm([])) else { return };
    world.good("www start");
    let pid = world.pid("www").unwrap();
    for words in ["www run", "-d www.cf start", "/etc/ha.d/www.cf run"] {
        let second = world.run(words);
        assert_eq!(second.code, 1, "{words}: {second:?}");
        assert!(second.err.contains("is running already"), "{words}: {second:?}");
    }
    // The reference has a pid file for each way of writing the name, and may start one for each.
    world.good("www.cf start");
    let status = world.good("www.cf status");
    assert_eq!(status.err, format!("ldirectord for www.cf is running with pid: {pid}\n"));
    world.good("/etc/ha.d/www.cf stop");
    assert!(!world.is_alive(pid));
    assert!(world.table().is_empty());
}

#[test]
fn a_director_in_the_foreground_is_seen_by_the_other_verbs() {
    let Some(world) = World::www(&farm([])) else { return };
    let run = world.foreground("www run", &[]);
    until(&world, "it serves", || run.err().contains("Serving"));
    let status = world.good("www status");
    assert_eq!(status.err, format!("ldirectord for www is running with pid: {}\n", run.pid));
    world.good("www start");
    world.good("www reload");
    world.good("www stop");
    assert_eq!(run.ends_within(crate::SOON).code, 0);
}

#[test]
fn two_configurations_run_side_by_side() {
    let Some(world) = World::www(&farm([])) else { return };
    world.write("/etc/ha.d/shop.cf", &farm([]).replace("192.0.2.1", "192.0.2.2"));
    world.good("www start");
    world.good("shop start");
    assert_eq!(world.table().len(), 2);
    world.good("www stop");
    assert!(world.table().keys().eq(["192.0.2.2:80"]));
    world.good("shop status");
    world.good("shop stop");
    assert!(world.table().is_empty());
}

#[test]
fn starts_at_the_same_time_make_one_director() {
    let Some(world) = World::www(&farm([])) else { return };
    let starts: Vec<_> = (0..6).map(|_| world.program("www start").spawn().unwrap()).collect();
    let codes: Vec<i32> = starts.into_iter().map(|mut start| start.wait().unwrap().code().unwrap()).collect();
    assert!(codes.iter().all(|code| *code == 0), "{codes:?}: each of them finds it running in the end");
    let pid = world.pid("www").unwrap();
    assert!(world.is_alive(pid));
    assert_eq!(world.shell("ps -e -o args= | grep -c '[ /]run$' || :"), "1\n");
    world.good("www stop");
    assert!(!world.is_alive(pid) && world.table().is_empty());
}

/// A name server that says nothing, for as long as it is kept.
fn silent_name_server(world: &World) -> std::net::UdpSocket {
    for (file, text) in [
        ("/etc/nsswitch.conf", "hosts: files dns\n"),
        ("/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:1 attempts:2\n"),
    ] {
        // What stands there is a link to the machine's own.
        let _ = std::fs::remove_file(world.path(file));
        world.write(file, text);
    }
    let network = world.network();
    let bind = move || {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        std::net::UdpSocket::bind("127.0.0.53:53").unwrap()
    };
    thread::spawn(bind).join().unwrap()
}

#[test]
fn names_that_are_not_answered_are_told_and_hold_nobody_up() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let (_servers, _names) = (Servers::http(&world), silent_name_server(&world));
    world.good("www start");
    // Each of them takes two seconds to be given up.
    let reals: Vec<String> = (1..=20).map(|n| format!("real{n}.example.com:8000")).collect();
    world.write("/etc/ha.d/www.cf", &farm(reals.iter().map(String::as_str)));
    let start = Instant::now();
    let mut reload = world.program("www reload").stderr(std::process::Stdio::null()).spawn().unwrap();
    until(&world, "it is being loaded", || world.log().contains("Reloading Linux Director Daemon config"));
    assert_eq!(world.good("www status").out, "1 virtual, 2/2 real up\n");
    assert!(reload.try_wait().unwrap().is_none(), "the director answers before the name server does");
    assert_eq!(reload.wait().unwrap().code(), Some(2));
    assert!(start.elapsed() < Duration::from_secs(15), "one after the other: {:?}", start.elapsed());
    assert!(world.serves(&PAIR));
    let told = world.run("www configtest").err;
    for (n, real) in reals.iter().enumerate() {
        let name = real.trim_end_matches(":8000");
        let place = format!("/etc/ha.d/www.cf:{}:9: error: no IPv4 address for \"{name}\": ", n + 5);
        assert!(told.contains(&place), "{told}");
    }
}

#[test]
fn a_configuration_in_toml_is_found_by_its_name_and_taken_anew_when_it_changes() {
    let Some(world) = World::new() else { return };
    let text = "autoreload = true\n[[virtual]]\naddress = \"192.0.2.1:80\"\nscheduler = \"wlc\"\n\
                real = [\"127.0.0.2:8000 masq\"]\ncheck.type = \"on\"\n";
    let file = "/etc/ldirectord/shop.toml";
    world.write(file, text);
    world.good("shop start");
    assert!(world.table().contains_key("192.0.2.1:80"));
    world.write(file, &text.replace("scheduler", "shceduler"));
    until(&world, "a broken one is reported", || {
        world.log().contains("/etc/ldirectord/shop.toml:4:1: error: unknown key \"shceduler\"")
    });
    world.write(file, &text.replace("192.0.2.1:80", "192.0.2.7:80"));
    until(&world, "a good one is in force", || {
        world.table().contains_key("192.0.2.7:80") && !world.table().contains_key("192.0.2.1:80")
    });
    world.write("/etc/ha.d/conf/shop.cf", &farm([]));
    let two = world.run("shop configtest");
    assert_eq!(two.code, 2);
    assert!(two.err.contains("/etc/ha.d/conf/shop.cf") && two.err.contains(file), "{two:?}");
    world.good("/etc/ldirectord/shop.toml stop");
    assert!(world.table().is_empty());
}

#[test]
fn a_configuration_is_converted_and_serves_in_the_other_grammar() {
    let Some(world) = World::www(&format!("# ours\n\n{}", farm([]))) else { return };
    let shown = world.good("www convert");
    assert!(
        shown.out.starts_with("# ours\n\n[defaults") && shown.out.contains("[[virtual]]\naddress"),
        "{shown:?}"
    );
    let target = world.folder().join("new.toml");
    let words = format!("--output {} www convert", target.display());
    assert_eq!(world.good(&words).out, "");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), shown.out);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&target).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "it may hold passwords");
    let again = world.run(&words);
    assert!(again.code == 1 && again.err.contains("cannot be written: File exists"), "{again:?}");
    assert_eq!(world.run("--to cf www convert").code, 1);
    world.good(&format!("{} configtest", target.display()));
}

#[test]
fn configtest_shows_what_was_understood_and_tells_it_as_data() {
    let text = "virtual = 192.0.2.1:21\n\treal = 127.0.0.2:21 masq\n\tlogin = \"x\"\n\tpasswd = \"hunter2\"\n\
                \tscheduler = WLC\n\trequest = \"a\"\n";
    let Some(world) = World::www(text) else { return };
    let shown = world.good("--show www configtest");
    assert!(shown.out.contains("virtual tcp:192.0.2.1:21\n  scheduler wlc\n"), "{shown:?}");
    assert!(
        shown.out.contains("real 127.0.0.2:21 masq weight 1") && shown.out.contains(": /a as x"),
        "{shown:?}"
    );
    assert!(!format!("{shown:?}").contains("hunter2"));
    let data = world.good("--json www configtest");
    let expected = "{\n  \"file\": \"/etc/ha.d/www.cf\",\n  \"good\": true,\n  \"diagnostics\": [\n    \
        {\"line\": 5, \"column\": 14, \"severity\": \"warning\", \"message\": \"read as wlc\"";
    assert!(data.out.starts_with(expected) && data.err.is_empty(), "{data:?}");

    world.write("/etc/ha.d/www.cf", "request = \"a\\b\n\tpasswd = \"hunter2\n");
    let bad = world.run("--json www configtest");
    assert_eq!(bad.code, 2);
    assert!(
        bad.out.contains("\"good\": false") && bad.out.contains("\"message\": \"\\\"request\\\" belongs"),
        "{bad:?}"
    );
    assert!(bad.err.is_empty() && !bad.out.contains("hunter2"), "{bad:?}");
    assert_eq!(world.run("--show www plan").code, 255);
}
