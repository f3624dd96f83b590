//! What the journal is sent, read by a stand-in at the journal's own address. The address is fixed, so the test runs
//! itself again in a mount namespace of its own; where there is none to be had, it says so and is skipped.

#![expect(clippy::disallowed_methods, reason = "it runs itself again, and any time will do")]

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::net::UnixDatagram,
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ldirectord::{
    director::Fact,
    health::{Failure, State},
    log::{self, Options, Surroundings},
    model::{LogTarget, RealId},
};
use tokio::sync::{mpsc, watch};

const INNER: &str = "LDIRECTORD_TEST_JOURNAL";
const SOCKET: &str = "/run/systemd/journal/socket";

#[test]
fn a_fact_is_an_entry_with_fields() {
    if env::var_os(INNER).is_some() {
        return inside();
    }
    let test = env::current_exe().expect("a path");
    let script = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && exec \"$@\"";
    let unshare = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]).args(arguments);
        command
    };
    if !unshare(&["true"]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no mount namespace can be had here (unshare --mount)");
        return;
    }
    let inner =
        unshare(&[&test.to_string_lossy(), "--exact", "a_fact_is_an_entry_with_fields", "--nocapture"])
            .env(INNER, "1")
            .output()
            .expect("unshare runs");
    let said = String::from_utf8_lossy(&inner.stderr);
    assert!(inner.status.success(), "{}{said}", String::from_utf8_lossy(&inner.stdout));
}

/// In the namespace: the log on one side, the stand-in on the other.
fn inside() {
    let journal = UnixDatagram::bind(SOCKET).expect("the address is free in here");
    journal.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
    let options =
        Options { surroundings: Surroundings { systemd: true, journal: true }, ..Options::new("www", false) };
    let (facts, receiver) = mpsc::channel(8);
    let (target, watched) = watch::channel(None);
    let thread = log::start(&options, receiver, mpsc::channel(1).1, watched).expect("a thread");
    let tell = |fact| facts.try_send((SystemTime::now(), fact)).expect("there is room");

    let virtual_id = "tcp:192.0.2.1:80".parse().expect("a service");
    let real = RealId("10.0.0.1:80".parse().expect("an address"));
    let reason = Arc::new(Failure::Refused);
    tell(Fact::WentDown { virtual_id, real, old: State::Up, check: "http", reason });
    let down = entry(&journal);
    let expected = [
        ("LDIRECTORD_CHECK", "http"),
        ("LDIRECTORD_INSTANCE", "www"),
        ("LDIRECTORD_NEW_STATE", "down"),
        ("LDIRECTORD_OLD_STATE", "up"),
        ("LDIRECTORD_REAL", "10.0.0.1:80"),
        ("LDIRECTORD_REASON", "connection refused"),
        ("LDIRECTORD_REASON_KIND", "refused"),
        ("LDIRECTORD_VIRTUAL", "tcp:192.0.2.1:80"),
        ("MESSAGE", "Real server 10.0.0.1:80 (tcp:192.0.2.1:80) is down: http check: connection refused"),
        ("MESSAGE_ID", "dde4b3e94bfb67b99b4755bfe57009a2"),
        ("PRIORITY", "4"),
        ("SYSLOG_IDENTIFIER", "ldirectord"),
        ("TARGET", "ldirectord"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(down, BTreeMap::from(expected));

    tell(Fact::RealInService { virtual_id, real, restored: false, weight: 3 });
    let added = entry(&journal);
    assert_eq!((&*added["LDIRECTORD_WEIGHT"], &*added["PRIORITY"]), ("3", "5"));
    assert!(!added.contains_key("LDIRECTORD_REASON") && !added.contains_key("SYSLOG_FACILITY"));

    let text: Arc<str> = "www.cf:3: unknown directive\n    reel = 1\n    ^^^^\n".into();
    target.send_replace(Some(LogTarget::Facility("local0".into())));
    tell(Fact::ConfigRejected { text: text.clone() });
    let rejected = entry(&journal);
    assert_eq!((&*rejected["PRIORITY"], &*rejected["SYSLOG_FACILITY"]), ("3", "16"));
    assert!(rejected["MESSAGE"].ends_with(text.trim_end()), "{rejected:?}");

    let file = env::temp_dir().join(format!("ldirectord-journal-{}", std::process::id()));
    target.send_replace(Some(LogTarget::File(file.clone())));
    tell(Fact::ReloadAsked { by: "request" });
    let asked = entry(&journal);
    assert_eq!(asked["PRIORITY"], "6");
    drop(facts);
    assert!(thread.finish(Duration::from_secs(10)));
    let line = fs::read_to_string(&file).expect("the file was written too");
    fs::remove_file(&file).expect("it can be removed");
    assert!(line.ends_with("] Reloading Linux Director Daemon config on request\n"), "{line}");
}

/// The next entry, without its place in the source; no field may come twice.
fn entry(journal: &UnixDatagram) -> BTreeMap<String, String> {
    let mut buffer = vec![0; 65_536];
    let length = loop {
        // An empty datagram is how the log finds out whether anybody listens.
        match journal.recv(&mut buffer).expect("an entry") {
            0 => {}
            length => break length,
        }
    };
    let mut rest = &buffer[..length];
    let mut fields = BTreeMap::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').expect("a line");
        let line = str::from_utf8(&rest[..end]).expect("a name");
        rest = &rest[end + 1..];
        let (name, value) = if let Some((name, value)) = line.split_once('=') {
            (name, value.to_owned())
        } else {
            let (size, tail) = rest.split_at(8);
            let size =
                usize::try_from(u64::from_le_bytes(size.try_into().expect("8 bytes"))).expect("a size");
            rest = &tail[size + 1..];
            (line, String::from_utf8(tail[..size].to_vec()).expect("text"))
        };
        assert!(fields.insert(name.to_owned(), value).is_none(), "{name} comes twice");
    }
    assert!(fields.remove("CODE_FILE").is_some() && fields.remove("CODE_LINE").is_some());
    fields
}
