//! Listings of ipvsadm 1.31 on a kernel 6.1, and the round trip through a model of how it prints.

use std::fmt::Write as _;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::ipvs::Op;

const WHOLE: &str = include_str!("listing.txt");

fn all(text: &str) -> Result<Table, IpvsError> {
    parse(text, |_| true)
}

fn id(text: &str) -> VirtualId {
    text.parse().unwrap()
}

fn dests(table: &Table, service: &str) -> Vec<String> {
    let dests = &table.0[&id(service)].dests;
    dests.iter().map(|(real, dest)| format!("{real} {} {}", dest.forward, dest.weight)).collect()
}

/// What is set beside scheduler and persistence.
fn options(table: &Table, service: &str) -> String {
    let settings = &table.0[&id(service)].settings;
    let mut words: Vec<String> = settings.one_packet.then(|| "-o".to_owned()).into_iter().collect();
    if !settings.flags.is_empty() {
        words.push(format!("-b {}", settings.flags.names(&settings.scheduler)));
    }
    words.extend(settings.others.iter().cloned());
    words.join(" ")
}

fn persistence(table: &Table, service: &str) -> String {
    match table.0[&id(service)].settings.persistence {
        None => String::new(),
        Some(Persistence { timeout, netmask: None, .. }) => timeout.as_secs().to_string(),
        Some(Persistence { timeout, netmask: Some(mask), .. }) => format!("{}/{mask}", timeout.as_secs()),
    }
}

#[test]
fn a_whole_table_of_a_kernel() {
    let table = all(WHOLE).unwrap();
    assert_eq!(table.0.len(), 16);
    assert!(table.0.values().all(|service| !service.settings.scheduler.contains(['(', ' '])));
    assert_eq!(
        dests(&table, "tcp:1.2.3.4:84"),
        [
            "10.1.1.1:84 gate 1",
            "10.9.9.7:84 gate 9",
            "10.9.9.7:8080 masq 65535",
            "10.9.9.8:84 ipip 1",
            "10.9.9.8:8080 masq 65535",
            "127.0.0.1:84 masq 1",
            "[2001:db8::5]:84 ipip 1",
        ]
    );
    assert_eq!(
        dests(&table, "tcp:[2001:db8:1111:2222:3333:4444:5555:6666]:65535"),
        ["[2001:db8:1111:2222:3333:4444:5555:7777]:65535 ipip 1"]
    );
    assert_eq!(dests(&table, "sctp:1.2.3.4:90"), ["10.4.4.4:90 masq 1"]);
    assert_eq!(persistence(&table, "tcp:1.2.3.4:0"), "10/0.0.0.0");
    assert_eq!(persistence(&table, "tcp:1.2.3.4:83"), "2678400");
    assert_eq!(persistence(&table, "tcp:1.2.3.4:91"), "360/255.255.255.0");
    assert_eq!(options(&table, "tcp:1.2.3.4:91"), "-b flag-1,flag-2");
    assert_eq!(persistence(&table, "tcp:[2001:db8::1]:80"), "50/64");
    assert_eq!(options(&table, "udp:1.2.3.4:5060"), "-o");
    let engine = table.0[&id("udp:1.2.3.4:5060")].settings.persistence.unwrap().engine;
    assert_eq!(engine, Some(PersistenceEngine::Sip));
}

#[test]
fn one_mark_in_two_families_is_two_services_and_large_marks_are_listed_as_negative() {
    let table = all(WHOLE).unwrap();
    assert_eq!(dests(&table, "fwm:7"), ["10.9.9.7:8080 gate 1", "10.9.9.8:0 gate 1", "10.9.9.8:99 masq 1"]);
    assert_eq!(dests(&table, "fwm6:7"), ["[2001:db8::5]:0 gate 1", "[2001:db8::5]:80 ipip 1"]);
    assert_eq!(persistence(&table, "fwm6:7"), "300/64");
    assert_eq!(options(&table, "fwm:4294967295"), "-o -b sh-fallback,sh-port");
}

#[test]
fn the_timeouts() {
    let timeouts = IpvsTimeouts { tcp: 900, tcp_fin: 120, udp: 300 };
    assert_eq!(super::timeouts("Timeout (tcp tcpfin udp): 900 120 300\n"), Ok(timeouts));
    for text in ["", "Timeout (tcp tcpfin udp): 900 120", "Timeout: 900 120 300", "TCP 1 2 3"] {
        assert!(super::timeouts(text).is_err(), "{text}");
    }
}

