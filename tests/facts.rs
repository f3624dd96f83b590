//! Every kind of fact, as logs show it: `facts.golden`. `BLESS=1` writes it anew; the difference is for review, since
//! people search their logs for these sentences and identities.

use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::Path, sync::Arc, time::Duration};

use ldirectord::{
    director::{Action, Fact, Occasion, Order, Starts},
    health::{Advice, Failure, Left, Mode, Stage, State},
    model::{IpvsTimeouts, RealId, VirtualId},
};

/// Names all kinds of facts, once for the compiler and once for the test: a new kind does not compile until it is
/// named here, and the test does not pass until it is shown in [`facts`].
macro_rules! kinds {
    ($($kind:ident)*) => {
        const KINDS: &[&str] = &[$(stringify!($kind)),*];
        fn kind(fact: &Fact) -> &'static str {
            match fact { $(Fact::$kind { .. } => stringify!($kind)),* }
        }
    };
}

kinds! {
    Started Serving Stopping VirtualAdded VirtualChanged VirtualPurged RealInService RealQuiescent RealWeighed RealDeleted
    RealPurged FallbackAdded FallbackDeleted WentUp WentDown SoftFailure SoftFailureReset CertificateName
    Advised CertificateEnds CertificateRenewed MaintenanceBegan MaintenanceEnded MaintenanceStranger ConfigChanged ReloadAsked
    ConfigLoaded ConfigUnchanged ConfigRejected ConfigWarning CallbackFailed CallbackRan FallbackCommandRan
    FallbackCommandFailed ExecuteRan ExecuteFailed MailSent MailFailed ChecksLate ChecksOnTime TableFailed
    TableRecovered TimeoutsSet TimeoutsFailed Drifted ForeignWeight ForeignServer BusLost BusServed Trouble
}

const DAY: Duration = Duration::from_secs(86_400);

