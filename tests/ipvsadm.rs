//! The table through a program: a stand-in for `ipvsadm` that keeps a table in a file and can fail in all the ways of
//! the real one (`tests/data/ipvsadm`).

#![expect(clippy::disallowed_methods, reason = "programs take real time")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use ldirectord::{
    ipvs::{Dest, Ipvs, IpvsError, Ipvsadm, Memory, Op, Scope, ServiceSettings},
    model::{Forward, IpvsTimeouts, Netmask, Persistence, RealId, Thresholds, VirtualId},
};

/// A stand-in in a folder of its own.
struct StandIn {
    folder: tempfile::TempDir,
}

impl StandIn {
    fn behaving(mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let original = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ipvsadm");
        // A link, since a copy that is just written may be "busy" for a process that another test is starting.
        symlink(original, folder.path().join("ipvsadm")).expect("a link");
        let stand_in = Self { folder };
        stand_in.behave(mode);
        stand_in
    }

    fn behave(&self, mode: &str) {
        fs::write(self.path("mode"), mode).expect("its mode");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ipvsadm(&self) -> Ipvsadm {
        Ipvsadm::at(self.path("ipvsadm"))
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// Its processes of which anything is left.
    fn living(&self) -> Vec<String> {
        let pids = fs::read_to_string(self.path("pids")).unwrap_or_default();
        let alive = |pid: &&str| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // A grandchild that died is a zombie until process 1 buries it, which is not our business; a child is.
            stat.rsplit_once(") ").is_some_and(|(_, rest)| {
                !rest.starts_with('Z') || rest[2..].starts_with(&format!("{} ", std::process::id()))
            })
        };
        pids.lines().filter(alive).map(str::to_owned).collect()
    }

    async fn until_nothing_lives(&self) {
        let start = Instant::now();
        while !self.living().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(20), "left behind: {:?}", self.living());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn id(text: &str) -> VirtualId {
    text.parse().expect("an identity")
}

fn real(text: &str) -> RealId {
    RealId(text.parse().expect("an address"))
}

fn settings(scheduler: &str) -> ServiceSettings {
    ServiceSettings { scheduler: scheduler.into(), ..ServiceSettings::default() }
}

fn add(service: &str) -> Op {
    Op::AddService(id(service), settings("wrr"))
}

fn dest(service: &str, address: &str, forward: Forward, weight: u16) -> Op {
    Op::AddDest(id(service), real(address), Dest::new(forward, weight))
}

/// Two services with three servers, with everything that a configuration can say.
fn farm() -> Vec<Op> {
    let mask = Some(Netmask::V4([255, 255, 255, 0].into()));
    let persistence = Some(Persistence { timeout: Duration::from_secs(1800), netmask: mask, engine: None });
    vec![
        add("tcp:192.0.2.1:80"),
        dest("tcp:192.0.2.1:80", "10.0.0.1:8080", Forward::Masq, 1),
        dest("tcp:192.0.2.1:80", "10.0.0.2:8080", Forward::Gate, 2),
        Op::EditService(id("tcp:192.0.2.1:80"), ServiceSettings { persistence, ..settings("wlc") }),
        Op::AddService(id("fwm6:7"), settings("rr")),
        dest("fwm6:7", "[2001:db8::5]:80", Forward::Ipip, 65535),
    ]
}

#[tokio::test]
async fn a_batch_is_one_process_and_ends_like_the_table_in_memory() {
    let stand_in = StandIn::behaving("");
    let (mut ipvsadm, mut memory) = (stand_in.ipvsadm(), Memory::default());
    ipvsadm.apply(&farm()).await.unwrap();
    memory.apply(&farm()).await.unwrap();
    assert_eq!(stand_in.calls(), ["--restore"]);
    assert_eq!(ipvsadm.read(&Scope::Glance).await.unwrap(), memory.table());
    assert_eq!(ipvsadm.processes().load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn thresholds_are_looked_for_where_somebody_uses_them() {
    let stand_in = StandIn::behaving("");
    let (mut ipvsadm, mut memory) = (stand_in.ipvsadm(), Memory::default());
    let web = id("tcp:192.0.2.1:80");
    assert!(ipvsadm.read(&Scope::All).await.unwrap().0.is_empty());
    ipvsadm.apply(&farm()).await.unwrap();
    memory.apply(&farm()).await.unwrap();
    assert_eq!(ipvsadm.read(&Scope::All).await.unwrap(), memory.table());
    assert_eq!(ipvsadm.read(&Scope::Glance).await.unwrap(), memory.table());
    let calls = ["-Ln --tun-info", "--restore", "-Ln --tun-info", "-Ln --thresholds", "-Ln"];
    assert_eq!(stand_in.calls(), calls, "not in an empty table, and not at a glance");

    let thresholds = Thresholds { upper: 9, lower: 3 };
    let dest = Dest { thresholds, ..Dest::new(Forward::Masq, 1) };
    let change = [Op::EditDest(web, real("10.0.0.1:8080"), dest)];
    ipvsadm.apply(&change).await.unwrap();
    memory.apply(&change).await.unwrap();
    assert_eq!(ipvsadm.read(&Scope::Glance).await.unwrap(), memory.table());
    let one = ipvsadm.read(&Scope::Services(vec![web])).await.unwrap();
    assert_eq!(one.0[&web].dests[&real("10.0.0.1:8080")], dest);
    let calls = ["-Ln", "-Ln --thresholds", "-Ln -t 192.0.2.1:80", "-Ln --thresholds -t 192.0.2.1:80"];
    assert_eq!(stand_in.calls()[6..], calls);
    // An edit that names none resets them; after a whole reading without any, nobody uses them.
    let change = [Op::EditDest(web, real("10.0.0.1:8080"), Dest::new(Forward::Masq, 1))];
    ipvsadm.apply(&change).await.unwrap();
    memory.apply(&change).await.unwrap();
    assert_eq!(ipvsadm.read(&Scope::All).await.unwrap(), memory.table());
    ipvsadm.read(&Scope::Glance).await.unwrap();
    assert_eq!(stand_in.calls().last().unwrap(), "-Ln");
}

#[tokio::test]
async fn an_ipvsadm_that_knows_no_types_of_tunnels_will_do() {
    let stand_in = StandIn::behaving("old");
    fs::write(stand_in.path("table"), "").expect("a table");
    let mut ipvsadm = stand_in.ipvsadm();
    for _ in 0..2 {
        assert_eq!(ipvsadm.read(&Scope::All).await.expect("it is read").0.len(), 0);
    }
    assert_eq!(stand_in.calls(), ["-Ln --tun-info", "-Ln", "-Ln"]);
    // A failure of another kind is one: nothing is concluded from it.
    let stand_in = StandIn::behaving("garbage");
    let mut ipvsadm = stand_in.ipvsadm();
    ipvsadm.read(&Scope::All).await.expect_err("that is no listing");
    stand_in.behave("");
    ipvsadm.read(&Scope::All).await.expect("it is read");
    assert_eq!(stand_in.calls()[..2], ["-Ln --tun-info", "-Ln --tun-info"]);
}

#[tokio::test]
async fn types_of_tunnels_are_looked_for_where_somebody_uses_them() {
    let stand_in = StandIn::behaving("");
    let (mut ipvsadm, mut memory) = (stand_in.ipvsadm(), Memory::default());
    let (web, server) = (id("tcp:192.0.2.1:80"), real("10.0.0.2:80"));
    ipvsadm.apply(&farm()).await.unwrap();
    memory.apply(&farm()).await.unwrap();
    assert_eq!(ipvsadm.read(&Scope::Glance).await.unwrap(), memory.table());
    assert_eq!(stand_in.calls().last().unwrap(), "-Ln", "ipip alone has no type to look for");
    for forward in ["ipip", "gre", "gre:csum", "gue:6080", "gue:6081:csum", "gue:6081:remcsum", "ipip"] {
        let change = [Op::EditDest(web, server, Dest::new(forward.parse().unwrap(), 2))];
        ipvsadm.apply(&change).await.unwrap();
        memory.apply(&change).await.unwrap();
        let one = ipvsadm.read(&Scope::Services(vec![web])).await.unwrap();
        assert_eq!(one.0[&web].dests[&server].forward.to_string(), forward);
        assert_eq!(ipvsadm.read(&Scope::Glance).await.unwrap(), memory.table());
        // One that knows of nothing finds it all the same when it looks at the whole.
        assert_eq!(stand_in.ipvsadm().read(&Scope::All).await.unwrap(), memory.table());
    }
    let calls = stand_in.calls();
    assert_eq!(calls[2..5], ["-e -t 192.0.2.1:80 -r 10.0.0.2:80 -i -w 2", "-Ln -t 192.0.2.1:80", "-Ln"]);
    let of_gre = [
        "-e -t 192.0.2.1:80 -r 10.0.0.2:80 -i -w 2 --tun-type gre",
        "-Ln --tun-info -t 192.0.2.1:80",
        "-Ln --tun-info",
    ];
    assert_eq!(calls[7..10], of_gre);
    // After a whole reading without any, nobody uses them.
    ipvsadm.read(&Scope::All).await.unwrap();
    ipvsadm.read(&Scope::Glance).await.unwrap();
    assert_eq!(stand_in.calls().last().unwrap(), "-Ln");
}

#[tokio::test]
async fn one_change_and_one_service_are_asked_for_by_name() {
    let stand_in = StandIn::behaving("");
    let mut ipvsadm = stand_in.ipvsadm();
    ipvsadm.apply(&farm()).await.unwrap();
    let lower = Dest::new(Forward::Masq, 0);
    ipvsadm.apply(&[Op::EditDest(id("tcp:192.0.2.1:80"), real("10.0.0.1:8080"), lower)]).await.unwrap();
    ipvsadm.apply(&[]).await.unwrap();
    let table = ipvsadm.read(&Scope::Services(vec![id("tcp:192.0.2.1:80")])).await.unwrap();
    assert_eq!(table.0[&id("tcp:192.0.2.1:80")].dests[&real("10.0.0.1:8080")], lower);
    assert!(ipvsadm.read(&Scope::Services(vec![])).await.unwrap().0.is_empty());
    assert_eq!(
        stand_in.calls(),
        ["--restore", "-e -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 0", "-Ln -t 192.0.2.1:80"]
    );
}

#[tokio::test]
async fn a_service_that_is_not_there_is_absent() {
    let stand_in = StandIn::behaving("");
    let mut ipvsadm = stand_in.ipvsadm();
    ipvsadm.apply(&farm()).await.unwrap();
    let one = ipvsadm.read(&Scope::Services(vec![id("fwm:7")])).await.unwrap();
    assert!(one.0.is_empty());
    let two = ipvsadm.read(&Scope::Services(vec![id("fwm:7"), id("fwm6:7")])).await.unwrap();
    assert_eq!(two.0.keys().copied().collect::<Vec<_>>(), [id("fwm6:7")]);
}

#[tokio::test]
async fn lines_that_fail_in_a_batch_are_told_and_the_others_are_done() {
    let stand_in = StandIn::behaving("");
    let mut ipvsadm = stand_in.ipvsadm();
    let lost = dest("tcp:192.0.2.9:80", "10.0.0.1:80", Forward::Masq, 1);
    let error = ipvsadm.apply(&[lost, add("tcp:192.0.2.1:80")]).await.unwrap_err();
    let IpvsError::Failed { status, words } = error else { panic!("{error}") };
    assert_eq!((status.as_str(), words.as_str()), ("exit status: 0", "Service not defined"));
    assert_eq!(ipvsadm.read(&Scope::All).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_line_that_ends_the_batch_harms_its_own_service_only() {
    let stand_in = StandIn::behaving("");
    let mut ipvsadm = stand_in.ipvsadm();
    let poison = Op::AddService(id("tcp:192.0.2.2:80"), settings("poison"));
    let error = ipvsadm.apply(&[add("tcp:192.0.2.1:80"), poison, add("tcp:192.0.2.3:80")]).await.unwrap_err();
    assert!(error.to_string().contains("not to my liking"), "{error}");
    let table = ipvsadm.read(&Scope::All).await.unwrap();
    assert_eq!(table.0.keys().copied().collect::<Vec<_>>(), [id("tcp:192.0.2.1:80"), id("tcp:192.0.2.3:80")]);
}

#[tokio::test]
async fn what_could_only_be_refused_is_not_sent() {
    let stand_in = StandIn::behaving("");
    let mut ipvsadm = stand_in.ipvsadm();
    let error = ipvsadm.apply(&[add("tcp:192.0.2.2:0"), add("tcp:192.0.2.1:80")]).await.unwrap_err();
    assert!(error.to_string().contains("-A -t 192.0.2.2:0 -s wrr: Zero port"), "{error}");
    assert_eq!(stand_in.calls(), ["-A -t 192.0.2.1:80 -s wrr"]);
}

#[tokio::test]
async fn a_batch_half_done_shows_in_the_reading_alone() {
    let stand_in = StandIn::behaving("half 2");
    let mut ipvsadm = stand_in.ipvsadm();
    ipvsadm.apply(&farm()).await.unwrap();
    stand_in.behave("");
    let table = ipvsadm.read(&Scope::All).await.unwrap();
    assert_eq!(table.0[&id("tcp:192.0.2.1:80")].dests.len(), 1);
}

#[tokio::test]
async fn a_table_of_any_size_is_written_whole_and_in_order() {
    let stand_in = StandIn::behaving("");
    let mut ipvsadm = stand_in.ipvsadm();
    let service = add("tcp:192.0.2.1:80");
    let server = |n: u16| dest("tcp:192.0.2.1:80", &format!("10.0.0.1:{n}"), Forward::Masq, 1);
    let ops: Vec<Op> = std::iter::once(service).chain((1..=9_000).map(server)).collect();
    ipvsadm.apply(&ops).await.unwrap();
    let table = ipvsadm.read(&Scope::Glance).await.unwrap();
    assert_eq!(table.0[&id("tcp:192.0.2.1:80")].dests.len(), 9_000);
    assert_eq!(stand_in.calls(), ["--restore", "--restore", "--restore", "-Ln"]);
}

#[tokio::test]
async fn a_program_that_reads_nothing_does_not_block() {
    let stand_in = StandIn::behaving("deaf");
    let many: Vec<Op> = (1..=4_000).map(|mark| add(&format!("fwm:{mark}"))).collect();
    stand_in.ipvsadm().apply(&many).await.unwrap();
}

#[tokio::test]
async fn hanging_is_ended_with_everything_it_started() {
    let stand_in = StandIn::behaving("hang");
    let deadline = Duration::from_millis(300);
    let mut ipvsadm = stand_in.ipvsadm().with_deadline(deadline);
    assert_eq!(ipvsadm.read(&Scope::All).await, Err(IpvsError::Hung(deadline)));
    assert_eq!(fs::read_to_string(stand_in.path("pids")).unwrap().lines().count(), 2);
    stand_in.until_nothing_lives().await;
}

#[tokio::test]
async fn giving_up_the_wait_ends_it_too() {
    let stand_in = StandIn::behaving("hang");
    let mut ipvsadm = stand_in.ipvsadm();
    let farm = farm();
    let give_up = async {
        let pids = stand_in.path("pids");
        while fs::read_to_string(&pids).unwrap_or_default().lines().count() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        ended = ipvsadm.apply(&farm) => panic!("{ended:?}"),
        () = give_up => {}
    }
    stand_in.until_nothing_lives().await;
}

#[tokio::test]
async fn output_without_end_is_not_waited_for() {
    let stand_in = StandIn::behaving("endless");
    let deadline = Duration::from_millis(200);
    let mut ipvsadm = stand_in.ipvsadm().with_deadline(deadline);
    assert_eq!(ipvsadm.read(&Scope::All).await, Err(IpvsError::Hung(deadline)));
}

#[tokio::test]
async fn failures_are_told_apart() {
    let stand_in = StandIn::behaving("no-kernel");
    let mut ipvsadm = stand_in.ipvsadm();
    for (ops, answer) in [(farm(), "apply"), (vec![add("fwm:7")], "apply"), (vec![], "read")] {
        for mode in ["no-kernel", "not-root"] {
            stand_in.behave(mode);
            let error = match answer {
                "apply" => ipvsadm.apply(&ops).await.unwrap_err(),
                _ => ipvsadm.read(&Scope::All).await.unwrap_err(),
            };
            match mode {
                "no-kernel" => assert!(matches!(error, IpvsError::NoKernelSupport { .. }), "{error}"),
                _ => assert!(matches!(error, IpvsError::NotPermitted { .. }), "{error}"),
            }
        }
    }
    // Nothing of this is worth a second try of the same batch.
    assert_eq!(ipvsadm.processes().load(Ordering::Relaxed), 6);
    stand_in.behave("garbage");
    assert_eq!(ipvsadm.read(&Scope::All).await, Err(IpvsError::Listing("all is well".into())));
}

#[tokio::test]
async fn a_program_that_is_missing_or_none() {
    let stand_in = StandIn::behaving("");
    let mut missing = Ipvsadm::at(stand_in.path("missing"));
    assert!(matches!(missing.read(&Scope::All).await, Err(IpvsError::Missing { .. })));
    let mut none = Ipvsadm::at(stand_in.path("mode"));
    assert!(matches!(none.apply(&farm()).await, Err(IpvsError::Spawn(_))));
}

#[tokio::test]
async fn timeouts_are_set_and_a_zero_keeps_what_there_is() {
    let stand_in = StandIn::behaving("");
    let (mut ipvsadm, mut memory) = (stand_in.ipvsadm(), Memory::default());
    assert_eq!(ipvsadm.timeouts().await, memory.timeouts().await, "what a kernel begins with");
    let wanted = IpvsTimeouts { tcp: 60, tcp_fin: 0, udp: 30 };
    ipvsadm.set_timeouts(wanted).await.unwrap();
    memory.set_timeouts(wanted).await.unwrap();
    assert_eq!(ipvsadm.timeouts().await, Ok(IpvsTimeouts { tcp: 60, tcp_fin: 120, udp: 30 }));
    assert_eq!(ipvsadm.timeouts().await, memory.timeouts().await);
    for (mode, words) in
        [("no-kernel", "modprobe ip_vs"), ("garbage", "not understood"), ("not-root", "root")]
    {
        stand_in.behave(mode);
        assert!(ipvsadm.timeouts().await.unwrap_err().to_string().contains(words), "{mode}");
    }
}
