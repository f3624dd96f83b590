//! An `ipvsadm` that is missing, not permitted, hanging or mad: at the start, and later.

use std::time::{Duration, Instant};

use crate::{
    PAIR, farm,
    server::{Answer, Servers},
    until,
    world::World,
};

/// A start must fail in this way, soon, and leave nothing behind.
#[track_caller]
fn start_fails(world: &World, words: &[&str]) {
    let start = Instant::now();
    let came = world.run("www start");
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    assert_eq!((came.code, came.out.as_str()), (1, ""), "{came:?}");
    for word in words {
        assert!(came.err.contains(word), "no '{word}' in {came:?}");
    }
    assert_eq!(world.run("www status").code, 3);
    assert!(world.log().contains("Exiting with exit_status 1: "), "{}", world.log());
}

#[test]
fn a_start_without_ipvsadm_says_what_to_install() {
    let Some(world) = World::www(&farm([])) else { return };
    std::fs::remove_file(world.folder().join("bin/ipvsadm")).unwrap();
    world.shell(
        "for f in /sbin/ipvsadm /usr/local/sbin/ipvsadm; do [ ! -e $f ] || mount --bind /dev/null $f; done",
    );
    start_fails(&world, &["ipvsadm is not installed", "install the package ipvsadm"]);
}

#[test]
fn a_start_without_the_kernels_support_says_what_to_load() {
    let Some(world) = World::www(&farm([])) else { return };
    world.ipvsadm("no-kernel");
    start_fails(&world, &["the kernel has no IPVS", "modprobe ip_vs"]);
    // And once it is loaded all is well.
    world.ipvsadm("");
    world.good("www start");
}

#[test]
fn a_start_without_rights_says_which() {
    let Some(world) = World::www(&farm([])) else { return };
    world.ipvsadm("not-root");
    start_fails(&world, &["not permitted", "run as root or with CAP_NET_ADMIN"]);
}

#[test]
fn a_start_with_a_hanging_ipvsadm_ends() {
    let Some(world) = World::www(&farm([])) else { return };
    world.ipvsadm("hang");
    start_fails(&world, &["did not end within 10s and was killed"]);
    assert_eq!(world.shell("ps -e -o args= | grep -c '[s]leep 1000' || :"), "0\n", "nothing of it is left");
}

#[test]
fn a_start_with_a_mad_ipvsadm_ends() {
    let Some(world) = World::www(&farm([])) else { return };
    world.ipvsadm("garbage");
    start_fails(&world, &["a line that is not understood: all is well"]);
    world.ipvsadm("deaf");
    start_fails(&world, &["reported success, but the table is not as wanted"]);
}

#[test]
fn later_failures_are_told_and_got_over() {
    let Some(world) = World::www(&farm(PAIR)) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    let pid = world.pid("www").unwrap();
    for (mode, words) in [
        ("no-kernel", "the kernel has no IPVS"),
        ("garbage", "not understood"),
        ("deaf", "reported success, but the table is not as wanted"),
    ] {
        let (told, recovered) = (world.log().len(), "The IPVS table is as it should be again");
        world.ipvsadm(mode);
        servers.answer("127.0.0.3", Answer::Wrong);
        until(&world, mode, || world.log()[told..].contains("The IPVS table is not as it should be: "));
        assert!(world.log()[told..].contains(words), "{}", world.log());
        until(&world, "the status says so", || {
            let status = world.good("www status").out;
            status.contains("; table: ") && status.contains(words)
        });
        world.ipvsadm("");
        until(&world, "it recovers", || world.serves(&["127.0.0.2:8000"]));
        until(&world, "it says so", || world.log()[told..].contains(recovered));
        servers.answer("127.0.0.3", Answer::Ok);
        until(&world, "all is well", || world.serves(&PAIR));
        until(&world, "the status is clean", || world.good("www status").out == "1 virtual, 2/2 real up\n");
    }
    assert_eq!(world.pid("www"), Some(pid));
    assert!(world.is_alive(pid));
}

#[test]
fn a_batch_half_done_is_finished() {
    let reals: Vec<String> = (2..40).map(|n| format!("127.0.0.{n}:8000")).collect();
    let reals: Vec<&str> = reals.iter().map(String::as_str).collect();
    let Some(world) = World::www(&farm(reals.iter().copied())) else { return };
    let _servers = Servers::http(&world);
    world.ipvsadm("half 3");
    let run = world.foreground("www run", &[]);
    until(&world, "half of it is in", || world.calls().iter().any(|call| call == "--restore"));
    world.ipvsadm("");
    until(&world, "all is in", || world.serves(&reals));
    assert_eq!(run.stops().code, 0);
    assert!(world.table().is_empty());
}

#[test]
fn what_somebody_does_by_hand_is_healed_or_kept() {
    let Some(world) = World::www(&format!("resyncinterval = 1\n{}", farm(PAIR))) else { return };
    let _servers = Servers::http(&world);
    world.add_foreign();
    world.good("www start");
    world.shell("ipvsadm -D -t 192.0.2.1:80");
    until(&world, "it is healed", || world.serves(&PAIR));
    assert!(world.log().contains("Somebody changed virtual service tcp:192.0.2.1:80 in the table"));
    world.shell("ipvsadm -e -t 192.0.2.1:80 -r 127.0.0.2:8000 -m -w 7");
    until(&world, "it is told", || world.log().contains("to 7 (configured: 1)"));
    let weight = || world.table()["192.0.2.1:80 127.0.0.2:8000"];
    assert_eq!(weight(), Some(7));
    world.good("www reload");
    assert_eq!(weight(), Some(1));
    world.good("www stop");
    assert!(world.has_only_foreign());
}
