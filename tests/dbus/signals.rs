//! What is told without being asked.

use std::{collections::HashMap, sync::Arc, time::Duration};

use ldirectord::{
    dbus::ROOT,
    director::{ConfigState, Snapshot},
    health::{Certificate, Failure, State},
};
use zbus::{OwnedObjectPath, OwnedVariant, message::Message};

use crate::{
    farm::{NOON, at, edit, real, service, small, with},
    peer::{MANAGER, Peer, REAL, VIRTUAL},
};

const WEB: &str = "/org/linuxvirtualserver/Ldirectord1/tcp_192_0_2_1_80";
const FIRST: &str = "/org/linuxvirtualserver/Ldirectord1/tcp_192_0_2_1_80/192_168_0_2_80";
const SECOND: &str = "/org/linuxvirtualserver/Ldirectord1/tcp_192_0_2_1_80/192_168_0_1_80";

/// Path, interface and the sorted names of what changed.
fn changed(signal: &Message) -> (String, String, Vec<String>) {
    assert_eq!(signal.header().member().unwrap().as_str(), "PropertiesChanged");
    let body = signal.body();
    let (interface, changed, gone): (String, HashMap<String, OwnedVariant>, Vec<String>) =
        body.deserialize().unwrap();
    assert!(gone.is_empty());
    let mut names: Vec<String> = changed.into_keys().collect();
    names.sort();
    (signal.header().path().unwrap().to_string(), interface, names)
}

/// Member and object of a signal of the object manager.
fn object(signal: &Message) -> (String, String) {
    assert_eq!(signal.header().path().unwrap().as_str(), ROOT);
    let member = signal.header().member().unwrap().to_string();
    let body = signal.body();
    let path: OwnedObjectPath = match member.as_str() {
        "InterfacesAdded" => {
            type Body = (OwnedObjectPath, HashMap<String, HashMap<String, OwnedVariant>>);
            let (path, interfaces): Body = body.deserialize().unwrap();
            assert_eq!(interfaces.len(), 1);
            path
        }
        _ => body.deserialize::<(OwnedObjectPath, Vec<String>)>().unwrap().0,
    };
    (member, path.to_string())
}

fn down(farm: &Snapshot) -> Arc<Snapshot> {
    with(
        farm,
        0,
        edit(&farm.virtuals[0], 0, |real| {
            real.state = State::Down;
            real.weight = 0;
            real.last_transition = Some(at(NOON + 5));
            real.last_failure = Some(Arc::new(Failure::Refused));
        }),
    )
}

#[tokio::test]
async fn what_changed_together_is_told_together_and_is_true_by_then() {
    let farm = small();
    let mut peer = Peer::new(farm.clone()).await;
    peer.signals().await;
    peer.snapshots.send_replace(down(&farm));
    let first = peer.next().await;
    // The state is asked for by whoever hears the first of the signals.
    assert_eq!(peer.text(FIRST, REAL, "State").await, "down");
    assert_eq!(peer.number(ROOT, MANAGER, "RealServersUp").await, 1);
    let mut signals = vec![first];
    signals.extend(peer.signals().await);
    let told: Vec<_> = signals.iter().map(changed).collect();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            (WEB.to_owned(), VIRTUAL.to_owned(), names(&["Serving"])),
            (
                FIRST.to_owned(),
                REAL.to_owned(),
                names(&["LastFailure", "LastFailureKind", "LastTransition", "State", "Weight"])
            ),
            (ROOT.to_owned(), MANAGER.to_owned(), names(&["RealServersUp"])),
        ]
    );
}

#[tokio::test]
async fn an_idle_director_is_silent() {
    let farm = small();
    let mut peer = Peer::new(farm.clone()).await;
    peer.signals().await;
    for second in 0..100 {
        farm.virtuals[0].reals[0].meter.record(at(NOON + second), Duration::from_millis(3), true);
        peer.snapshots.send_replace(Arc::new((*farm).clone()));
        assert!(peer.signals().await.is_empty());
    }
    // A row made anew with the same content says nothing either.
    peer.snapshots.send_replace(with(&farm, 0, edit(&farm.virtuals[0], 1, |_| {})));
    assert!(peer.signals().await.is_empty());
}

