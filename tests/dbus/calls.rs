//! Calls and their answers.

use ldirectord::{
    dbus::ROOT,
    director::{Command, Refusal},
    inbox::Input,
};

use crate::{
    farm::{NOON, small},
    peer::{MANAGER, PROPERTIES, Peer, REAL, VIRTUAL},
};

const WEB: &str = "/org/linuxvirtualserver/Ldirectord1/tcp_192_0_2_1_80";
const SECOND: &str = "/org/linuxvirtualserver/Ldirectord1/tcp_192_0_2_1_80/192_168_0_1_80";
const MARK: &str = "/org/linuxvirtualserver/Ldirectord1/fwm6_5";
const SIX: &str = "/org/linuxvirtualserver/Ldirectord1/fwm6_5/2001_db8_0_0_0_0_0_7_80";

#[tokio::test]
async fn every_row_is_an_object_with_its_identity() {
    let peer = Peer::new(small()).await;
    assert_eq!(peer.text(ROOT, MANAGER, "Instance").await, "www");
    assert_eq!(peer.text(ROOT, MANAGER, "ConfigState").await, "in-force");
    assert_eq!(peer.number(ROOT, MANAGER, "LastReload").await, NOON * 1_000_000);
    assert_eq!(peer.number(ROOT, MANAGER, "RealServers").await, 3);
    assert_eq!(peer.number(ROOT, MANAGER, "RealServersUp").await, 2);
    assert_eq!(peer.text(WEB, VIRTUAL, "Id").await, "tcp:192.0.2.1:80");
    assert_eq!(peer.text(WEB, VIRTUAL, "Fallback").await, "127.0.0.1:80");
    assert_eq!(peer.number(WEB, VIRTUAL, "Persistence").await, 600);
    assert_eq!(peer.number(WEB, VIRTUAL, "Serving").await, 1);
    assert_eq!(peer.number(MARK, VIRTUAL, "FirewallMark").await, 5);
    assert_eq!(peer.text(MARK, VIRTUAL, "Family").await, "ipv6");
    assert_eq!(peer.text(SECOND, REAL, "State").await, "unknown");
    assert_eq!(peer.number(SECOND, REAL, "Weight").await, 0);
    assert_eq!(peer.number(SECOND, REAL, "ConfiguredWeight").await, 1);
    assert_eq!(peer.text(SIX, REAL, "Address").await, "2001:db8::7");
    let owner = peer.get(SIX, REAL, "VirtualServer").await;
    assert_eq!(zbus::OwnedObjectPath::try_from(owner).unwrap().as_str(), MARK);
}

#[tokio::test]
async fn the_object_manager_lists_all_but_the_root_with_all_properties() {
    let peer = Peer::new(small()).await;
    let objects = peer.objects().await;
    let mut paths: Vec<&str> = objects.keys().map(|path| path.as_str()).collect();
    paths.sort_unstable();
    let first = "/org/linuxvirtualserver/Ldirectord1/tcp_192_0_2_1_80/192_168_0_2_80";
    assert_eq!(paths, [MARK, SIX, WEB, SECOND, first]);
    for (path, interfaces) in &objects {
        let (interface, shown) = interfaces.iter().next().unwrap();
        let all = peer.call(path.as_str(), PROPERTIES, "GetAll", &interface.as_str()).await.unwrap();
        let all: std::collections::HashMap<String, zbus::OwnedVariant> = all.body().deserialize().unwrap();
        assert_eq!(&all, shown, "{path}");
    }
}

#[tokio::test]
async fn meters_are_read_when_asked() {
    let farm = small();
    let peer = Peer::new(farm.clone()).await;
    let took = std::time::Duration::from_micros(1_234);
    farm.virtuals[0].reals[1].meter.record(crate::farm::at(NOON + 1), took, true);
    assert_eq!(peer.number(SECOND, REAL, "LastCheck").await, (NOON + 1) * 1_000_000);
    assert_eq!(peer.number(SECOND, REAL, "LastCheckDuration").await, 1_234);
    assert_eq!(peer.number(SECOND, REAL, "ChecksPassed").await, 1);
}

#[tokio::test]
async fn the_way_to_every_object_can_be_walked() {
    let peer = Peer::new(small()).await;
    let mut found = Vec::new();
    let mut paths = vec!["/".to_owned()];
    while let Some(path) = paths.pop() {
        let xml = peer.introspect(&path).await;
        let names = xml.lines().filter_map(|line| line.strip_prefix(" <node name=\"")?.strip_suffix("\"/>"));
        let base = path.trim_end_matches('/');
        paths.extend(names.map(|name| format!("{base}/{name}")));
        found.push(path);
    }
    assert_eq!(found.len(), 4 + 5, "{found:?}");
}

