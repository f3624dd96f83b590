//! `--dry-run`: the checks are real, and nothing else.

use crate::{
    PAIR, farm,
    server::{Answer, Servers},
    until,
    world::World,
};

#[test]
fn a_dry_run_prints_what_would_be_done_and_touches_nothing() {
    let Some(world) = World::new() else { return };
    let folder = world.folder().display().to_string();
    let text = format!("autoreload = yes\ncallback = \"/bin/touch {folder}/called\"\n{}", farm(PAIR));
    world.write("/etc/ha.d/www.cf", &text);
    let servers = Servers::http(&world);
    let ear = crate::ear::Ear::new(&world);
    let run = world.foreground("--dry-run www run", &[("NOTIFY_SOCKET", ear.path())]);
    let printed = |line: &str| run.out().lines().any(|printed| printed == line);
    let until_printed = |line: &str| until(&world, line, || printed(line));
    until_printed("ipvsadm -A -t 192.0.2.1:80 -s wrr");
    until_printed("ipvsadm -a -t 192.0.2.1:80 -r 127.0.0.3:8000 -m -w 1");
    servers.answer("127.0.0.3", Answer::Wrong);
    until_printed("ipvsadm -d -t 192.0.2.1:80 -r 127.0.0.3:8000");
    world.write("/etc/ha.d/www.cf", &text.replace("= wrr", "= rr"));
    until_printed("ipvsadm -E -t 192.0.2.1:80 -s rr");
    until(&world, "the callback is left out", || run.err().contains("this is a dry run"));

    assert_eq!(world.shell("find /run /var/log -type f -o -type s"), "", "nothing is made");
    assert!(!world.folder().join("called").exists());
    assert_eq!(ear.next_within(std::time::Duration::from_millis(1)), None);
    // Beside it the real one can run.
    world.good("www start");
    world.good("www stop");

    let came = run.stops();
    assert_eq!(came.code, 0);
    assert!(came.out.ends_with("ipvsadm -D -t 192.0.2.1:80\n"), "{came:?}");
}

#[test]
fn a_dry_run_needs_no_ipvsadm_and_touches_no_table() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let _servers = Servers::http(&world);
    world.ipvsadm("no-kernel");
    let run = world.foreground("--dry-run -d www start", &[]);
    until(&world, "it serves", || run.err().contains("Serving: 2 of 2"));
    assert_eq!(run.stops().code, 0);
    assert!(world.calls().is_empty());
}
