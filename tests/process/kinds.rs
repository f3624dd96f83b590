//! Kinds of services and servers beside the usual ones.

use crate::{until, world::World};

#[test]
fn an_sctp_service_is_another_one_than_that_of_tcp() {
    let service = "virtual = 192.0.2.1:2905\n\treal = 10.0.0.1:2905 masq\n\tchecktype = on\n";
    let both = format!("resyncinterval = 1\n{service}\tprotocol = tcp\n{service}\tprotocol = sctp\n");
    let Some(world) = World::www(&both) else { return };
    world.good("www start");
    let table = "SCTP 192.0.2.1:2905 wrr\n  -> 10.0.0.1:2905 Masq 1\n\
                 TCP  192.0.2.1:2905 wrr\n  -> 10.0.0.1:2905 Masq 1\n";
    assert_eq!(world.read_table(), table);
    assert!(world.changes().contains(&"-A --sctp-service 192.0.2.1:2905 -s wrr".to_owned()));
    until(&world, "it is told", || world.log().contains("192.0.2.1:2905"));
    world.shell("ipvsadm -D --sctp-service 192.0.2.1:2905");
    until(&world, "it is put back", || world.read_table() == table);
    world.write("/etc/ha.d/www.cf", &format!("{service}\tprotocol = tcp\n"));
    world.good("www reload");
    assert_eq!(world.read_table(), table.split_at(table.find("TCP").unwrap()).1);
    world.good("www stop");
    assert_eq!(world.read_table(), "");
}

#[test]
fn the_kernel_s_timeouts_are_set_at_start_and_reload_and_left_alone_otherwise() {
    let Some(world) = World::www("ipvs-timeouts = 3600 60 0\n") else { return };
    let timeouts = || world.shell("ipvsadm -Ln --timeout");
    let plan = "# a start of www would change now:\nipvsadm --set 3600 60 0\n";
    assert_eq!(world.good("www plan").out, plan);
    assert!(world.good("--json www plan").out.contains("{\"ipvsadm\": \"--set 3600 60 0\"}"));
    assert_eq!(world.run("--exit-code www plan").code, 4);
    world.good("www start");
    let set = "IPVS timeouts set: tcp 3600 s, tcpfin 60 s, udp 300 s (before: 900, 120, 300)";
    assert_eq!(timeouts(), "Timeout (tcp tcpfin udp): 3600 60 300\n");
    until(&world, "it is told", || world.log().contains(set));
    assert_eq!(world.good("--exit-code www plan").out, "# nothing to do\n");

    // They are as wanted: nothing is written.
    let written = || world.changes().iter().filter(|line| line.starts_with("--set")).count();
    let looks = || world.calls().iter().filter(|call| call.contains("--timeout")).count();
    let before = looks();
    world.good("www reload");
    assert_eq!(looks(), before + 1, "a reload returns when it has looked");
    world.good("www restart");
    assert_eq!((looks(), written()), (before + 2, 1));

    // Somebody set them otherwise, and a reload puts them right; what is not named stays.
    world.shell("ipvsadm --set 1 2 3");
    world.write("/etc/ha.d/www.cf", "ipvs-timeouts = 0 60 30\n");
    world.good("www reload");
    until(&world, "they are right again", || {
        world.log().contains("tcp 1 s, tcpfin 60 s, udp 30 s (before: 1, 2, 3)")
    });
    assert_eq!(timeouts(), "Timeout (tcp tcpfin udp): 1 60 30\n");

    // Without the directive they are nobody's.
    world.shell("ipvsadm --set 7 8 9");
    let (calls, written_by_then) = (world.calls().len(), written());
    world.write("/etc/ha.d/www.cf", "");
    world.good("www reload");
    world.good("www stop");
    assert_eq!(timeouts(), "Timeout (tcp tcpfin udp): 7 8 9\n");
    assert_eq!(written(), written_by_then);
    assert!(!world.calls()[calls..world.calls().len() - 1].iter().any(|call| call.contains("--timeout")));
}

#[test]
fn calls_stay_with_their_server_by_the_engine_for_sip() {
    let service =
        "virtual = 192.0.2.1:5060\n\treal = 10.0.0.1:5060 masq\n\tchecktype = on\n\tprotocol = udp\n";
    let text = format!("resyncinterval = 1\n{service}\tpersistent = 60\n");
    let Some(world) = World::www(&format!("{text}\tpersistence-engine = sip\n")) else { return };
    world.good("www start");
    let table = |settings: &str| format!("UDP  192.0.2.1:5060 wrr {settings}\n  -> 10.0.0.1:5060 Masq 1\n");
    assert_eq!(world.read_table(), table("persistent 60 pe sip"));
    assert_eq!(world.good("www plan").out, "# nothing to do\n");
    world.shell("ipvsadm -E -u 192.0.2.1:5060 -s wrr -p 60");
    until(&world, "it is put right", || world.read_table() == table("persistent 60 pe sip"));
    world.write("/etc/ha.d/www.cf", &text);
    world.good("www reload");
    assert_eq!(world.read_table(), table("persistent 60"));
    world.good("www stop");
}
