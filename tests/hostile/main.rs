//! Every service against the same row of hostile servers, as configurations ask for it: servers that say nothing, drip,
//! never end, talk nonsense, or go away, at each place of the conversation; that come with bad certificates or never end
//! the handshake; that answer datagrams wrongly. Each check ends with its deadline, with the kind of failure that the
//! tables (`*.golden`) say, and with little memory, which is counted.

#![cfg(all(
    feature = "http",
    feature = "ldap",
    feature = "mysql",
    feature = "pgsql",
    feature = "dns",
    feature = "grpc"
))]
#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "sockets and certificates live in real time")]

#[path = "../checks/certificates.rs"]
#[expect(dead_code, reason = "some certificates are for other tests")]
mod certificates;
mod conversations;
mod datagrams;
mod handshakes;
mod lab;
mod memory;
mod script;
mod services;
mod subject;
mod table;
mod trial;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ldirectord::{
    health::{Failure, Verdict},
    model::Service,
};
use tokio::net::TcpListener;

use crate::{lab::Lab, subject::Subject};

/// Both loopbacks, in turn.
fn loopback(turn: usize) -> IpAddr {
    if turn.is_multiple_of(2) { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() }
}

/// All that is checked.
fn subjects() -> Vec<Arc<Subject>> {
    Service::ALL.into_iter().flat_map(services::of).map(Arc::new).collect()
}

#[test]
fn every_service_is_held_against_hostile_servers() {
    let subjects = subjects();
    for service in Service::ALL {
        let line = format!("service = {}", service.name());
        let is_there = subjects.iter().any(|subject| subject.lines.lines().any(|given| given.trim() == line));
        assert!(is_there, "{}", service.name());
    }
    // Each of them is what it says.
    for subject in subjects {
        let kind = subject.check("192.0.2.1:7".parse().unwrap()).kind.clone();
        assert_eq!(kind.security().is_some(), subject.handshake.is_some(), "{}", subject.name);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let lab = Lab::new();
    for (turn, subject) in subjects().iter().enumerate().filter(|(_, subject)| subject.answers.is_none()) {
        let nobody = TcpListener::bind((loopback(turn), 0)).await.unwrap().local_addr().unwrap();
        let check = subject.check(nobody);
        let outcome = trial::ask(&lab.probes, &check, |begin| async move {
            begin.now();
            std::future::pending().await
        });
        assert_eq!(outcome.await.verdict, Verdict::Fail(Failure::Refused), "{}", subject.name);
    }
}

#[tokio::test]
async fn conversations_go_wrong_at_each_place() {
    let lab = Arc::new(Lab::new());
    let subjects = subjects();
    let rows = subjects.iter().flat_map(|subject| conversations::rows(subject, &lab));
    table::hold(rows.collect(), "conversations.golden").await;
}

#[tokio::test]
async fn handshakes_go_wrong() {
    let lab = Arc::new(Lab::new());
    let rows = subjects().iter().filter_map(|subject| handshakes::row(subject, &lab)).collect();
    table::hold(rows, "handshakes.golden").await;
}

#[tokio::test]
async fn datagrams_go_wrong() {
    let lab = Arc::new(Lab::new());
    let rows = subjects().iter().filter_map(|subject| datagrams::row(subject, &lab)).collect();
    table::hold(rows, "datagrams.golden").await;
}