#[tokio::test]
async fn certificate_and_failure_words_are_told() {
    let farm = small();
    let mut peer = Peer::new(farm.clone()).await;
    let certificate = Certificate { name_matches: false, not_after: 1_900_000_000, ends_soon: true };
    let next = edit(&farm.virtuals[0], 1, |real| real.certificate = Some(certificate));
    peer.signals().await;
    peer.snapshots.send_replace(with(&farm, 0, next));
    let told: Vec<_> = peer.signals().await.iter().map(changed).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, SECOND);
    assert_eq!(told[0].2, ["CertificateEndsSoon", "CertificateExpires", "CertificateNameMismatch"]);
    assert_eq!(peer.number(SECOND, REAL, "CertificateExpires").await, 1_900_000_000_000_000);
    let last_check = at(1_900_000_000 - 6 * 86_400);
    farm.virtuals[0].reals[1].meter.record(last_check, Duration::from_millis(3), true);
    assert_eq!(peer.number(SECOND, REAL, "CertificateDaysLeft").await, 6);
}

#[tokio::test]
async fn a_reload_adds_and_removes_objects_parents_first_and_children_first() {
    let farm = small();
    let mut peer = Peer::new(farm.clone()).await;
    let (web, mail) = ("tcp:192.0.2.1:80", "tcp:192.0.2.1:25");
    // The web service loses a server, swaps the order and gains one; the mark goes; mail comes before it.
    let reals = vec![real(web, "192.168.0.9:80", State::Unknown, 1), farm.virtuals[0].reals[1].clone()];
    let new = vec![service(mail, vec![real(mail, "192.168.0.3:25", State::Unknown, 1)]), service(web, reals)];
    peer.signals().await;
    peer.snapshots.send_replace(Arc::new(Snapshot { virtuals: new, ..(*farm).clone() }));
    let signals = peer.signals().await;
    let told: Vec<_> = signals.iter().filter(|s| s.header().path().unwrap() == ROOT).collect();
    let (objects, rest): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|s| s.header().member().unwrap() != "PropertiesChanged");
    let objects: Vec<_> = objects.into_iter().map(object).collect();
    let line = |member: &str, below: &str| (member.to_owned(), format!("{ROOT}/{below}"));
    assert_eq!(
        objects,
        [
            line("InterfacesRemoved", "fwm6_5/2001_db8_0_0_0_0_0_7_80"),
            line("InterfacesRemoved", "fwm6_5"),
            line("InterfacesRemoved", "tcp_192_0_2_1_80/192_168_0_2_80"),
            line("InterfacesAdded", "tcp_192_0_2_1_25"),
            line("InterfacesAdded", "tcp_192_0_2_1_25/192_168_0_3_25"),
            line("InterfacesAdded", "tcp_192_0_2_1_80/192_168_0_9_80"),
        ]
    );
    assert_eq!(rest.len(), 1, "the manager tells its counts");
    assert_eq!(peer.objects().await.len(), 5);
    assert_eq!(peer.text(SECOND, REAL, "Id").await, "192.168.0.1:80");
}

#[tokio::test]
async fn the_manager_tells_of_configuration_and_table() {
    let farm = small();
    let mut peer = Peer::new(farm.clone()).await;
    let mut next = (*farm).clone();
    let rejected = Some("www.cf:3: unknown directive".into());
    next.config = Arc::new(ConfigState { rejected, tried_at: Some(at(NOON + 9)), ..(*farm.config).clone() });
    next.table_trouble = Some("ipvsadm: not permitted".into());
    peer.signals().await;
    peer.snapshots.send_replace(Arc::new(next));
    let told: Vec<_> = peer.signals().await.iter().map(changed).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].2, ["ConfigRejection", "ConfigState", "LastReload", "TableState", "TableTrouble"]);
    assert_eq!(peer.text(ROOT, MANAGER, "ConfigState").await, "rejected");
    assert_eq!(peer.text(ROOT, MANAGER, "TableTrouble").await, "ipvsadm: not permitted");
    assert_eq!(peer.number(ROOT, MANAGER, "LastReloadSuccess").await, NOON * 1_000_000);
}
