//! Programs that say how a server is: well-behaved ones, and the whole row of others.

use std::{collections::HashSet, fs, path::Path, sync::Arc, time::Duration};

use ldirectord::{
    health::{Failure, Stage},
    model::{CheckKind, Command, ExternalCheck},
};
use tokio::time::{Instant, sleep};

use super::{DEADLINE, ask_within, failure, passed, probes};

/// With the time that one which does not end has to end.
const LONGEST: Duration = Duration::from_millis(300 + 2_000);

fn program(argv: &[&str], perl: bool) -> CheckKind {
    let command = Arc::new(Command { argv: argv.iter().map(ToString::to_string).collect() });
    CheckKind::from(ExternalCheck { command, perl, virtual_id: "tcp:192.0.2.1:80".parse().unwrap() })
}

async fn ask(kind: CheckKind) -> ldirectord::health::Verdict {
    ask_within(&probes(), "10.0.0.1:8080".parse().unwrap(), kind, DEADLINE).await
}

async fn sh(script: &str) -> ldirectord::health::Verdict {
    ask(program(&["sh", "-c", script, "sh"], false)).await
}

fn said(how: &str, said: &str) -> Failure {
    Failure::Program { how: how.into(), said: said.into() }
}

#[tokio::test]
async fn its_exit_status_says_how_the_server_is_and_it_is_told_which() {
    assert!(passed(&sh("exit 0").await));
    let told = failure(sh("echo \"$# $*\"; exit 3").await);
    assert_eq!(told, said("exit status 3", "4 192.0.2.1 80 10.0.0.1 8080"));
    let both = failure(sh("echo much; echo 'the reason' >&2; exit 1").await);
    assert_eq!(both, said("exit status 1", "the reason"));
    assert_eq!(failure(sh("kill -9 $$").await), said("killed by signal 9", ""));
    assert_eq!(failure(ask(program(&["/nonexistent/check"], false)).await).kind(), "local");
}

#[tokio::test]
async fn a_mark_is_a_number_and_addresses_of_six_have_brackets() {
    let check = |id: &str| ExternalCheck {
        command: Arc::new(Command { argv: vec!["x".into()] }),
        perl: false,
        virtual_id: id.parse().unwrap(),
    };
    let six = "[2001:db8::2]:0".parse().unwrap();
    assert_eq!(check("fwm6:7").arguments(six), ["7", "0", "[2001:db8::2]", "0"]);
    assert_eq!(check("udp:[2001:db8::1]:53").arguments(six), ["[2001:db8::1]", "53", "[2001:db8::2]", "0"]);
}

#[tokio::test]
async fn a_file_for_perl_exits_returns_dies_or_comes_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("check.pl");
    let ask_perl = async |text: &str| {
        fs::write(&file, text).unwrap();
        let kind = program(&[file.to_str().unwrap()], true);
        ask_within(&probes(), "10.0.0.1:8080".parse().unwrap(), kind, Duration::from_secs(10)).await
    };
    let told = "exit($ARGV[2] ne '10.0.0.1' || @ARGV != 4);";
    for good in ["1;", "exit 0;", "return;", "exit;\n__END__\nThis is no Perl.", told] {
        assert!(passed(&ask_perl(good).await), "{good}");
    }
    assert_eq!(failure(ask_perl("print 'no luck'; exit 2;").await), said("exit status 2", "no luck"));
    assert_eq!(failure(ask_perl("exit 256;").await), said("exit status 1", ""));
    let line = failure(ask_perl("\n\ndie 'gone';").await).to_string();
    assert!(line.contains("gone at") && line.contains("check.pl line 3"), "{line}");
    for bad in ["die \"gone\\n\";", "this is no perl {"] {
        assert_eq!(failure(ask_perl(bad).await).kind(), "program", "{bad}");
    }
    fs::remove_file(&file).unwrap();
    let gone = failure(ask(program(&[file.to_str().unwrap()], true)).await).to_string();
    assert!(gone.contains("cannot open"), "{gone}");
    let folder = failure(ask(program(&[folder.path().to_str().unwrap()], true)).await).to_string();
    assert!(folder.contains("cannot read"), "{folder}");
}

/// Those that fork, ignore SIGTERM, print without end or never end: all are over in time, and nothing is left of them.
#[tokio::test]
async fn the_hostile_ones_end_in_time_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let noted = |what: &str| format!("echo $$ >>{}/groups; {what}", folder.path().display());
    let deaf = "trap '' TERM; (while :; do sleep 0.01; done) & while :; do sleep 0.01; done";
    let hostile = [
        "sleep 1000",
        deaf,
        "yes",
        "yes >&2",
        "exec >/dev/null 2>&1; sleep 1000",
        "sleep 1000 & (sleep 1000 & sleep 1000) & wait",
    ];
    for script in hostile {
        let ended = ask_long(program(&["sh", "-c", &noted(script), "sh"], false)).await;
        assert_eq!(ended, Failure::TimedOut(Stage::Program), "{script}");
    }
    let left = failure(sh(&noted("sleep 1000 & exit 1")).await);
    assert_eq!(left, said("exit status 1", ""));
    // A reload drops a check half-way.
    let dropped = program(&["sh", "-c", &noted(deaf), "sh"], false);
    let (count, started) = (hostile.len() + 2, Instant::now());
    tokio::select! {
        ended = ask(dropped) => panic!("{ended:?}"),
        () = until(started, || groups(folder.path()).len() == count) => {}
    }
    let groups = groups(folder.path());
    until(started, || living(&groups).is_empty()).await;
}

/// Waits until it is so.
async fn until(started: Instant, mut so: impl FnMut() -> bool) {
    while !so() {
        assert!(started.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(10)).await;
    }
}

async fn ask_long(kind: CheckKind) -> Failure {
    use ldirectord::{
        check::{Prober as _, Progress},
        health::Verdict,
        model::{Cadence, CheckSpec, Route},
    };
    let cadence = Cadence::steady(Duration::from_secs(1), DEADLINE);
    let target = "10.0.0.1:8080".parse().unwrap();
    let spec = CheckSpec { target, kind, connects: None, route: Route::default(), cadence };
    assert_eq!(spec.longest(), LONGEST);
    let progress = Progress::new();
    match tokio::time::timeout(spec.longest(), probes().probe(&spec, &progress))
        .await
        .expect("it ends by itself")
    {
        Verdict::Fail(failure) => failure,
        Verdict::Pass(_) => panic!("it passed"),
    }
}

/// The process groups of those that were started.
fn groups(folder: &Path) -> HashSet<String> {
    let noted = fs::read_to_string(folder.join("groups")).unwrap_or_default();
    noted.lines().map(str::to_owned).collect()
}

/// What is left of these groups, noted or not, zombies of ours too.
fn living(groups: &HashSet<String>) -> Vec<String> {
    let ours = std::process::id().to_string();
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        // PID (NAME) STATE PARENT GROUP ...
        let rest = stat.rsplit_once(") ")?.1.to_owned();
        let mut words = rest.split(' ');
        let (state, parent, group) = (words.next()?, words.next()?, words.next()?);
        // A grandchild that died is a zombie until process 1 buries it, which is not our business; a child is.
        (groups.contains(group) && (state != "Z" || parent == ours)).then_some(stat)
    });
    all.collect()
}