#[test]
fn a_single_service() {
    let text = "Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.0.2.1:80 wrr
  -> 127.0.0.1:80                 Local   1      0          0         
  -> 10.0.0.1:80                  Route   2      12         345       \n";
    let table = all(text).unwrap();
    assert_eq!(dests(&table, "tcp:192.0.2.1:80"), ["10.0.0.1:80 gate 2", "127.0.0.1:80 local 1"]);
}

#[test]
fn types_of_tunnels() {
    let text = "Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  192.0.2.1:80 wrr
  -> 10.0.0.1:80                  Route   n/a           1      0          0         
  -> 10.0.0.2:80                  Tunnel  ipip          2      0          0         
  -> 10.0.0.3:80                  Tunnel  gre:-c        3      0          0         
  -> 10.0.0.4:80                  Tunnel  gre:+c        4      0          0         
  -> 10.0.0.5:80                  Tunnel  gue:6080:-c   5      0          0         
  -> 10.0.0.6:80                  Tunnel  gue:6080:+c   6      0          0         
  -> 10.0.0.7:80                  Tunnel  gue:65535:r+c 7      0          0         
  -> 10.0.0.8:8080                Masq    n/a           8      0          0         
  -> 127.0.0.1:80                 Local   n/a           9      0          0         \n";
    let table = all(text).unwrap();
    assert_eq!(
        dests(&table, "tcp:192.0.2.1:80"),
        [
            "10.0.0.1:80 gate 1",
            "10.0.0.2:80 ipip 2",
            "10.0.0.3:80 gre 3",
            "10.0.0.4:80 gre:csum 4",
            "10.0.0.5:80 gue:6080 5",
            "10.0.0.6:80 gue:6080:csum 6",
            "10.0.0.7:80 gue:65535:remcsum 7",
            "10.0.0.8:8080 masq 8",
            "127.0.0.1:80 local 9",
        ]
    );
}

#[test]
fn a_type_that_is_not_known_is_still_a_tunnel() {
    for info in
        ["n/a", "warp:7", "gue:0:-c", "gue:6080", "gue:6080:c", "gre", "gre:r+c", "gre:-c:1", "ipip:-c"]
    {
        let text = format!("TCP  192.0.2.1:80 wrr\n  -> 10.0.0.1:80 Tunnel {info} 1 0 0");
        assert_eq!(dests(&all(&text).unwrap(), "tcp:192.0.2.1:80"), ["10.0.0.1:80 ipip 1"], "{info}");
    }
    let text = "TCP  192.0.2.1:80 wrr\n-> 10.0.0.1:80 Tunnel gre:-c";
    assert_eq!(all(text), Err(IpvsError::Listing("-> 10.0.0.1:80 Tunnel gre:-c".to_owned())));
}

#[test]
fn an_empty_table_and_no_text_at_all() {
    let heading: Vec<&str> = WHOLE.lines().take(3).collect();
    assert_eq!(all(&heading.join("\n")), Ok(Table::default()));
    assert_eq!(all(""), Ok(Table::default()));
}

#[test]
fn what_others_have_is_left_out_and_disturbs_nothing() {
    let text = "DCCP 192.0.2.1:90 rr
  -> 10.4.4.4:90                  Masq    1      0          0
QUIC [2001:db8::1]:443 rr some future words
  -> somewhere:443                Warp    much
TCP  192.0.2.1:80 wrr hashed 7
  -> 10.0.0.1:80                  Warp    1      0          0
  -> 10.0.0.2:80                  Masq    -1     0          0\n";
    let table = all(text).unwrap();
    assert_eq!(table.0.len(), 1);
    assert_eq!(dests(&table, "tcp:192.0.2.1:80"), ["10.0.0.2:80 masq 0"]);
    assert_eq!(options(&table, "tcp:192.0.2.1:80"), "hashed 7");
}

#[test]
fn only_what_is_wanted_is_kept() {
    let table = parse(WHOLE, |listed| listed == id("fwm:7")).unwrap();
    assert_eq!(table.0.len(), 1);
    assert_eq!(dests(&table, "fwm:7").len(), 3);
}

