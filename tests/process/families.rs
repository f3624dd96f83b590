//! IPv4 and IPv6 beside each other: what the one family does never touches the other, though names and numbers agree.

use crate::{until, world::World};

const BOTH: &str = "resyncinterval = 1
virtual = 7
	real = 10.0.0.1 gate
	checktype = on
virtual6 = 7
	real6 = [2001:db8::1]->[2001:db8::2] gate
	checktype = on
virtual6 = [2001:db8::80]:80
	real6 = [2001:DB8::1]:8080 masq
	persistent = 60
	netmask = 64
	checktype = off
	fallback6 = [2001:db8::99]:8080 masq
virtual6 = [2001:db8::80]:53
	real6 = [2001:db8::1] ipip
	checktype = on
";

#[test]
fn all_of_ipv6_reaches_the_table_and_leaves_it() {
    let Some(world) = World::www(BOTH) else { return };
    world.good("www start");
    let table = world.read_table();
    let expected = "TCP  [2001:db8::80]:80 wrr persistent 60 mask 64
  -> [2001:db8::99]:8080 Masq 1
UDP  [2001:db8::80]:53 wrr
  -> [2001:db8::1]:53 Tunnel 1
FWM  7 IPv6 wrr
  -> [2001:db8::1]:0 Route 1
  -> [2001:db8::2]:0 Route 1
FWM  7 wrr
  -> 10.0.0.1:0 Route 1
";
    assert_eq!(table, expected);
    let plan = world.good("www plan");
    assert_eq!((plan.out.as_str(), plan.err.contains("warning")), ("# nothing to do\n", true), "{plan:?}");

    let calls = world.calls().len();
    world.shell("ipvsadm -D -f 7 -6; ipvsadm -e -f 7 -r 10.0.0.1:0 -m");
    until(&world, "both are put right", || world.read_table() == expected);
    let made = world.calls().split_off(calls);
    assert!(!made.iter().any(|call| call.starts_with("-D -t")), "{made:?}");
    world.good("www stop");
    assert_eq!(world.read_table(), "");
}

#[test]
fn one_mark_may_belong_to_two_directors_one_for_each_family() {
    let Some(world) = World::new() else { return };
    let (four, six) = BOTH.split_once("virtual6").unwrap();
    world.write("/etc/ha.d/four.cf", four);
    world.write("/etc/ha.d/six.cf", &format!("virtual6{six}"));
    world.good("four start");
    world.good("six start");
    let both = world.read_table();
    world.good("six stop");
    assert_eq!(world.read_table(), "FWM  7 wrr\n  -> 10.0.0.1:0 Route 1\n");
    world.good("six start");
    world.good("four stop");
    let left = world.read_table();
    assert!(left.contains("FWM  7 IPv6") && !left.contains("10.0.0.1"), "{left}");
    world.good("four start");
    assert_eq!(world.read_table(), both);
    world.good("six stop");
    world.good("four stop");
}
