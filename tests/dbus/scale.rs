//! A large farm.

use std::sync::Arc;

use ldirectord::{
    dbus::ROOT,
    director::Snapshot,
    health::{Failure, State},
};

use crate::{
    farm::{edit, real, service, snapshot, with},
    peer::{Peer, REAL},
};

/// A hundred virtual services with so many real servers each.
pub(crate) fn farm(reals: usize) -> Arc<Snapshot> {
    let services = (0..100).map(|v| {
        let id = format!("tcp:192.0.2.{v}:80");
        let reals = (0..reals).map(|r| {
            let real = real(&id, &format!("10.{v}.{}.{}:8080", r / 256, r % 256), State::Down, 100);
            let mut real = Arc::unwrap_or_clone(real);
            real.last_failure = Some(Arc::new(Failure::Unreachable("no route to host".into())));
            Arc::new(real)
        });
        service(&id, reals.collect())
    });
    snapshot(services.collect())
}

#[tokio::test]
async fn ten_thousand_real_servers_are_listed_and_found() {
    let farm = farm(100);
    let mut peer = Peer::new(farm.clone()).await;
    assert_eq!(peer.objects().await.len(), 10_100);
    let last = format!("{ROOT}/tcp_192_0_2_99_80/10_99_0_99_8080");
    assert_eq!(peer.text(&last, REAL, "State").await, "down");
    // One of them changes: one signal for it, one for its virtual service, one for the counts.
    peer.signals().await;
    peer.snapshots.send_replace(with(&farm, 99, edit(&farm.virtuals[99], 99, |real| real.state = State::Up)));
    assert_eq!(peer.signals().await.len(), 3);
}

#[tokio::test]
async fn an_answer_no_bus_would_carry_is_refused_and_the_rest_works() {
    let peer = Peer::new(farm(600)).await;
    let error = peer.error(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await;
    assert_eq!(error, "org.freedesktop.DBus.Error.LimitsExceeded");
    let last = format!("{ROOT}/tcp_192_0_2_99_80/10_99_2_87_8080");
    assert_eq!(peer.text(&last, REAL, "Id").await, "10.99.2.87:8080");
}
