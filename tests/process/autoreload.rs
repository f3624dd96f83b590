//! The file changes on disk.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use crate::{PAIR, farm, server::Servers, until, world::World};

/// An edit is in force within this.
const IN_FORCE: Duration = Duration::from_secs(1);

/// A world with a callback that notes how it is called.
fn with_callback(globals: &str) -> Option<(World, Servers, String)> {
    let world = World::new()?;
    let script = world.folder().join("callback");
    let text = "#!/bin/sh\n\
        sleep 2345 &\n\
        read -r line </dev/stdin && echo input\n\
        pgid=$(ps -o pgid= -p $$ | tr -d ' ')\n\
        echo \"$# $1 $LDIRECTORD_CONFIG_NAME leader=$([ \"$pgid\" = $$ ] && echo yes) notify=$NOTIFY_SOCKET\" \
        >>\"$(dirname \"$0\")/called\"\n";
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let text = format!("callback = \"{}\"\n{globals}\n{}", script.display(), farm(PAIR));
    world.write("/etc/ha.d/www.cf", &text);
    let servers = Servers::http(&world);
    world.good("www start");
    Some((world, servers, text))
}

fn called(world: &World) -> String {
    fs::read_to_string(world.folder().join("called")).unwrap_or_default()
}

const CALL: &str = "1 /etc/ha.d/www.cf www.cf leader=yes notify=\n";

#[test]
fn an_edit_is_in_force_within_a_second() {
    let Some((world, _servers, text)) = with_callback("autoreload = yes") else { return };
    let saves = ["in place", "renamed into place", "by way of an empty file"];
    for (n, save) in saves.into_iter().enumerate() {
        let scheduler = ["rr", "wlc", "lc"][n];
        let text = text.replace("= wrr", &format!("= {scheduler}"));
        let start = Instant::now();
        match n {
            0 => world.write("/etc/ha.d/www.cf", &text),
            1 => {
                world.write("/etc/ha.d/.www.cf.new", &text);
                fs::rename(world.path("/etc/ha.d/.www.cf.new"), world.path("/etc/ha.d/www.cf")).unwrap();
            }
            _ => {
                world.write("/etc/ha.d/www.cf", "");
                world.write("/etc/ha.d/www.cf", &text);
            }
        }
        let edited = format!("-E -t 192.0.2.1:80 -s {scheduler}");
        until(&world, save, || world.changes().contains(&edited));
        assert!(start.elapsed() < IN_FORCE, "{save}: {:?}\n{}", start.elapsed(), world.story());
        until(&world, "the callback ran", || called(&world) == CALL.repeat(n + 1));
        assert!(world.serves(&PAIR));
    }
    let log = world.log();
    let changed = "Configuration file '/etc/ha.d/www.cf' has changed on disk - reread new configuration";
    assert_eq!(log.matches(changed).count(), 3, "{log}");
    assert!(!log.contains("rejected"), "{log}");
    let left = || world.shell("ps -e -o stat=,args= | grep -v ^Z | grep -c '[s]leep 2345' || :");
    until(&world, "nothing of the callback is left", || left() == "0\n");
}

#[test]
fn a_broken_edit_is_reported_and_changes_nothing() {
    let Some((world, _servers, text)) = with_callback("autoreload = yes") else { return };
    let (pid, changes) = (world.pid("www").unwrap(), world.changes().len());
    world.write("/etc/ha.d/www.cf", &text.replace("scheduler =", "shceduler ="));
    until(&world, "it is reported", || world.log().contains("Configuration rejected"));
    until(&world, "the callback ran", || called(&world) == CALL);
    let log = world.log();
    let line = log.lines().find(|line| line.contains("] /etc/ha.d/www.cf:12:")).unwrap();
    assert!(line.starts_with('[') && line.contains(&format!("|www|{pid}] ")), "{line}");
    assert!(log.contains("^^^^^^^^^"), "{log}");
    assert!(world.is_alive(pid) && world.serves(&PAIR));
    assert_eq!(world.changes().len(), changes);
    // Checks go on, and a better edit is taken.
    world.write("/etc/ha.d/www.cf", &text.replace("= wrr", "= rr"));
    until(&world, "it is mended", || world.changes().contains(&"-E -t 192.0.2.1:80 -s rr".to_owned()));
}

#[test]
fn without_autoreload_the_callback_is_called_and_nothing_loaded() {
    let Some((world, _servers, text)) = with_callback("autoreload = no") else { return };
    let changes = world.changes().len();
    world.write("/etc/ha.d/www.cf", &text.replace("= wrr", "= rr"));
    until(&world, "the callback ran", || called(&world) == CALL);
    let ignored = "Configuration file '/etc/ha.d/www.cf' has changed on disk - ignore new configuration";
    until(&world, "it is told", || world.log().contains(ignored));
    assert!(world.good("www status").out.contains("configuration changed on disk, not loaded"));
    assert_eq!(world.changes().len(), changes);
    world.good("www reload");
    assert_eq!(world.changes()[changes..], ["-E -t 192.0.2.1:80 -s rr"]);
    assert_eq!(world.good("www status").out, "1 virtual, 2/2 real up\n");
}

#[test]
fn a_file_that_vanishes_for_good_is_reported_and_changes_nothing() {
    let Some((world, _servers, text)) = with_callback("autoreload = yes") else { return };
    let changes = world.changes().len();
    fs::remove_file(world.path("/etc/ha.d/www.cf")).unwrap();
    until(&world, "it is reported", || world.log().contains("Configuration rejected"));
    assert!(world.serves(&PAIR));
    assert_eq!(world.changes().len(), changes);
    // The director is known by the name all the same.
    let status = world.run("www status");
    assert_eq!(status.code, 0, "{status:?}");
    world.write("/etc/ha.d/www.cf", &text.replace("= wrr", "= rr"));
    until(&world, "it is taken", || world.changes().contains(&"-E -t 192.0.2.1:80 -s rr".to_owned()));
    fs::remove_file(world.path("/etc/ha.d/www.cf")).unwrap();
    world.good("www stop");
    assert!(world.table().is_empty());
}

#[test]
fn a_callback_that_fails_is_told() {
    let Some((world, _servers, text)) = with_callback("autoreload = yes") else { return };
    fs::write(world.folder().join("callback"), "#!/bin/sh\necho no room >&2\nexit 3\n").unwrap();
    world.write("/etc/ha.d/www.cf", &text.replace("= wrr", "= rr"));
    until(&world, "it is told", || world.log().contains("callback failed: exit status: 3: no room"));
    fs::remove_file(world.folder().join("callback")).unwrap();
    world.write("/etc/ha.d/www.cf", &text);
    until(&world, "it is told", || world.log().contains("callback: not found"));
    assert!(world.serves(&PAIR));
}
