//! The program as it is run: the real binary with a stand-in for `ipvsadm` (`tests/data/ipvsadm`), each test in a
//! mount, network and process namespace of its own, so that `/etc/ha.d`, `/run` and `/var/log` are its own too and no
//! systemd and no bus is in sight.
//!
//! `LDIRECTORD_BIN` names another binary to test: the one of a release, for figures that mean something.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "real programs take real time")]

#[path = "../checks/certificates.rs"]
#[expect(dead_code, reason = "the checks need more kinds of certificates")]
mod certificates;
mod ear;
mod server;
mod world;

mod autoreload;
mod classic;
mod dry_run;
mod execute;
mod failures;
mod fallback_command;
mod families;
mod kinds;
mod leaks;
mod log;
mod mail;
mod maintenance;
mod monitor;
mod names;
mod notify;
mod plan;
mod reload;
mod restart;
mod scale;
mod signals;
mod supervised;

use std::time::{Duration, Instant};

use world::World;

/// How long anything is waited for that should come soon; a busy machine may need it.
const SOON: Duration = Duration::from_secs(10);

/// Waits until it is so.
#[track_caller]
fn until(world: &World, what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < SOON, "not within {SOON:?}: {what}\n{}", world.story());
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}

/// A configuration: a virtual service with these real servers, asked each second for a page that says "ok".
fn farm<'a>(reals: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = "checktimeout = 2\nnegotiatetimeout = 2\ncheckinterval = 1\n".to_owned();
    text += "virtual = 192.0.2.1:80\n";
    for real in reals {
        text.extend(["\treal = ", real, " masq\n"]);
    }
    text + "\tservice = http\n\trequest = \"/\"\n\treceive = \"ok\"\n\tscheduler = wrr\n"
}

/// The usual two real servers.
const PAIR: [&str; 2] = ["127.0.0.2:8000", "127.0.0.3:8000"];