#[expect(clippy::too_many_lines, reason = "a list")]
fn facts() -> Vec<Fact> {
    let virtual_id: VirtualId = "tcp:204.202.136.32:80".parse().expect("a service");
    let mark: VirtualId = "fwm6:5".parse().expect("a mark");
    let real = RealId("192.168.0.1:8080".parse().expect("an address"));
    let local = RealId("127.0.0.1:80".parse().expect("an address"));
    let mapped = Some(RealId("192.168.0.1:80".parse().expect("an address")));
    let mismatch = || {
        let (wanted, got) = ("Test Page".to_owned(), "<html>Oops".to_owned());
        Arc::new(Failure::Mismatch { wanted, got })
    };
    let advised = |percent, mode, weight| {
        let advice = Advice { percent, mode };
        Fact::Advised { virtual_id, real, advice, weight, configured: 4 }
    };
    let starts = Starts {
        all: 5_012,
        late: 391,
        waiting: 744,
        by: Duration::from_micros(3_456_789),
        within: Duration::from_micros(10_012_345),
    };
    vec![
        Fact::Started { version: "5.0.0", pid: 1234 },
        Fact::Serving { serving: 3, total: 4 },
        Fact::Stopping { why: "signal: TERM", clean: true },
        Fact::Stopping { why: "signal: TERM", clean: false },
        Fact::VirtualAdded(virtual_id),
        Fact::VirtualAdded(mark),
        Fact::VirtualChanged(virtual_id),
        Fact::VirtualPurged(virtual_id, Occasion::Start),
        Fact::VirtualPurged(virtual_id, Occasion::Stop),
        Fact::RealInService { virtual_id, real, restored: false, weight: 1 },
        Fact::RealInService { virtual_id: mark, real, restored: true, weight: 5 },
        Fact::RealQuiescent { virtual_id, real, added: false },
        Fact::RealWeighed { virtual_id, real, weight: 3 },
        Fact::RealDeleted { virtual_id, real, mapped: None },
        Fact::RealDeleted { virtual_id, real, mapped },
        Fact::RealPurged { virtual_id, real, occasion: Occasion::Start },
        Fact::FallbackAdded { virtual_id, real: local },
        Fact::FallbackDeleted { virtual_id, real: local },
        Fact::WentUp { virtual_id, real, old: State::Down, check: "http" },
        Fact::WentDown { virtual_id, real, old: State::Failing(2), check: "http", reason: mismatch() },
        Fact::SoftFailure {
            virtual_id,
            real,
            failures: 1,
            limit: 3,
            check: "connect",
            reason: Arc::new(Failure::TimedOut(Stage::Connect)),
        },
        Fact::SoftFailureReset { virtual_id, real, check: "connect" },
        Fact::CertificateName { virtual_id, real },
        advised(75, Mode::Ready, 3),
        advised(100, Mode::Drain, 0),
        advised(100, Mode::Maintenance, 0),
        Fact::CertificateEnds { virtual_id, real, left: Left(6 * DAY) },
        Fact::CertificateEnds { virtual_id, real, left: Left(DAY / 2) },
        Fact::CertificateEnds { virtual_id, real, left: Left::default() },
        Fact::CertificateRenewed { virtual_id, real, left: Left(89 * DAY) },
        Fact::MaintenanceBegan { virtual_id, real, file: "web1:8080".into() },
        Fact::MaintenanceEnded { virtual_id, real, state: State::Up },
        Fact::MaintenanceStranger { file: "README".into() },
        Fact::ConfigChanged { path: "/etc/ha.d/www.cf".into(), loading: true },
        Fact::ConfigChanged { path: "/etc/ha.d/www.cf".into(), loading: false },
        Fact::ReloadAsked { by: "request" },
        Fact::ConfigLoaded { virtuals: 2, reals: 4 },
        Fact::ConfigUnchanged,
        Fact::ConfigRejected {
            text: "/etc/ha.d/www.cf:3: unknown directive 'reel'\n    reel = 1\n    ^^^^".into(),
        },
        Fact::ConfigWarning { text: "/etc/ha.d/www.cf:1: 'timeout' is deprecated".into() },
        Fact::CallbackFailed { program: "/usr/local/bin/sync".into(), reason: "exit status 1".into() },
        Fact::CallbackRan { program: "/usr/local/bin/sync".into() },
        Fact::FallbackCommandRan {
            virtual_id,
            action: Action::Start,
            program: "/usr/local/bin/sorry".into(),
        },
        Fact::FallbackCommandFailed {
            virtual_id: mark,
            action: Action::Stop,
            program: "/usr/local/bin/sorry".into(),
            reason: "exit status 1".into(),
        },
        Fact::ExecuteRan { configuration: "mail".into(), order: Order::Start },
        Fact::ExecuteFailed {
            configuration: "mail".into(),
            order: Order::Stop,
            reason: "exit status: 1: process 4711 did not end within 20 s".into(),
        },
        Fact::MailSent {
            subject: "[The shop] Deleted real server: 192.168.0.1:80 (204.202.136.32:80)".into(),
        },
        Fact::MailFailed {
            subject: "Deleted real server: 192.168.0.1:80 (204.202.136.32:80)".into(),
            smtp: true,
            reason: "mail.example.com: no answer within 30s".into(),
            retry_in: Some(Duration::from_secs(5)),
        },
        Fact::MailFailed {
            subject: "3 alerts, first: Deleted real server: 192.168.0.1:80 (204.202.136.32:80)".into(),
            smtp: false,
            reason: "sendmail: exit status: 75".into(),
            retry_in: None,
        },
        Fact::ChecksLate(Starts { waiting: 0, ..starts }),
        Fact::ChecksLate(starts),
        Fact::ChecksOnTime(starts),
        Fact::TableFailed { reason: "ipvsadm: permission denied".into(), retry_in: Duration::from_secs(2) },
        Fact::TableRecovered,
        Fact::TimeoutsSet {
            before: IpvsTimeouts { tcp: 900, tcp_fin: 120, udp: 300 },
            after: IpvsTimeouts { tcp: 3600, tcp_fin: 60, udp: 300 },
        },
        Fact::TimeoutsFailed {
            reason: "ipvsadm: permission denied".into(),
            retry_in: Duration::from_secs(10),
        },
        Fact::Drifted { virtual_id, what: "scheduler is rr, not wrr".into() },
        Fact::ForeignWeight { virtual_id, real, weight: 7, configured: 1 },
        Fact::ForeignServer { virtual_id, real },
        Fact::BusLost { reason: "connection closed".into() },
        Fact::BusServed { name: "org.linuxvirtualserver.Ldirectord1.www".into() },
        Fact::Trouble { what: "The log /x cannot be written".into() },
    ]
}

