//! A thousand reloads: nothing is left behind, and what did not change is not written.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use ldirectord::control::{Answer, Question, ask};

use crate::{SOON, farm, server::Servers, until, world::World};

const ROUNDS: usize = 25;
/// Reloads of a round: one with another configuration, the others with the same again.
const EACH: usize = 40;
/// What the allocator may keep of the largest moment.
const SLACK_KIB: u64 = 2 << 10;

/// What a process holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    descriptors: usize,
    threads: usize,
    resident_kib: u64,
}

impl Held {
    fn by(world: &World, pid: u32) -> Self {
        let entries = |name| fs::read_dir(world.path(&format!("/proc/{pid}/{name}"))).unwrap().count();
        let status = world.read(&format!("/proc/{pid}/status"));
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Self {
            descriptors: entries("fd"),
            threads: entries("task"),
            resident_kib: resident.trim().trim_end_matches(" kB").parse().unwrap(),
        }
    }
}

#[test]
fn a_thousand_reloads_leave_nothing_behind() {
    let servers: Vec<String> = (1..=100).map(|n| format!("127.0.1.{n}:8000")).collect();
    let half = |from: usize| farm(servers[from..from + 60].iter().map(String::as_str));
    let texts = [half(0), half(40)].map(|text| format!("resyncinterval = 0\n{text}"));
    let Some(world) = World::www(&texts[1]) else { return };
    let _servers = Servers::http(&world);
    world.good("www start");
    let (pid, socket) = (world.pid("www").unwrap(), world.path("/run/ldirectord/www.sock"));
    let mut warm = None;
    let start = Instant::now();
    for round in 0..ROUNDS {
        world.write("/etc/ha.d/www.cf", &texts[round % 2]);
        reload(&world, &socket);
        let served = |n: usize| format!("192.0.2.1:80 {}", servers[n]);
        // Which is when all checks that the edit began have had their first verdict, and all is written.
        let wanted = if round % 2 == 0 { 0..60 } else { 40..100 };
        until(&world, "the other servers serve", || {
            let table = world.table();
            table.len() == 61 && wanted.clone().all(|n| table.get(&served(n)).is_some_and(Option::is_some))
        });
        let (changes, calls) = (world.changes().len(), world.calls().len());
        for _ in 1..EACH {
            reload(&world, &socket);
        }
        assert_eq!(world.changes().len(), changes, "written without a reason\n{}", world.story());
        let calls = world.calls().len() - calls;
        // Each reads the table as a whole: the servers, and their thresholds. What was written before may still be read back.
        assert!(calls <= 2 * EACH, "{calls} processes for {} reloads", EACH - 1);
        if round == ROUNDS / 5 {
            // Checks under way have a descriptor each, and come and go.
            let looks = (0..100).map(|_| {
                thread::sleep(Duration::from_millis(5));
                Held::by(&world, pid)
            });
            warm = looks.min_by_key(|held| held.descriptors);
        }
    }
    let (warm, took) = (warm.unwrap(), start.elapsed());
    let held = || Held::by(&world, pid);
    // Spare threads end by themselves.
    until(&world, "all descriptors are closed", || held().descriptors <= warm.descriptors);
    until(&world, "all threads have ended", || held().threads <= warm.threads);
    let after = held();
    assert!(after.resident_kib <= warm.resident_kib + SLACK_KIB, "it grows: from {warm:?} to {after:?}");
    assert_eq!(world.pid("www"), Some(pid));
    eprintln!("{} reloads in {took:.1?}: from {warm:?} to {after:?}", ROUNDS * EACH);
}

#[track_caller]
fn reload(world: &World, socket: &Path) {
    match ask(socket, Question::Reload, SOON) {
        Ok(Answer::Done(_)) => {}
        other => panic!("{other:?}\n{}", world.story()),
    }
}
