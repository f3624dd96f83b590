//! The fallback command, as a real program.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{
    farm,
    server::{Answer, Servers},
    until,
    world::World,
};

const ONE: [&str; 1] = ["127.0.0.2:8000"];

/// A world with a fallback command that notes how it is called.
fn with_command(more: &str) -> Option<(World, Servers)> {
    let world = World::new()?;
    let script = world.folder().join("sorry");
    let text = "#!/bin/sh\n\
        pgid=$(ps -o pgid= -p $$ | tr -d ' ')\n\
        echo \"$# $1 $2 $3 $4 $LDIRECTORD_CONFIG_NAME $LDIRECTORD_VIRTUAL leader=$([ \"$pgid\" = $$ ] && echo yes)\" \
        >>\"$(dirname \"$0\")/called\"\n";
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let command = format!("fallbackcommand = {} 'one two'\n{more}", script.display());
    world.write("/etc/ha.d/www.cf", &format!("checkinterval = 1\n{command}{}", farm(ONE)));
    let servers = Servers::http(&world);
    world.good("www start");
    Some((world, servers))
}

fn called(world: &World) -> Vec<String> {
    let text = fs::read_to_string(world.folder().join("called")).unwrap_or_default();
    let tail = " 192.0.2.1:80 tcp www.cf tcp:192.0.2.1:80 leader=yes";
    text.lines().map(|line| line.strip_suffix(tail).unwrap_or(line).to_owned()).collect()
}

#[test]
fn it_is_told_what_happens_with_its_own_arguments_first() {
    let Some((world, servers)) = with_command("fallbackcommand-on-stop = yes\n") else { return };
    until(&world, "it is told that one serves", || called(&world) == ["4 one two stop"]);
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it is told that none does", || called(&world).last().unwrap() == "4 one two start");
    world.good("www stop");
    assert_eq!(called(&world), ["4 one two stop", "4 one two start", "4 one two stop"]);
    assert!(world.log().contains("/sorry stop (192.0.2.1:80) ran"), "{}", world.log());
}

#[test]
fn one_that_fails_is_told_and_one_that_hangs_does_not_hold_up_the_end() {
    let Some((world, servers)) = with_command("") else { return };
    until(&world, "it was told", || called(&world).len() == 1);
    let script = world.folder().join("sorry");
    fs::write(&script, "#!/bin/sh\necho no room >&2\nexit 3\n").unwrap();
    servers.answer("127.0.0.2", Answer::Wrong);
    let failed = "/sorry start (192.0.2.1:80) failed: exit status: 3: no room";
    until(&world, "it is told", || world.log().contains(failed));
    fs::write(&script, "#!/bin/sh\nsleep 3456\n").unwrap();
    servers.answer("127.0.0.2", Answer::Ok);
    until(&world, "it hangs", || world.shell("ps -e -o args= | grep -c '[s]leep 3456' || :") == "1\n");
    world.good("www stop");
    assert!(world.log().contains("/sorry stop (192.0.2.1:80) failed: the director ended"), "{}", world.log());
    let left = || world.shell("ps -e -o stat=,args= | grep -v ^Z | grep -c '[s]leep 3456' || :");
    until(&world, "nothing of it is left", || left() == "0\n");
}