#[test]
fn a_line_that_is_no_listing_is_an_error_that_shows_it() {
    for line in [
        "TCP  192.0.2.1 wrr",
        "TCP  192.0.2.1:80",
        "TCP  2001:db8::1:80 rr",
        "UDP  192.0.2.1:65536 rr",
        "FWM  0 rr",
        "FWM  seven rr",
        "FWM  7",
        "TCP  192.0.2.1:80 wrr persistent",
        "TCP  192.0.2.1:80 wrr persistent soon",
        "TCP  192.0.2.1:80 wrr mask 255.255.255.0",
        "TCP  192.0.2.1:80 wrr persistent 5 mask 24",
        "FWM  7 IPv6 wrr persistent 5 mask 255.255.255.0",
        "Segmentation fault",
        "-> 10.0.0.1:80 Masq 1 0 0",
    ] {
        assert_eq!(all(line), Err(IpvsError::Listing(line.to_owned())));
    }
    for line in ["-> 10.0.0.1 Masq 1 0 0", "-> 10.0.0.1:80 Masq", "-> 10.0.0.1:80 Masq x 0 0"] {
        let text = format!("TCP  192.0.2.1:80 wrr\n{line}");
        assert_eq!(all(&text), Err(IpvsError::Listing(line.to_owned())));
    }
}

/// A table as ipvsadm 1.31 prints it with `-L -n` (`print_service_entry`), or with `--tun-info` too.
fn printed(table: &Table, types: bool) -> String {
    let mut text: String = WHOLE.lines().take(3).flat_map(|line| [line, "\n"]).collect();
    for (id, service) in &table.0 {
        let name = name(id);
        write!(text, "{name} {}", service.settings.scheduler).unwrap();
        if let Some(persistence) = service.settings.persistence {
            write!(text, " persistent {}", persistence.timeout.as_secs()).unwrap();
            if let Some(mask) = persistence.netmask {
                write!(text, " mask {mask}").unwrap();
            }
            if let Some(engine) = persistence.engine {
                write!(text, " pe {engine}").unwrap();
            }
        }
        if service.settings.one_packet {
            text.push_str(" ops");
        }
        if !service.settings.flags.is_empty() {
            write!(text, " ({})", service.settings.flags.names(&service.settings.scheduler)).unwrap();
        }
        text.push('\n');
        for (real, dest) in &service.dests {
            let forward = match dest.forward {
                Forward::Gate => "Route",
                Forward::Masq => "Masq",
                Forward::Ipip | Forward::Gre { .. } | Forward::Gue { .. } => "Tunnel",
                Forward::Local => "Local",
            };
            let (real, weight) = (real.to_string(), dest.weight);
            write!(text, "  -> {real:<28} {forward:<7} ").unwrap();
            if types {
                write!(text, "{:<13} ", tunnel_info(dest.forward)).unwrap();
            }
            writeln!(text, "{weight:<6} {:<10} {:<10}", 3, 0).unwrap();
        }
    }
    text
}

/// How it prints the type of a tunnel (`fwd_tun_info`).
fn tunnel_info(forward: Forward) -> String {
    match forward {
        Forward::Gate | Forward::Masq | Forward::Local => "n/a".to_owned(),
        Forward::Ipip => "ipip".to_owned(),
        Forward::Gre { checksum: false } => "gre:-c".to_owned(),
        Forward::Gre { checksum: true } => "gre:+c".to_owned(),
        Forward::Gue { port, checksum: GueChecksum::No } => format!("gue:{port}:-c"),
        Forward::Gue { port, checksum: GueChecksum::Yes } => format!("gue:{port}:+c"),
        Forward::Gue { port, checksum: GueChecksum::Remote } => format!("gue:{port}:r+c"),
    }
}

/// How it prints which service it is.
fn name(id: &VirtualId) -> String {
    match id {
        VirtualId::Addr { protocol: Protocol::Tcp, address } => format!("TCP  {address}"),
        VirtualId::Addr { protocol: Protocol::Udp, address } => format!("UDP  {address}"),
        VirtualId::Addr { protocol: Protocol::Sctp, address } => format!("SCTP {address}"),
        VirtualId::FwMark { mark, family: Family::V4 } => format!("FWM  {}", mark.get().cast_signed()),
        VirtualId::FwMark { mark, family: Family::V6 } => format!("FWM  {} IPv6", mark.get().cast_signed()),
    }
}

/// How it prints a table with `--thresholds`.
fn printed_thresholds(table: &Table) -> String {
    let mut text = String::from(
        "IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn
  -> RemoteAddress:Port\n",
    );
    for (id, service) in &table.0 {
        writeln!(text, "{} {}", name(id), service.settings.scheduler).unwrap();
        for (real, dest) in &service.dests {
            let (real, Thresholds { upper, lower }) = (real.to_string(), dest.thresholds);
            writeln!(text, "  -> {real:<28} {upper:<10} {lower:<10} {:<10} {:<10}", 3, 0).unwrap();
        }
    }
    text
}

