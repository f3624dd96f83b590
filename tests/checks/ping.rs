//! Pings over loopback, of both families.

use std::{num::NonZeroU32, time::Duration};

use ldirectord::model::{CheckKind, PingCheck, Route};
use tokio::time::Instant;

use super::{DEADLINE, ask, ask_along, failure, passed, probes};

fn ping(tries: u32) -> CheckKind {
    let tries = NonZeroU32::new(tries).unwrap();
    CheckKind::from(PingCheck { tries, patience: DEADLINE / tries.get() })
}

#[tokio::test]
async fn hosts_of_both_families_answer() {
    for host in ["127.0.0.77:0", "[::1]:0"] {
        assert!(passed(&ask(&probes(), host.parse().unwrap(), ping(1)).await), "{host}");
        assert!(passed(&ask(&probes(), host.parse().unwrap(), ping(3)).await), "{host}");
    }
}

#[tokio::test]
async fn many_at_once_are_told_apart() {
    let probes = probes();
    let start = Instant::now();
    let hosts = (1..=100).map(|n| format!("127.0.{n}.1:0").parse().unwrap());
    let verdicts = futures_util::future::join_all(hosts.map(|host| ask(&probes, host, ping(1)))).await;
    assert!(verdicts.iter().all(passed), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_way_that_there_is_not_is_a_failure_at_once() {
    let from = Route { source: Some("192.0.2.77".parse().unwrap()), mark: None };
    let verdict =
        ask_along(&probes(), "127.0.0.1:0".parse().unwrap(), from, ping(1), Duration::from_secs(1)).await;
    assert_eq!(failure(verdict).kind(), "local");
    // A link-local address without its link.
    let kind = failure(ask(&probes(), "[fe80::1]:0".parse().unwrap(), ping(1)).await).kind();
    assert!(["local", "unreachable", "timed-out"].contains(&kind), "{kind}");
}
