//! Mails through a stand-in for `sendmail`.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::{
    farm,
    server::{Answer, Servers},
    until,
    world::World,
};

const ONE: [&str; 1] = ["127.0.0.2:8000"];

/// A configuration that mails, and the world with a `sendmail` that does this with its input.
fn world(script: &str) -> Option<World> {
    let text = format!(
        "emailalert = ops@example.com, jo@example.com\nemailalertfrom = lvs@example.com\n{}",
        farm(ONE)
    );
    let world = World::www(&(text + "\tservicename = The shop\n\tcomment = ask Jo\n"))?;
    let path = world.folder().join("bin/sendmail");
    fs::write(&path, format!("#!/bin/sh\ncd {}\n{script}\n", world.folder().display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Some(world)
}

/// What was mailed so far: the subjects.
fn subjects(world: &World) -> Vec<String> {
    let text = fs::read_to_string(world.folder().join("mails")).unwrap_or_default();
    // A long header goes on in the next line, which begins with a blank (RFC 5322, 2.2.3).
    let text = text.replace("\n ", " ");
    text.lines().filter_map(|line| line.strip_prefix("Subject: ")).map(str::to_owned).collect()
}

#[test]
fn what_happens_is_mailed_until_the_end() {
    let Some(world) = world("echo \"sendmail $*\" >>mails; exec cat >>mails") else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    let label = "127.0.0.2:8000 (192.0.2.1:80)";
    let added = format!("[The shop] Added real server: {label} (Weight set to 1)");
    until(&world, "it is in", || subjects(&world) == [added.clone()]);
    servers.answer("127.0.0.2", Answer::Wrong);
    let deleted = format!("[The shop] Deleted real server: {label}");
    until(&world, "it is out", || subjects(&world).last() == Some(&deleted));
    world.good("www stop");
    // What the stop itself brings is sent before the process ends.
    let purged = "[The shop] Purged virtual server (stop): 192.0.2.1:80".to_owned();
    until(&world, "it has ended", || world.pid("www").is_none());
    assert_eq!(subjects(&world), [added.clone(), deleted, purged]);

    let mails = fs::read_to_string(world.folder().join("mails")).unwrap();
    let first = mails.split("sendmail -t -i\n").nth(1).unwrap();
    let host = world.shell("uname -n");
    let body = format!(
        "ldirectord host: {host}Log-Message: {added}\nDaemon-Status: starting\n\nService name: The shop\nComment: ask Jo\n"
    );
    let (head, said) = first.split_once("\n\n").unwrap();
    assert_eq!(said, body);
    for line in
        ["From: lvs@example.com", "To: ops@example.com, jo@example.com", "Auto-Submitted: auto-generated"]
    {
        assert!(head.contains(line), "no '{line}' in {head}");
    }
    assert!(world.log().contains(&format!("emailalert: {added}\n")), "{}", world.log());
}

#[test]
fn a_mail_system_that_fails_is_told_and_stops_nothing() {
    let Some(world) = world("cat >/dev/null; echo 'queue is full' >&2; exit 75") else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    let words =
        "failed to send email message: sendmail: exit status: 75: queue is full; trying again in 5s: ";
    until(&world, "it is told", || world.log().contains(words));
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it is out", || world.serves(&[]));
    let start = std::time::Instant::now();
    world.good("www stop");
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_machine_without_a_mail_system_is_told_what_is_missing() {
    let Some(world) = world("") else { return };
    fs::remove_file(world.folder().join("bin/sendmail")).unwrap();
    world.shell(
        "for f in /usr/sbin/sendmail /usr/lib/sendmail; do [ ! -e $f ] || mount --bind /dev/null $f; done",
    );
    let _servers = Servers::http(&world);
    world.good("www start");
    until(&world, "it is told", || world.log().contains("there is no sendmail on this machine"));
}