fn address() -> impl Strategy<Value = SocketAddr> {
    // Few of each, so that changes meet.
    (any::<bool>(), 1..4u8, 79..82u16).prop_map(|(v6, host, port)| {
        let ip: std::net::IpAddr = if v6 {
            format!("2001:db8:1111:2222:3333:4444:5555:{host}").parse().unwrap()
        } else {
            [10, 0, 0, host].into()
        };
        (ip, port).into()
    })
}

fn service_id() -> impl Strategy<Value = VirtualId> {
    let protocol = prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp), Just(Protocol::Sctp)];
    let mark = prop_oneof![Just(NonZeroU32::MIN), Just(NonZeroU32::MAX)];
    let family = prop_oneof![Just(Family::V4), Just(Family::V6)];
    prop_oneof![
        (protocol, address()).prop_map(|(protocol, address)| VirtualId::Addr { protocol, address }),
        (mark, family).prop_map(|(mark, family)| VirtualId::FwMark { mark, family }),
    ]
}

fn service_settings() -> impl Strategy<Value = ServiceSettings> {
    let netmask = prop_oneof![
        (0..=32u32).prop_map(|ones| Netmask::V4(u32::MAX.checked_shl(32 - ones).unwrap_or(0).into())),
        (1..=128u8).prop_map(Netmask::V6),
    ];
    let persistence =
        (0..3_000_000u64, proptest::option::of(netmask)).prop_map(|(seconds, netmask)| Persistence {
            timeout: Duration::from_secs(seconds),
            netmask,
            engine: (seconds % 3 == 0).then_some(PersistenceEngine::Sip),
        });
    let scheduler = prop_oneof![Just("wrr"), Just("wlc"), Just("sh")];
    let flags = prop_oneof![Just(""), Just("flag-3"), Just("flag-1,flag-2")];
    (scheduler, proptest::option::of(persistence), flags, any::<bool>()).prop_map(
        |(scheduler, persistence, flags, one_packet)| ServiceSettings {
            scheduler: scheduler.into(),
            persistence,
            one_packet,
            flags: SchedulerFlags::parse(flags, scheduler).unwrap_or_default(),
            others: Vec::new(),
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let real = || address().prop_map(RealId);
    let forward =
        select(vec!["gate", "masq", "ipip", "gre", "gre:csum", "gue:1", "gue:9:csum", "gue:9:remcsum"])
            .prop_map(|text| text.parse().unwrap());
    let dest =
        (forward, any::<u16>(), prop_oneof![Just(0), Just(9u32)]).prop_map(|(forward, weight, upper)| {
            let thresholds = Thresholds { upper, lower: upper / 3 };
            Dest { forward, weight, thresholds }
        });
    prop_oneof![
        3 => (service_id(), service_settings()).prop_map(|(id, settings)| Op::AddService(id, settings)),
        1 => (service_id(), service_settings()).prop_map(|(id, settings)| Op::EditService(id, settings)),
        1 => service_id().prop_map(Op::DeleteService),
        6 => (service_id(), real(), dest.clone()).prop_map(|(id, real, dest)| Op::AddDest(id, real, dest)),
        2 => (service_id(), real(), dest).prop_map(|(id, real, dest)| Op::EditDest(id, real, dest)),
        1 => (service_id(), real()).prop_map(|(id, real)| Op::DeleteDest(id, real)),
    ]
}

proptest! {
    #[test]
    fn what_was_written_reads_back(ops in vec(op(), 0..80)) {
        let mut table = Table::default();
        for op in &ops {
            table.apply(op).ok();
        }
        let mut read = all(&printed(&table, true)).unwrap();
        let any = add_thresholds(&printed_thresholds(&table), &mut read);
        let wanted = table.0.values().flat_map(|s| s.dests.values()).any(|dest| dest.thresholds.upper > 0);
        prop_assert_eq!(any, Ok(wanted));
        prop_assert_eq!(&read, &table);
        // Without the column every tunnel is the plain one.
        for dest in read.0.values_mut().flat_map(|service| service.dests.values_mut()) {
            dest.thresholds = Thresholds::default();
            if dest.forward.is_tunnel() {
                dest.forward = Forward::Ipip;
            }
        }
        prop_assert_eq!(all(&printed(&table, false)).unwrap(), read);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(TCP|FWM|UDP|->|IP|Tunnel|n/a|g[ru]e:[0-9+:cr-]{0,6}|[0-9.:\\[\\]-]{1,12}|mask|persistent|\\(a\\)| |\n){0,40}") {
        let _ = all(&text);
        let _ = add_thresholds(&text, &mut Table::default());
    }
}
