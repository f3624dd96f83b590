//! Many servers: what a start costs, and that nobody waits for anybody.

use std::time::{Duration, Instant};

use crate::{
    certificates::Pair,
    ear::Ear,
    farm,
    server::{Answer, Servers},
    until,
    world::World,
};

/// A start of the 2,000 servers with TLS is over within this, and takes no more than this (the issue's figures).
const START: Duration = Duration::from_secs(10);
const MEMORY: u64 = 100 << 10;

/// Addresses of real servers: `127.1.0.1` and on.
fn addresses(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("127.1.{}.{}", n / 250, n % 250 + 1)).collect()
}

/// A farm of these servers, in services of 50.
fn large_farm(addresses: &[String], port: u16, body: &str) -> String {
    let mut text =
        "checktimeout = 10\nnegotiatetimeout = 10\ncheckinterval = 10\nresyncinterval = 0\n".to_owned();
    for (n, reals) in addresses.chunks(50).enumerate() {
        text.extend(["virtual = 192.0.2.", &(n + 1).to_string(), ":80\n"]);
        for real in reals {
            text.extend(["\treal = ", real, ":", &port.to_string(), " masq\n"]);
        }
        text += body;
    }
    text
}

fn count_reals(world: &World) -> usize {
    world.table().values().filter(|weight| weight.is_some()).count()
}

#[test]
fn two_thousand_servers_start_with_a_handful_of_processes() {
    let addresses = addresses(2_000);
    let text = large_farm(&addresses, 8000, "\tchecktype = connect\n\tscheduler = wrr\n");
    let Some(world) = World::alone() else { return };
    world.write("/etc/ha.d/www.cf", &text);
    let _servers = Servers::http(&world);
    world.good("www start");
    assert_eq!(count_reals(&world), 2_000);
    let calls = world.calls();
    assert!(calls.len() < 20, "{calls:?}");
    // A stop is no more.
    world.good("www stop");
    assert!(world.table().is_empty());
    assert!(world.calls().len() < 25, "{:?}", world.calls());
    eprintln!(
        "2,000 servers: {} processes to start, {} to stop",
        calls.len(),
        world.calls().len() - calls.len()
    );
}

#[test]
fn two_thousand_servers_with_tls_start_soon_and_in_little_memory() {
    let addresses = addresses(2_000);
    let body = "\tservice = https\n\trequest = \"/\"\n\treceive = \"ok\"\n\tvirtualhost = www.example.org\n";
    let Some(world) = World::alone() else { return };
    world.write("/etc/ha.d/www.cf", &large_farm(&addresses, 8443, body));
    let authority = Pair::authority();
    let trusted = world.folder().join("ca.pem");
    authority.write_pem(&trusted);
    let pair = authority.issue("www.example.org", crate::certificates::VALID);
    let _servers = Servers::https(&world, pair.server());
    let ear = Ear::new(&world);
    let variables = [("NOTIFY_SOCKET", ear.path()), ("SSL_CERT_FILE", trusted.to_str().unwrap())];
    let start = Instant::now();
    let run = world.foreground("www run", &variables);
    ear.until("READY=1");
    let (ready, processes) = (start.elapsed(), world.calls().len());
    until(&world, "all are in the table", || count_reals(&world) == 2_000);
    let all = start.elapsed();
    let status = world.read(&format!("/proc/{}/status", run.pid));
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    let said = format!(
        "2,000 https servers: READY in {ready:?} after {processes} processes, all in {all:?}, {peak} KiB"
    );
    eprintln!("{said}");
    assert!(ready < START && processes < 20 && peak < MEMORY, "{said}");
    // A program that was not optimised proves nothing here.
    assert!(all < START || cfg!(debug_assertions), "{said}");
    assert_eq!(run.stops().code, 0);
}

#[test]
fn a_hundred_servers_are_checked_on_time_beside_some_that_hang() {
    let addresses = addresses(100);
    let reals: Vec<String> = addresses.iter().map(|address| format!("{address}:8000")).collect();
    let text =
        farm(reals.iter().map(String::as_str)).replace("negotiatetimeout = 2", "negotiatetimeout = 60");
    let Some(world) = World::www(&text) else { return };
    let servers = Servers::http(&world);
    let hanging = [addresses[0].as_str(), addresses[50].as_str()];
    for address in hanging {
        servers.answer(address, Answer::Silence);
    }
    world.good("www start");
    let from = Instant::now();
    let to = from + Duration::from_secs(5);
    until(&world, "five intervals pass", || Instant::now() > to);
    for address in &addresses {
        if hanging.contains(&address.as_str()) {
            continue;
        }
        let asked = servers.asked(address);
        let times: Vec<Instant> = asked.into_iter().filter(|at| (from..to).contains(at)).collect();
        assert!((4..=6).contains(&times.len()), "{address} was asked {} times", times.len());
        let gap = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(gap < Duration::from_millis(1_500), "{address} was not asked for {gap:?}");
    }
    // A verdict comes as soon as ever.
    servers.answer(&addresses[99], Answer::Wrong);
    let gone = format!("192.0.2.1:80 {}:8000", addresses[99]);
    let took = until(&world, "it is out", || !world.table().contains_key(&gone));
    assert!(took < Duration::from_millis(2_500), "{took:?}");
}

#[test]
fn verdicts_that_change_nothing_run_no_process() {
    let addresses = addresses(50);
    let reals: Vec<String> = addresses.iter().map(|address| format!("{address}:8000")).collect();
    let text = farm(reals.iter().map(String::as_str));
    let Some(world) = World::www(&format!("resyncinterval = 2\n{text}")) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    let (before, asked) = (world.calls().len(), servers.asked(&addresses[7]).len());
    until(&world, "each was asked five times more", || {
        addresses.iter().all(|address| servers.asked(address).len() >= asked + 5)
    });
    let calls = world.calls().split_off(before);
    assert!(calls.iter().all(|call| call == "-Ln"), "{calls:?}");
    assert!((1..=4).contains(&calls.len()), "{calls:?}");
}

#[test]
fn one_check_of_a_server_serves_all_its_services() {
    let mut text = String::new();
    for n in 1..=20 {
        text += &farm(["127.0.0.2:8000"]).replace("192.0.2.1:80", &format!("192.0.2.{n}:80"));
    }
    let text = format!("checkinterval = 1\n{}", text.replace("checkinterval = 1\n", ""));
    let globals = ["checktimeout = 2\n", "negotiatetimeout = 2\n"];
    let text = globals.iter().fold(text, |text, global| format!("{global}{}", text.replace(global, "")));
    let Some(world) = World::www(&text) else { return };
    let servers = Servers::http(&world);
    world.good("www start");
    let first = servers.asked("127.0.0.2").len();
    assert!(first <= 2, "asked {first} times");
    assert_eq!(count_reals(&world), 20);
    let calls = world.calls().len();
    servers.answer("127.0.0.2", Answer::Wrong);
    until(&world, "it is out everywhere", || count_reals(&world) == 0);
    assert!(world.calls().len() - calls <= 4, "{:?}", world.calls());
}
