//! Monitor files: a line for each check.

use std::fs;

use crate::{
    PAIR, farm,
    server::{Answer, Servers},
    until,
    world::World,
};

const FILE: &str = "/var/log/monitor";

/// The words of a line behind its time and process, which must be as they are.
fn words(line: &str, pid: u32) -> String {
    let (time, rest) = line.strip_prefix('[').unwrap().split_once("] [").unwrap();
    assert_eq!((time.len(), time.split_whitespace().count()), (24, 5), "{line}");
    let (process, words) = rest.split_once("] ").unwrap();
    assert_eq!(process, pid.to_string(), "{line}");
    words.to_owned()
}

#[test]
fn each_check_is_a_line_and_the_file_may_be_moved_away() {
    let text = farm(PAIR) + "\tmonitorfile = \"/var/log/monitor\"\n";
    // A service without one, whose checks are in no file.
    let other = "\nvirtual = 192.0.2.9:80\n\treal = 127.0.0.9:8000 masq\n\tchecktype = connect\n";
    let Some(world) = World::www(&(text + other)) else { return };
    let servers = Servers::http(&world);
    servers.answer("127.0.0.3", Answer::Wrong);
    world.good("www start");
    let pid = world.pid("www").unwrap();
    until(&world, "there are lines", || world.read(FILE).lines().count() >= 4);
    let of = |server| format!("negotiate http tcp {server} 8000 1 masq / ok ");
    let (up, down) =
        (of("127.0.0.2") + "[up] 200 OK", of("127.0.0.3") + "[down] answer does not match /ok/, got ");
    let lines: Vec<String> = world.read(FILE).lines().map(|line| words(line, pid)).collect();
    assert!(lines.contains(&up) && lines.iter().any(|line| line.starts_with(&down)), "{lines:#?}");
    assert!(lines.iter().all(|line| *line == up || line.starts_with(&down)), "{lines:#?}");

    fs::rename(world.path(FILE), world.path("/var/log/monitor.1")).unwrap();
    until(&world, "it begins anew", || world.read(FILE).lines().count() >= 2);
    world.good("www stop");
}

#[test]
fn a_file_that_cannot_be_written_stops_nothing_and_is_told_once() {
    let Some(world) = World::www(&(farm(PAIR) + "\tmonitorfile = /nowhere/monitor\n")) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "checks go on", || world.serves(&["127.0.0.3:8000"]));
    world.good("www stop");
    let told = world.log().matches("The monitor file /nowhere/monitor cannot be written").count();
    assert_eq!(told, 1, "{}", world.log());
}

#[test]
fn a_dry_run_writes_none() {
    let Some(world) = World::www(&(farm(PAIR) + "\tmonitorfile = /var/log/monitor\n")) else { return };
    let _servers = Servers::http(&world);
    let dry = world.foreground("--dry-run www run", &[]);
    until(&world, "it serves", || dry.err().contains("Serving: 2 of 2"));
    dry.stops();
    assert!(!world.path(FILE).exists());
}
