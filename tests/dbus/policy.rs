//! Who may do what, as the shipped policy says and the director enforces.

use std::process::Stdio;

use ldirectord::{dbus::ROOT, inbox::Input};
use tokio::process::Command;

use crate::{
    bus::{Daemon, address, directory, start},
    peer::{MANAGER, REAL, VIRTUAL},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Root,
    Nobody,
}

/// Calls a method as a user; the error's name, if there is one.
async fn call(who: Who, bus: &str, destination: &str, path: &str, call: &[&str]) -> Result<(), String> {
    let mut command = match who {
        Who::Root => Command::new("dbus-send"),
        Who::Nobody => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "dbus-send"]);
            command
        }
    };
    let output = command
        .arg(format!("--bus={bus}"))
        .args(["--print-reply", &format!("--dest={destination}"), path])
        .args(call)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("dbus-send and setpriv are installed");
    let words = String::from_utf8(output.stderr).unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(words.trim_start_matches("Error ").split(':').next().unwrap_or_default().to_owned())
}

const DENIED: &str = "org.freedesktop.DBus.Error.AccessDenied";

#[tokio::test]
async fn everybody_looks_and_root_changes() {
    let Some(directory) = directory() else { return };
    let bus = address(&directory);
    let _daemon = Daemon::start(&directory);
    let service = format!("{ROOT}/tcp_192_0_2_1_80");
    let below = format!("{service}/192_168_0_1_80");
    for instance in ["ldirectord", "www"] {
        let mut served = start(&directory, instance);
        served.wait_served().await;
        let mut inbox = served.inbox;
        let mut director = tokio::task::JoinSet::new();
        director.spawn(async move {
            while let Some(Input::Ask(_, reply)) = inbox.recv().await {
                reply.send(Ok(())).unwrap();
            }
        });
        let name = format!("org.linuxvirtualserver.Ldirectord1.{instance}");
        let get_all = "org.freedesktop.DBus.Properties.GetAll";
        let get = "org.freedesktop.DBus.Properties.Get";
        let introspect = "org.freedesktop.DBus.Introspectable.Introspect";
        let reload = format!("{MANAGER}.Reload");
        let interface = |name: &str| format!("string:{name}");
        let set = ["org.freedesktop.DBus.Properties.Set", "string:a", "string:b", "variant:string:c"];
        // Below the root object only the default instance is open to everybody; of the others the object manager
        // shows the same.
        let deep = if instance == "ldirectord" { &[Who::Root, Who::Nobody][..] } else { &[Who::Root][..] };
        let all = &[Who::Root, Who::Nobody][..];
        let table: [(&str, &[&str], &[Who]); 9] = [
            (ROOT, &["org.freedesktop.DBus.ObjectManager.GetManagedObjects"], all),
            (ROOT, &["org.freedesktop.DBus.Peer.Ping"], all),
            (ROOT, &[introspect], all),
            (ROOT, &[get_all, &interface(MANAGER)], all),
            (ROOT, &[get, &interface(MANAGER), "string:ConfigState"], all),
            (&service, &[get_all, &interface(VIRTUAL)], deep),
            (&below, &[get, &interface(REAL), "string:State"], deep),
            (&below, &[introspect], deep),
            (ROOT, &[&reload], &[Who::Root]),
        ];
        for who in [Who::Root, Who::Nobody] {
            for (path, what, allowed) in &table {
                let done = call(who, &bus, &name, path, what).await;
                let wanted = if allowed.contains(&who) { Ok(()) } else { Err(DENIED.to_owned()) };
                assert_eq!(done, wanted, "{who:?} {name} {path} {what:?}");
            }
        }
        // A property that is set gets as far as the director for root alone.
        assert_eq!(call(Who::Nobody, &bus, &name, ROOT, &set).await, Err(DENIED.to_owned()));
        let unknown = Err("org.freedesktop.DBus.Error.UnknownInterface".to_owned());
        assert_eq!(call(Who::Root, &bus, &name, ROOT, &set).await, unknown);
    }
}

#[tokio::test]
async fn the_services_of_others_stay_closed() {
    let Some(directory) = directory() else { return };
    let bus = address(&directory);
    let _daemon = Daemon::start(&directory);
    let other =
        zbus::connection::Builder::address(bus.as_str()).name("org.example.Other").build().await.unwrap();
    for what in ["Properties.GetAll", "Properties.Set", "ObjectManager.GetManagedObjects", "Peer.Ping"] {
        let what = format!("org.freedesktop.DBus.{what}");
        let done = call(Who::Nobody, &bus, "org.example.Other", ROOT, &[&what]).await;
        assert_eq!(done, Err(DENIED.to_owned()), "{what}");
    }
    other.close().await.unwrap();
}

#[tokio::test]
async fn under_a_policy_that_is_too_wide_the_director_itself_refuses() {
    let Some(directory) = directory() else { return };
    let config = directory.path().join("bus.conf");
    let open = "<policy context=\"mandatory\"><allow send_destination=\"*\"/></policy></busconfig>";
    let wide = std::fs::read_to_string(&config).unwrap().replace("</busconfig>", open);
    std::fs::write(&config, wide).unwrap();
    let _daemon = Daemon::start(&directory);
    let mut served = start(&directory, "ldirectord");
    served.wait_served().await;
    let (bus, name) = (address(&directory), "org.linuxvirtualserver.Ldirectord1.ldirectord");
    let reload = format!("{MANAGER}.Reload");
    assert_eq!(call(Who::Nobody, &bus, name, ROOT, &[&reload]).await, Err(DENIED.to_owned()));
    assert_eq!(call(Who::Nobody, &bus, name, ROOT, &["org.freedesktop.DBus.Peer.Ping"]).await, Ok(()));
    // The director has not been asked.
    assert!(served.inbox.try_recv().is_err());
}

/// CVE-2021-44225 was a rule that named an interface and no destination. And dbus-broker drops attributes it does not
/// know, `send_destination_prefix` among them, so that a rule must be harmless without it.
#[test]
fn every_rule_names_our_destination_and_is_harmless_under_dbus_broker() {
    let policy = include_str!("../../dbus/org.linuxvirtualserver.Ldirectord1.conf");
    let (_, rules) = policy.split_once("<busconfig>").unwrap();
    let (root, others) = rules.split_once("<policy context=\"default\">").unwrap();
    let rules = |text: &str, kind: &str| -> Vec<String> {
        let rules = text.split('<').filter(|tag| tag.starts_with(kind));
        rules.map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let exact = "send_destination=\"org.linuxvirtualserver.Ldirectord1.ldirectord\"";
    let prefix = "send_destination_prefix=\"org.linuxvirtualserver.Ldirectord1\"";
    let path = format!("send_path=\"{ROOT}\"");
    for rule in rules(others, "allow") {
        let named = rule.contains(exact) || (rule.contains(prefix) && rule.contains(&path));
        assert!(named && rule.contains("send_interface=\"org.freedesktop.DBus."), "{rule}");
    }
    for rule in rules(root, "allow") {
        let own = rule.contains("own_prefix=\"org.linuxvirtualserver.Ldirectord1\"");
        let named = rule.contains(exact) || (rule.contains(prefix) && rule.contains("send_interface="));
        assert!(own || named, "{rule}");
    }
    for rule in rules(policy, "deny") {
        assert!(rule.contains(exact), "{rule}");
    }
}
