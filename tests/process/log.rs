//! The log file, where there is no systemd.

use std::fs;

use crate::{
    farm,
    server::{Answer, Servers},
    until,
    world::World,
};

const ONE: [&str; 1] = ["127.0.0.2:8000"];

/// `[Tue Nov 22 08:38:00 2026|www|1234] words`
fn words_of(line: &str, pid: u32) -> &str {
    let (head, words) = line.split_once("] ").unwrap_or_else(|| panic!("{line}"));
    let parts: Vec<&str> = head.strip_prefix('[').unwrap().split('|').collect();
    assert_eq!(parts[1..], ["www", &pid.to_string()], "{line}");
    let time: Vec<&str> = parts[0].split_whitespace().collect();
    assert!(parts[0].len() == 24 && time.len() == 5 && time[3].matches(':').count() == 2, "{line}");
    words
}

#[test]
fn lines_are_those_of_the_reference() {
    let Some(world) = World::www(&farm(ONE)) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    let pid = world.pid("www").unwrap();
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it is out", || world.log().contains("Deleted real server"));
    world.good("www stop");
    let log = world.log();
    let said: Vec<&str> = log.lines().map(|line| words_of(line, pid)).collect();
    for words in [
        "Added virtual server: 192.0.2.1:80",
        "Added real server: 127.0.0.2:8000 (192.0.2.1:80) (Weight set to 1)",
        "Serving: 1 of 1 real servers are up",
        "Deleted real server: 127.0.0.2:8000 (192.0.2.1:80)",
        "Linux Director Daemon terminated on signal: TERM",
        "Purged virtual server (stop): 192.0.2.1:80",
    ] {
        assert!(said.contains(&words), "no '{words}' in {said:#?}");
    }
    assert_eq!(said[0], format!("Starting Linux Director v{} with pid: {pid}", env!("CARGO_PKG_VERSION")));
    assert_eq!(world.shell("stat -c %a /var/log/ldirectord.log"), "640\n");
}

#[test]
fn a_log_that_was_moved_away_begins_anew() {
    let Some(world) = World::www(&farm(ONE)) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    fs::rename(world.path("/var/log/ldirectord.log"), world.path("/var/log/ldirectord.log.1")).unwrap();
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it goes on", || world.log().contains("Deleted real server"));
    assert!(!world.read("/var/log/ldirectord.log.1").contains("Deleted real server"));
}

#[test]
fn another_logfile_is_taken_at_a_reload() {
    let Some(world) = World::www(&farm(ONE)) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    world.write("/etc/ha.d/www.cf", &format!("logfile = \"/var/log/www.log\"\n{}", farm(ONE)));
    world.good("www reload");
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it goes on there", || world.read("/var/log/www.log").contains("Deleted real server"));
    assert!(!world.log().contains("Deleted real server"));
    world.good("www restart");
    until(&world, "and from the start", || world.read("/var/log/www.log").contains("Starting Linux"));
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let Some(world) = World::www(&format!("logfile = \"/nowhere/x.log\"\n{}", farm(ONE))) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it goes on", || world.serves(&[]));
    let pid = world.pid("www").unwrap();
    world.good("www stop");
    assert!(!world.is_alive(pid));
}

#[test]
fn a_full_disk_stops_nothing() {
    let Some(world) = World::www(&farm(ONE)) else { return };
    let servers = Servers::http(&world);
    world.shell("mount -t tmpfs -o size=4k tmpfs /var/log; head -c 4096 /dev/zero >/var/log/other");
    world.good("www start");
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it goes on", || world.serves(&[]));
    fs::remove_file(world.path("/var/log/other")).unwrap();
    servers.answer("127.0.0.2", Answer::Ok);
    until(&world, "the log goes on", || world.log().contains("messages are missing here"));
    world.good("www stop");
}
