//! A private `dbus-daemon` with the shipped policy, and the director's place on it.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use ldirectord::{
    dbus::{
        Bus,
        client::{CallError, reload, unit_job_type},
        serve,
    },
    director::{Fact, Refusal, Snapshot},
    inbox::{self, Input},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{farm::small, peer::about};

/// A bus of our own, gone with its value.
pub(crate) struct Daemon {
    process: Child,
}

/// What the system bus of every distribution says first: nobody owns, nobody calls, but where a rule allows it.
const SYSTEM: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path=DIRECTORY/socket</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
  <policy user="root">
    <allow own="org.freedesktop.systemd1"/>
    <allow send_destination="org.freedesktop.systemd1"/>
    <allow own="org.example.Other"/>
  </policy>
  <include>POLICY</include>
</busconfig>
"#;

/// A directory for the bus that every user may enter; none where there cannot be a bus, which is said.
pub(crate) fn directory() -> Option<tempfile::TempDir> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: the bus policy is about root, and this is not root");
        return None;
    }
    if Command::new("dbus-daemon").arg("--version").output().is_err() {
        eprintln!("skipped: there is no dbus-daemon here");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("dbus/org.linuxvirtualserver.Ldirectord1.conf");
    let config = SYSTEM
        .replace("DIRECTORY", directory.path().to_str().unwrap())
        .replace("POLICY", policy.to_str().unwrap());
    std::fs::write(directory.path().join("bus.conf"), config).unwrap();
    Some(directory)
}

pub(crate) fn address(directory: &tempfile::TempDir) -> String {
    format!("unix:path={}/socket", directory.path().display())
}

impl Daemon {
    /// Returns when it listens.
    pub(crate) fn start(directory: &tempfile::TempDir) -> Self {
        let mut process = Command::new("dbus-daemon")
            .arg(format!("--config-file={}/bus.conf", directory.path().display()))
            .args(["--nofork", "--nopidfile", "--nosyslog", "--print-address=1"])
            .stdout(Stdio::piped())
            // It logs each call it denies.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("unix:path="), "dbus-daemon listens");
        Self { process }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An instance that serves, or tries to.
pub(crate) struct Served {
    pub(crate) facts: mpsc::UnboundedReceiver<Fact>,
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(crate) inbox: mpsc::Receiver<Input>,
    pub(crate) task: JoinSet<()>,
}

pub(crate) fn start(directory: &tempfile::TempDir, instance: &str) -> Served {
    let (snapshots, watched) = watch::channel(small());
    let (sender, inbox) = inbox::channel();
    let (tell, facts) = mpsc::unbounded_channel();
    let mut task = JoinSet::new();
    let tell = move |fact| drop(tell.send(fact));
    task.spawn(serve(Bus::At(address(directory)), about(instance), watched, sender, tell));
    Served { facts, snapshots, inbox, task }
}

impl Served {
    pub(crate) async fn wait_served(&mut self) {
        let fact = self.facts.recv().await.unwrap();
        assert!(matches!(fact, Fact::BusServed { .. }), "{fact:?}");
    }

    async fn wait_lost(&mut self) -> String {
        let Some(Fact::BusLost { reason }) = self.facts.recv().await else { panic!("the bus is lost") };
        reason
    }
}

#[tokio::test]
async fn the_place_is_taken_again_when_the_bus_comes_back() {
    let Some(directory) = directory() else { return };
    let mut served = start(&directory, "ldirectord");
    let reason = served.wait_lost().await;
    assert!(reason.contains("No such file"), "{reason}");
    for _ in 0..2 {
        let daemon = Daemon::start(&directory);
        served.wait_served().await;
        drop(daemon);
        served.wait_lost().await;
    }
    let _daemon = Daemon::start(&directory);
    served.wait_served().await;
    // The director ends; so does this.
    drop(served.snapshots);
    served.task.join_next().await.unwrap().unwrap();
    assert!(served.facts.recv().await.is_none());
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_and_left_alone() {
    let Some(directory) = directory() else { return };
    let _daemon = Daemon::start(&directory);
    let mut first = start(&directory, "www");
    first.wait_served().await;
    let mut second = start(&directory, "www");
    let reason = second.wait_lost().await;
    assert!(reason.ends_with("Ldirectord1.www is taken by another process"), "{reason}");
    drop(first);
    second.wait_served().await;
}

#[tokio::test]
async fn the_command_line_reloads_an_instance() {
    let Some(directory) = directory() else { return };
    let bus = Bus::At(address(&directory));
    assert!(matches!(reload(&bus, "www").await, Err(CallError::Bus(_))));
    let _daemon = Daemon::start(&directory);
    assert_eq!(reload(&bus, "www").await, Err(CallError::NotRunning("www".to_owned())));
    let mut served = start(&directory, "www");
    served.wait_served().await;
    let answers = [Ok(()), Err(Refusal::InvalidConfig("www.cf:3: no".into())), Err(Refusal::Stopping)];
    let wanted = [Ok(()), Err(CallError::InvalidConfig("www.cf:3: no".to_owned())), Err(CallError::Stopping)];
    for (answer, wanted) in answers.into_iter().zip(wanted) {
        let director = async {
            let Some(Input::Ask(_, reply)) = served.inbox.recv().await else { panic!("a command") };
            reply.send(answer).unwrap();
        };
        let (done, ()) = tokio::join!(reload(&bus, "www"), director);
        assert_eq!(done, wanted);
    }
}

/// As much of systemd as is asked, on a bus.
async fn systemd(bus: &str) -> JoinSet<()> {
    use futures_util::StreamExt;
    let connection = zbus::connection::Builder::address(bus).build().await.unwrap();
    let mut messages = zbus::MessageStream::from(&connection);
    connection.request_name("org.freedesktop.systemd1").await.unwrap();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let path = |path| zbus::ObjectPath::try_from(path).unwrap();
        while let Some(Ok(call)) = messages.next().await {
            let header = call.header();
            match header.member().map(zbus::names::MemberName::as_str) {
                Some("GetUnitByPID") => {
                    let pid: u32 = call.body().deserialize().unwrap();
                    let unit = if pid == 1 { "/idle" } else { "/busy" };
                    connection.reply(&header, &path(unit)).await.unwrap();
                }
                Some("Get") => {
                    let value = match header.path().unwrap().as_str() {
                        "/idle" => zbus::Variant::from((0_u32, path("/"))),
                        "/busy" => zbus::Variant::from((77_u32, path("/job"))),
                        _ => zbus::Variant::from("restart"),
                    };
                    connection.reply(&header, &value).await.unwrap();
                }
                _ => {}
            }
        }
    });
    task
}

#[tokio::test]
async fn systemd_says_what_becomes_of_a_unit() {
    let Some(directory) = directory() else { return };
    let bus = Bus::At(address(&directory));
    assert!(unit_job_type(&bus, 7).await.is_err(), "no bus");
    let _daemon = Daemon::start(&directory);
    assert!(unit_job_type(&bus, 7).await.is_err(), "no systemd");
    let _systemd = systemd(&address(&directory)).await;
    assert_eq!(unit_job_type(&bus, 7).await, Ok(Some("restart".to_owned())));
    assert_eq!(unit_job_type(&bus, 1).await, Ok(None), "no job");
}
