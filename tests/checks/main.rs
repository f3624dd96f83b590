//! Every kind of check against servers on loopback, in real time: healthy ones, and the whole row of hostile ones. Each
//! ends within its deadline, with the right kind of failure.

#![cfg(all(feature = "http", feature = "grpc", feature = "ldap", feature = "mysql", feature = "pgsql"))]
#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "sockets and certificates live in real time")]

mod agent;
mod certificates;
mod connect;
mod dns;
mod external;
mod ftp;
mod ftpd;
mod ftps;
mod grpc;
mod http;
mod https;
mod ldap;
mod ldapd;
mod mail;
mod mysql;
mod mysqld;
mod oracle;
mod pgd;
mod pgsql;
mod ping;
mod proxy;
mod radius;
mod redirects;
mod redis;
mod requests;
mod routes;
mod server;
mod sip;
mod talk;
mod tcp;
mod tls;
mod udp;
mod wire;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;

use ldirectord::{
    check::{Prober, Probes, Progress, tls::Trust},
    health::{Failure, Verdict},
    model::{Cadence, CheckKind, CheckSpec, Expected, HttpCheck, Pattern, Route, Security, TlsVerify},
};
use tokio::time::{Instant, timeout};

use self::server::LOOPBACKS;

/// Within this every check here ends.
const DEADLINE: Duration = Duration::from_millis(300);
/// The same where a machine has work to do until then.
const PATIENT: Duration = Duration::from_secs(20);
/// How much later than the deadline a busy machine may make it.
const SLACK: Duration = Duration::from_millis(400);

/// Probes that trust nobody.
fn probes() -> Probes {
    Probes::trusting(Trust::file("/dev/null").unwrap()).unwrap()
}

/// What the loop does: asks once, within the deadline.
async fn ask_within(probes: &Probes, target: SocketAddr, kind: CheckKind, deadline: Duration) -> Verdict {
    ask_along(probes, target, Route::default(), kind, deadline).await
}

/// The same along another route.
async fn ask_along(
    probes: &Probes,
    target: SocketAddr,
    route: Route,
    kind: CheckKind,
    deadline: Duration,
) -> Verdict {
    let cadence = Cadence::steady(Duration::from_secs(1), deadline);
    let (spec, progress) = (CheckSpec { target, kind, connects: None, route, cadence }, Progress::new());
    let start = Instant::now();
    let verdict = match timeout(deadline, probes.probe(&spec, &progress)).await {
        Ok(verdict) => verdict,
        Err(_) => Verdict::Fail(progress.timed_out()),
    };
    let took = start.elapsed();
    assert!(took < deadline + SLACK, "{verdict:?} took {took:?}");
    verdict
}

async fn ask(probes: &Probes, target: SocketAddr, kind: CheckKind) -> Verdict {
    ask_within(probes, target, kind, DEADLINE).await
}

/// What a check finds at a server that `serve` sets up, over IPv4 and IPv6; both give the same.
async fn of_both<S>(serve: impl AsyncFn(IpAddr) -> (SocketAddr, S), kind: &CheckKind) -> Verdict {
    let asked = LOOPBACKS.map(async |ip| {
        let (address, _server) = serve(ip).await;
        ask(&probes(), address, kind.clone()).await
    });
    let mut verdicts = join_all(asked).await;
    assert_eq!(verdicts[0], verdicts[1]);
    verdicts.remove(0)
}

fn failure(verdict: Verdict) -> Failure {
    match verdict {
        Verdict::Fail(failure) => failure,
        Verdict::Pass(evidence) => panic!("passed with {evidence:?}"),
    }
}

fn passed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Pass(_))
}

fn pattern(text: &str) -> Arc<Pattern> {
    Arc::new(Pattern::new(text).unwrap())
}

/// A page is fetched, and must contain `receive` if there is any.
fn page(receive: Option<&str>) -> HttpCheck {
    HttpCheck { request: "/index.html".into(), expected: content(receive), ..HttpCheck::page() }
}

/// What must be in the content, if anything.
fn content(receive: Option<&str>) -> Expected {
    Expected { receive: receive.map(pattern), refuse: None }
}

/// TLS from the beginning, and the name that is asked for.
fn protected(verify: TlsVerify, name: Option<&str>) -> Arc<Security> {
    Arc::new(Security { verify, server_name: name.map(Arc::from), ..Security::default() })
}