#[tokio::test]
async fn errors_have_the_names_clients_look_for() {
    let peer = Peer::new(small()).await;
    let error = async |path, interface, member| {
        let name = peer.error(path, interface, member, &()).await;
        name.strip_prefix("org.freedesktop.DBus.Error.").map(str::to_owned)
    };
    let introspect = "org.freedesktop.DBus.Introspectable";
    assert_eq!(error("/nowhere", introspect, "Introspect").await.unwrap(), "UnknownObject");
    assert_eq!(
        error("/org/linuxvirtualserver/Ldirectord1/fwm_5", "", "Ping").await.unwrap(),
        "UnknownObject"
    );
    assert_eq!(error(WEB, MANAGER, "Reload").await.unwrap(), "UnknownInterface");
    assert_eq!(error("/org", PROPERTIES, "GetAll").await.unwrap(), "UnknownInterface");
    assert_eq!(error(ROOT, MANAGER, "Explode").await.unwrap(), "UnknownMethod");
    assert_eq!(error(ROOT, PROPERTIES, "Get").await.unwrap(), "InvalidArgs");
    let get = async |interface, property| peer.error(WEB, PROPERTIES, "Get", &(interface, property)).await;
    assert_eq!(get(VIRTUAL, "Colour").await, "org.freedesktop.DBus.Error.UnknownProperty");
    assert_eq!(get(REAL, "State").await, "org.freedesktop.DBus.Error.UnknownInterface");
    let value = zbus::Variant::from("rr");
    let set = peer.error(WEB, PROPERTIES, "Set", &(VIRTUAL, "Scheduler", value)).await;
    assert_eq!(set, "org.freedesktop.DBus.Error.PropertyReadOnly");
}

#[tokio::test]
async fn the_standard_interfaces_answer() {
    let peer = Peer::new(small()).await;
    let machine: String = peer
        .call("/", "org.freedesktop.DBus.Peer", "GetMachineId", &())
        .await
        .unwrap()
        .body()
        .deserialize()
        .unwrap();
    assert_eq!(machine.len(), 32);
    // Without an interface the member alone decides; standard interfaces have no properties.
    peer.call(ROOT, "", "Introspect", &()).await.unwrap();
    let none = peer.call(ROOT, PROPERTIES, "GetAll", &"org.freedesktop.DBus.Peer").await.unwrap();
    assert!(
        none.body()
            .deserialize::<std::collections::HashMap<String, zbus::OwnedVariant>>()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn reload_waits_for_the_director_and_its_refusals_are_typed() {
    let mut peer = Peer::new(small()).await;
    for (answer, wanted) in [
        (Ok(()), None),
        (Err(Refusal::InvalidConfig("www.cf:3: no".into())), Some("InvalidConfig")),
        (Err(Refusal::Stopping), Some("Stopping")),
    ] {
        let client = peer.client.clone();
        let call = async move {
            client.call_method(None::<&str>, ROOT, Some(MANAGER), "Reload", &()).await.map(drop)
        };
        let director = async {
            match peer.inbox.recv().await.unwrap() {
                Input::Ask(Command::Reload, reply) => {
                    // While one caller waits, others are answered.
                    peer.client.call_method(None::<&str>, ROOT, None::<&str>, "Ping", &()).await.unwrap();
                    reply.send(answer.clone()).unwrap();
                }
                Input::Event(event) => panic!("{event:?}"),
            }
        };
        let (done, ()) = tokio::join!(call, director);
        match (done, wanted) {
            (Ok(()), None) => {}
            (Err(zbus::Error::MethodError(name, text, _)), Some(wanted)) => {
                assert_eq!(name.as_str(), format!("org.linuxvirtualserver.Ldirectord1.Error.{wanted}"));
                assert_eq!(text.unwrap(), answer.unwrap_err().to_string());
            }
            (done, wanted) => panic!("{done:?}, not {wanted:?}"),
        }
    }
}

#[tokio::test]
async fn too_many_who_wait_are_sent_away() {
    let mut peer = Peer::new(small()).await;
    let calls: Vec<_> = (0..33).map(|_| peer.call(ROOT, MANAGER, "Reload", &())).collect();
    // The queue is not read: 32 wait and the last is refused at once.
    let (done, _, rest) = futures_util::future::select_all(calls.into_iter().map(Box::pin)).await;
    assert!(done.unwrap_err().to_string().contains("too many callers"));
    drop(rest);
    assert!(peer.inbox.recv().await.is_some());
}
