//! The maintenance directory on a real disk.

use std::fs;

use crate::{PAIR, farm, server::Servers, until, world::World};

const DIRECTORY: &str = "/etc/ha.d/maintenance";

/// A world with such a directory in its configuration, if not on its disk.
fn with_directory() -> Option<(World, Servers)> {
    let world = World::new()?;
    let hosts = format!("{}127.0.0.3 web3.example.com web3\n", world.read("/etc/hosts"));
    fs::remove_file(world.path("/etc/hosts")).unwrap();
    world.write("/etc/hosts", &hosts);
    world.write("/etc/ha.d/www.cf", &format!("maintenancedir = {DIRECTORY}\n{}", farm(PAIR)));
    let servers = Servers::http(&world);
    Some((world, servers))
}

#[test]
fn a_file_takes_a_server_out_and_its_removal_brings_it_back() {
    let Some((world, _servers)) = with_directory() else { return };
    fs::create_dir(world.path(DIRECTORY)).unwrap();
    world.write(&format!("{DIRECTORY}/127.0.0.2"), "");
    world.good("www start");
    assert!(world.serves(&PAIR[1..]), "{}", world.story());
    let never = "-a -t 192.0.2.1:80 -r 127.0.0.2:8000 -m -w 1".to_owned();
    assert!(!world.changes().contains(&never), "{}", world.story());
    assert_eq!(world.good("www status").out, "1 virtual, 1/2 real up; 1 in maintenance\n");
    fs::remove_file(world.path(&format!("{DIRECTORY}/127.0.0.2"))).unwrap();
    until(&world, "it is back", || world.serves(&PAIR));
    // By what the system calls it, whole and short, with a port and without.
    for name in ["web3", "web3.example.com:8000", "127.0.0.3:8000"] {
        let file = world.path(&format!("{DIRECTORY}/{name}"));
        fs::write(&file, "").unwrap();
        until(&world, name, || world.serves(&PAIR[..1]));
        fs::rename(&file, world.path(&format!("{DIRECTORY}/.kept"))).unwrap();
        until(&world, "it is back", || world.serves(&PAIR));
    }
    let log = world.log();
    assert!(
        log.contains("Real server 127.0.0.3:8000 (tcp:192.0.2.1:80) is in maintenance: file \"web3\""),
        "{log}"
    );
    assert!(!log.contains("called like no real server"), "{log}");
}

#[test]
fn a_directory_that_comes_goes_and_is_replaced_is_seen() {
    let Some((world, _servers)) = with_directory() else { return };
    let configtest = world.good("www configtest");
    assert!(configtest.err.contains("maintenance directory does not exist"), "{configtest:?}");
    world.good("www start");
    assert!(world.serves(&PAIR));
    fs::create_dir(world.path(DIRECTORY)).unwrap();
    world.write(&format!("{DIRECTORY}/127.0.0.2:8000"), "");
    until(&world, "the first is out", || world.serves(&PAIR[1..]));
    fs::create_dir(world.path("/etc/ha.d/other")).unwrap();
    world.write("/etc/ha.d/other/127.0.0.3", "");
    fs::rename(world.path(DIRECTORY), world.path("/etc/ha.d/old")).unwrap();
    fs::rename(world.path("/etc/ha.d/other"), world.path(DIRECTORY)).unwrap();
    until(&world, "the other is out", || world.serves(&PAIR[..1]));
    // What happens to the old one is nothing to us: what comes after it shows.
    world.write("/etc/ha.d/old/127.0.0.3:8000", "");
    world.write(&format!("{DIRECTORY}/README"), "");
    until(&world, "a stranger is told", || {
        world.log().contains("File \"README\" in the maintenance directory")
    });
    assert!(world.serves(&PAIR[..1]));
    fs::remove_dir_all(world.path(DIRECTORY)).unwrap();
    until(&world, "both are back", || world.serves(&PAIR));
    // Another configuration may name another one.
    world.write("/etc/ha.d/www.cf", &format!("maintenancedir = /etc/ha.d/old\n{}", farm(PAIR)));
    world.good("www reload");
    until(&world, "both are out", || world.serves(&[]));
    world.write("/etc/ha.d/www.cf", &farm(PAIR));
    world.good("www reload");
    until(&world, "nothing takes them out any more", || world.serves(&PAIR));
    // And the one before again, which is watched as at first.
    world.write("/etc/ha.d/www.cf", &format!("maintenancedir = /etc/ha.d/old\n{}", farm(PAIR)));
    world.good("www reload");
    until(&world, "both are out again", || world.serves(&[]));
    fs::remove_file(world.path("/etc/ha.d/old/127.0.0.3:8000")).unwrap();
    until(&world, "one is back", || world.serves(&PAIR[1..]));
}
