//! `plan`: what it shows, and that it is what a start or a reload then does.

use std::fmt::Write as _;

use crate::{
    PAIR, farm,
    server::{Answer, Servers},
    until,
    world::{Came, World},
};

/// A service with a fallback, of which the table has a little, and not as it should be.
const HALF: &str = "ipvsadm -A -t 192.0.2.1:80 -s rr
ipvsadm -a -t 192.0.2.1:80 -r 127.0.0.2:8000 -m -w 7
ipvsadm -a -t 192.0.2.1:80 -r 10.7.7.7:80 -m -w 1
";

fn with_fallback() -> String {
    farm(PAIR) + "\tfallback = 127.0.0.1:8000 masq\n"
}

/// The changes of a plan, as the stand-in notes what it is asked for.
fn changes(came: &Came) -> Vec<String> {
    let lines = came.out.lines().filter_map(|line| line.strip_prefix("ipvsadm "));
    lines.map(|line| line.split("  #").next().unwrap_or_default().to_owned()).collect()
}

/// Appends what a command came to.
fn show(shown: &mut String, title: &str, world: &World, words: &str) {
    let Came { code, out, err } = world.run(words);
    writeln!(shown, "== {title}: {words}, exit status {code}\n{out}{err}").unwrap();
}

#[test]
fn what_is_shown() {
    let Some(world) = World::www(&with_fallback()) else { return };
    world.add_foreign();
    let before = world.changes();
    let mut shown = String::new();
    show(&mut shown, "a farm that is new", &world, "www plan");
    show(&mut shown, "a command that tells", &world, "--exit-code www plan");
    assert_eq!(world.changes(), before, "nothing is changed");

    world.shell(HALF);
    show(&mut shown, "a table that is half so", &world, "www plan");
    show(&mut shown, "the same for a program", &world, "--json www plan");

    world.shell("ipvsadm -D -t 192.0.2.1:80");
    world.shell(HALF);
    world.write("/etc/ha.d/www.cf", &farm(["127.0.0.9:8000"]).replace("= wrr", "= rr"));
    show(&mut shown, "all servers replaced", &world, "www plan");

    world.shell(
        "ipvsadm -D -t 192.0.2.1:80; ipvsadm -A -t 192.0.2.1:80 -s wrr
         ipvsadm -a -t 192.0.2.1:80 -r 127.0.0.2:8000 -m; ipvsadm -a -t 192.0.2.1:80 -r 127.0.0.3:8000 -m",
    );
    world.write("/etc/ha.d/www.cf", &with_fallback());
    show(&mut shown, "all is well", &world, "--exit-code www plan");
    show(&mut shown, "all is well", &world, "--json www plan");
    world.shell("ipvsadm -d -t 192.0.2.1:80 -r 127.0.0.3:8000");
    show(&mut shown, "one is awaited", &world, "--exit-code www plan");

    world.write("/etc/ha.d/www.cf", &(with_fallback() + "\trise = 3\n\tquiescent = yes\n"));
    show(&mut shown, "one has to prove itself", &world, "www plan");

    world.ipvsadm("no-kernel");
    show(&mut shown, "a kernel without IPVS", &world, "www plan");
    world.write("/etc/ha.d/www.cf", "virtual = 192.0.2.1\n");
    show(&mut shown, "a broken configuration", &world, "www plan");
    show(&mut shown, "no configuration", &world, "nowhere plan");

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/plan.golden");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(path).unwrap());
}

#[test]
fn a_start_does_what_was_planned() {
    for table in ["", HALF] {
        let Some(world) = World::www(&with_fallback()) else { return };
        let _servers = Servers::http(&world);
        world.shell(table);
        let before = world.changes().len();
        let planned = changes(&world.good("www plan"));
        assert!(!planned.is_empty() && world.changes().len() == before);
        world.good("www start");
        let made = world.changes().split_off(before);
        assert_eq!(made[..planned.len()], planned, "{}", world.story());
        assert_eq!(world.good("--exit-code www plan").out, "# nothing to do\n");
        world.good("www stop");
    }
}

#[test]
fn a_reload_does_what_was_planned() {
    let Some(world) = World::www(&with_fallback()) else { return };
    let servers = Servers::http(&world);
    servers.answer("127.0.0.2", Answer::Wrong);
    servers.answer("127.0.0.3", Answer::Wrong);
    world.good("www start");
    until(&world, "the fallback serves", || world.serves(&["127.0.0.1:8000"]));
    assert_eq!(world.good("--exit-code www plan").out, "# nothing to do\n");

    // Both are known to be down: another fallback comes at once. By the table alone nothing would be known of them.
    world.write("/etc/ha.d/www.cf", &with_fallback().replace("127.0.0.1:8000", "127.0.0.8:8000"));
    let before = world.changes().len();
    let plan = world.good("www plan");
    let planned = changes(&plan);
    assert!(plan.out.starts_with("# a reload of www would change now:\n"), "{plan:?}");
    assert_eq!(planned.len(), 2, "{plan:?}");
    world.good("www reload");
    assert_eq!(world.changes().split_off(before), planned, "{}", world.story());

    // The service leaves, and another one comes.
    let other = farm(PAIR).replace("192.0.2.1", "192.0.2.2").replace("= negotiate", "= on");
    world.write("/etc/ha.d/www.cf", &(other + "\tchecktype = on\n"));
    let before = world.changes().len();
    let planned = changes(&world.good("www plan"));
    assert!(planned.contains(&"-D -t 192.0.2.1:80".to_owned()), "{planned:?}");
    world.good("www reload");
    assert_eq!(world.changes().split_off(before), planned, "{}", world.story());
    world.good("www stop");
}
