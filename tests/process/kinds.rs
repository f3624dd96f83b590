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
    assert!(world.log().contains("192.0.2.1:2905"), "{}", world.log());
    world.shell("ipvsadm -D --sctp-service 192.0.2.1:2905");
    until(&world, "it is put back", || world.read_table() == table);
    world.write("/etc/ha.d/www.cf", &format!("{service}\tprotocol = tcp\n"));
    world.good("www reload");
    assert_eq!(world.read_table(), table.split_at(table.find("TCP").unwrap()).1);
    world.good("www stop");
    assert_eq!(world.read_table(), "");
}