fn shown(fact: &Fact) -> String {
    let mut text = format!("{} {:?} {}\n", kind(fact), fact.severity(), fact.message_id());
    for line in fact.to_string().lines() {
        let _ = writeln!(text, "    {line}");
    }
    let fields = fact.fields();
    let weight = fields.weight.map(|weight| weight.to_string());
    let fields = [
        ("VIRTUAL", fields.virtual_id.as_deref()),
        ("REAL", fields.real.as_deref()),
        ("CHECK", fields.check),
        ("OLD_STATE", fields.old_state),
        ("NEW_STATE", fields.new_state),
        ("REASON", fields.reason.as_deref()),
        ("REASON_KIND", fields.reason_kind),
        ("WEIGHT", weight.as_deref()),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = writeln!(text, "  {name}={value}");
        }
    }
    text
}

#[test]
fn every_kind_of_fact_is_as_agreed() {
    let facts = facts();
    let kinds: BTreeSet<_> = facts.iter().map(kind).collect();
    assert_eq!(kinds, KINDS.iter().copied().collect(), "each kind is shown");
    let text: Vec<String> = facts.iter().map(shown).collect();
    let text = text.join("\n");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts.golden");
    if env::var_os("BLESS").is_some() {
        fs::write(&golden, &text).expect("the golden file can be written");
    }
    let agreed = fs::read_to_string(&golden).expect("the golden file can be read");
    for (line, (now, then)) in text.lines().zip(agreed.lines()).enumerate() {
        assert_eq!(now, then, "tests/facts.golden:{}", line + 1);
    }
    assert_eq!(text.lines().count(), agreed.lines().count());
}

#[test]
fn a_message_id_is_one_kind_and_128_bits() {
    let pairs: BTreeSet<_> = facts().iter().map(|fact| (fact.message_id(), kind(fact))).collect();
    let ids: BTreeSet<_> = pairs.iter().map(|(id, _)| id).collect();
    assert_eq!((pairs.len(), ids.len()), (KINDS.len(), KINDS.len()), "one for each kind and no other");
    for id in ids {
        assert!(id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    }
}

/// What operators have searched their logs for since 2000, letter by letter.
#[test]
fn the_reference_s_sentences_are_kept() {
    let told: BTreeSet<String> = facts().iter().map(ToString::to_string).collect();
    for sentence in [
        "Starting Linux Director v5.0.0 with pid: 1234",
        "Linux Director Daemon terminated on signal: TERM",
        "Added virtual server: 204.202.136.32:80",
        "Changed virtual server: 204.202.136.32:80",
        "Purged virtual server (start): 204.202.136.32:80",
        "Purged virtual server (stop): 204.202.136.32:80",
        "Added real server: 192.168.0.1:8080 (204.202.136.32:80) (Weight set to 1)",
        "Restored real server: 192.168.0.1:8080 (5) (Weight set to 5)",
        "Quiescent real server: 192.168.0.1:8080 (204.202.136.32:80) (Weight set to 0)",
        "Deleted real server: 192.168.0.1:8080 (204.202.136.32:80)",
        "Deleted real server: 192.168.0.1:80 mapped from 192.168.0.1:8080 (204.202.136.32:80)",
        "Purged real server (start): 192.168.0.1:8080 (204.202.136.32:80)",
        "Added fallback server: 127.0.0.1:80 (204.202.136.32:80) (Weight set to 1)",
        "Deleted fallback server: 127.0.0.1:80 (204.202.136.32:80)",
        "Configuration file '/etc/ha.d/www.cf' has changed on disk - reread new configuration",
        "Configuration file '/etc/ha.d/www.cf' has changed on disk - ignore new configuration",
    ] {
        assert!(told.contains(sentence), "{sentence}");
    }
}
