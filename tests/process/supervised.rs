//! `supervised`: something else than systemd looks after the director.

use crate::{PAIR, farm, server::Servers, until, world::World};

#[test]
fn start_stays_in_the_foreground_and_logs_on_standard_output_alone() {
    let Some(world) = World::www(&format!("supervised\nlogfile = \"/var/log/other.log\"\n{}", farm(PAIR)))
    else {
        return;
    };
    let _servers = Servers::http(&world);
    let director = world.foreground("www start", &[]);
    until(&world, "it serves", || director.out().contains("] Serving: 2 of 2 real servers are up"));
    assert!(world.serves(&PAIR));
    // `[Tue Nov 22 08:38:00 2026] words`, without name and number.
    let out = director.out();
    let first = out.lines().next().unwrap();
    let (stamp, words) = first.strip_prefix('[').unwrap().split_once("] ").unwrap();
    assert!(stamp.len() == 24 && words.starts_with("Starting Linux Director v"), "{first}");
    // It is found all the same, and there is one of it.
    assert_eq!(world.pid("www"), None);
    assert_eq!(world.run("www status").code, 0);
    assert_eq!(world.good("www start").out, "");
    // Its supervisor starts it again.
    let restarted = world.good("www restart");
    assert!(restarted.err.contains("what supervises it starts it again"), "{restarted:?}");
    assert_eq!(director.ends_within(crate::SOON).code, 0);
    assert!(world.serves(&PAIR), "the table stays");
    let director = world.foreground("www start", &[]);
    until(&world, "it serves again", || director.out().contains("] Serving: 2 of 2"));
    let came = director.stops();
    assert_eq!((came.code, came.err.as_str()), (0, ""), "{came:?}");
    assert!(came.out.contains("] Linux Director Daemon terminated on signal: TERM\n"), "{came:?}");
    assert!(world.table().is_empty());
    assert_eq!((world.log(), world.read("/var/log/other.log")), (String::new(), String::new()));
}
