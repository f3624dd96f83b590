//! When mails go: the director under counted time, with a table that changes as the test says.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test may")]
#![expect(clippy::disallowed_methods, reason = "a time to begin with; the rest is counted from it")]

use std::{
    collections::BTreeSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use ldirectord::{
    config::{self, MemoryFiles, TableResolver},
    director::{CheckId, Director, Effect, Event, Fact, Mail, Now, Start},
    health::{Evidence, Failure, Verdict},
    ipvs::Dest,
    model::{Config, Forward, RealId, Thresholds},
    plan::{DestChange, Outcome, TableChange},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn load(text: &str) -> Arc<Config> {
    let files = MemoryFiles::default().with("/x.cf", text);
    Arc::new(config::load(Path::new("/x.cf"), &files, &TableResolver::default()).unwrap().config)
}

/// A destination of weight 1.
fn dest() -> Dest {
    Dest { forward: Forward::Masq, weight: 1, thresholds: Thresholds::default() }
}

/// A service with one server for each, and these lines above them.
fn farm(globals: &str, services: usize) -> String {
    use std::fmt::Write as _;
    let mut text = format!("{globals}\n");
    for n in 0..services {
        let (high, low) = (n / 200, n % 200 + 1);
        writeln!(
            text,
            "virtual = 192.0.{high}.{low}:80\n\treal = 10.0.{high}.{low}:80 masq\n\tchecktype = connect"
        )
        .unwrap();
    }
    text
}

/// A director that has started, and the time that was counted so far.
struct Bench {
    director: Director,
    config: Arc<Config>,
    begun: Instant,
    elapsed: Duration,
    checks: Vec<CheckId>,
    told: Vec<String>,
    mails: Vec<(Duration, Mail)>,
}

impl Bench {
    fn new(text: &str) -> Self {
        let mut this = Self::starting(text);
        for check in this.checks.clone() {
            this.probe(check, Verdict::Pass(Evidence::default()));
        }
        this.settle(Vec::new());
        assert!(this.told.iter().any(|told| told.starts_with("Serving: ")), "{:?}", this.told);
        this
    }

    fn starting(text: &str) -> Self {
        let (config, begun) = (load(text), Instant::now());
        let start = Start {
            config: config.clone(),
            warnings: Vec::new(),
            table: Arc::default(),
            maintenance: BTreeSet::new(),
            version: "5",
            pid: 1,
        };
        let now = Now { instant: begun, wall: SystemTime::UNIX_EPOCH };
        let (director, effects) = Director::new(now, start);
        let (told, mails) = (Vec::new(), Vec::new());
        let mut this =
            Self { director, config, begun, elapsed: Duration::ZERO, checks: Vec::new(), told, mails };
        this.heed(effects);
        this
    }

    fn now(&self) -> Now {
        Now { instant: self.begun + self.elapsed, wall: SystemTime::UNIX_EPOCH + self.elapsed }
    }

    fn heed(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Mail(mail) => self.mails.push((self.elapsed, mail)),
                Effect::Tell(fact) => self.told.push(fact.to_string()),
                Effect::StartProbe(id, ..) => self.checks.push(id),
                Effect::Load
                | Effect::PaceProbe(..)
                | Effect::StopProbe(_)
                | Effect::Saw(..)
                | Effect::Want { .. }
                | Effect::Resync(_)
                | Effect::Timeouts(_)
                | Effect::Monitor(_)
                | Effect::Publish
                | Effect::Answer(..)
                | Effect::Run(_)
                | Effect::Notify(_)
                | Effect::Exit(_) => {}
            }
        }
    }

    fn on(&mut self, event: Event) {
        let effects = self.director.on(self.now(), event);
        self.heed(effects);
        let effects = self.director.conclude(self.now());
        self.heed(effects);
    }

    fn probe(&mut self, check: CheckId, verdict: Verdict) {
        self.on(Event::Probed(check, verdict));
    }

    fn settle(&mut self, changes: Vec<TableChange>) {
        self.on(Event::Applied(Outcome { changes, settled: true, ..Outcome::default() }));
    }

    /// The servers of these services leave the table.
    fn deleted(&mut self, services: impl IntoIterator<Item = usize>) {
        let changes = services.into_iter().map(|n| {
            let service = &self.config.virtuals[n];
            let before = Some(dest());
            let real: RealId = service.reals[0].id;
            TableChange::Dest(DestChange { virtual_id: service.id, real, before, after: None })
        });
        let changes = changes.collect();
        self.settle(changes);
    }

    /// Time passes; what is due is heard of when it is.
    fn wait(&mut self, time: Duration) {
        let until = self.elapsed + time;
        while let Some(at) = self.director.deadline().map(|at| at - self.begun).filter(|at| *at <= until) {
            self.elapsed = self.elapsed.max(at);
            self.on(Event::Due);
            assert!(self.director.deadline().is_none_or(|next| next > self.begun + self.elapsed));
        }
        self.elapsed = until;
    }

    /// How many things each mail since the last call told of.
    fn sizes(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.mails).iter().map(|(_, mail)| mail.lines.len() + mail.left_out).collect()
    }
}

const MAILED: &str = "emailalert = a@example.com";

#[test]
fn few_things_are_a_mail_each_and_many_are_one() {
    let mut bench = Bench::new(&farm(MAILED, 10));
    bench.wait(MINUTE);
    bench.sizes();
    for (count, expected) in [(1, vec![1]), (4, vec![1; 4]), (5, vec![5])] {
        bench.deleted(0..count);
        bench.wait(Duration::from_millis(999));
        assert_eq!(bench.sizes(), [0; 0]);
        bench.wait(Duration::from_millis(1));
        assert_eq!(bench.sizes(), expected);
        bench.wait(10 * MINUTE);
        assert_eq!(bench.sizes(), [0; 0]);
    }
}

#[test]
fn after_ten_mails_the_rest_of_the_minute_is_one() {
    let mut bench = Bench::new(&farm(MAILED, 1));
    bench.wait(MINUTE);
    bench.mails.clear();
    for _ in 0..100 {
        bench.deleted([0]);
        bench.wait(2 * SECOND);
    }
    let begun = bench.mails[0].0;
    let mails: Vec<_> =
        bench.mails.iter().map(|(at, mail)| (at.saturating_sub(begun).as_secs(), mail.lines.len())).collect();
    // One at a time, ten of them; then all that happened in the minute; then anew.
    assert_eq!(mails[..10], (0..10).map(|n| (2 * n, 1)).collect::<Vec<_>>());
    assert_eq!(mails[10], (60, 21), "{mails:?}");
    for from in 0..140 {
        let in_a_minute = mails.iter().filter(|(at, _)| (from..from + 60).contains(at)).count();
        assert!(in_a_minute <= 20, "{in_a_minute} from {from}: {mails:?}");
    }
    // Nothing is lost.
    bench.wait(2 * MINUTE);
    assert_eq!(bench.sizes().iter().sum::<usize>(), 100);
}

#[test]
fn a_farm_that_goes_down_as_a_whole_is_one_mail_that_is_not_long() {
    let mut bench = Bench::new(&farm(MAILED, 1_000));
    bench.wait(MINUTE);
    bench.sizes();
    bench.deleted(0..1_000);
    bench.wait(MINUTE);
    let [(_, mail)] = &*bench.mails else { panic!("{} mails", bench.mails.len()) };
    assert_eq!((mail.lines.len(), mail.left_out), (500, 500));
    assert_eq!(mail.subject(), "1000 alerts, first: Deleted real server: 10.0.0.1:80 (192.0.0.1:80)");
    assert_eq!(*bench.told.last().unwrap(), format!("emailalert: {}", mail.subject()));
}

#[test]
fn those_who_are_mailed_apart_do_not_share_their_minute() {
    let text = farm(MAILED, 11) + "\temailalert = b@example.com\n";
    let mut bench = Bench::new(&text);
    bench.wait(MINUTE);
    bench.sizes();
    for _ in 0..5 {
        bench.deleted(0..4);
        bench.wait(SECOND);
    }
    bench.sizes();
    bench.deleted([10]);
    bench.wait(SECOND);
    let to: Vec<String> = bench.mails.iter().map(|(_, mail)| mail.route.to[0].to_string()).collect();
    assert_eq!(to, ["b@example.com"]);
}

#[test]
fn the_end_takes_with_it_what_waits() {
    let mut bench = Bench::new(&farm(MAILED, 1));
    bench.wait(MINUTE);
    bench.sizes();
    bench.deleted([0]);
    bench.on(Event::Stop { why: "signal: TERM", clean: true });
    assert_eq!(bench.sizes(), [0; 0]);
    let id = bench.config.virtuals[0].id;
    bench.settle(vec![TableChange::ServiceRemoved(id)]);
    let subjects: Vec<String> = bench.mails.iter().map(|(_, mail)| mail.subject()).collect();
    assert_eq!(
        subjects,
        ["Deleted real server: 10.0.0.1:80 (192.0.0.1:80)", "Purged virtual server (stop): 192.0.0.1:80"]
    );
    let states: Vec<&str> = bench.mails.iter().map(|(_, mail)| mail.lines[0].state.name()).collect();
    assert_eq!(states, ["running", "stopping"]);
}

#[test]
fn only_what_happens_in_a_wanted_state_is_mailed() {
    for (states, expected) in [("all", 3), ("starting", 1), ("running", 1), ("reloading", 1), ("none", 0)] {
        let text = farm(&format!("{MAILED}\nemailalertstatus = {states}"), 1);
        let mut bench = Bench::starting(&text);
        let deleted = |bench: &mut Bench, settled| {
            let service = &bench.config.virtuals[0];
            let before = Some(dest());
            let (virtual_id, real) = (service.id, service.reals[0].id);
            let changes = vec![TableChange::Dest(DestChange { virtual_id, real, before, after: None })];
            bench.on(Event::Applied(Outcome { changes, settled, ..Outcome::default() }));
        };
        deleted(&mut bench, false);
        bench.probe(bench.checks[0], Verdict::Pass(Evidence::default()));
        bench.settle(Vec::new());
        deleted(&mut bench, true);
        bench.on(Event::ReloadWanted);
        let config = bench.config.clone();
        bench.on(Event::Loaded { config, table: None, maintenance: BTreeSet::new(), warnings: Vec::new() });
        deleted(&mut bench, true);
        bench.wait(MINUTE);
        assert_eq!(bench.sizes().iter().sum::<usize>(), expected, "{states}");
    }
}

/// When the first server was told to be inaccessible, in seconds.
fn reminders(bench: &Bench) -> Vec<u64> {
    let is_one = |mail: &Mail| mail.subject() == "Inaccessible real server: 10.0.0.1:80 (192.0.0.1:80)";
    bench.mails.iter().filter(|(_, mail)| is_one(mail)).map(|(at, _)| at.as_secs()).collect()
}

#[test]
fn a_server_that_is_down_is_told_again_until_it_is_up() {
    let mut bench = Bench::new(&farm(&format!("{MAILED}\nemailalertfreq = 100"), 1));
    let (check, refused) = (bench.checks[0], Verdict::Fail(Failure::Refused));
    bench.wait(10 * MINUTE);
    assert_eq!(reminders(&bench), [0; 0], "it was up");
    bench.probe(check, refused.clone());
    for _ in 0..35 {
        bench.wait(10 * SECOND);
        bench.probe(check, refused.clone());
    }
    assert_eq!(reminders(&bench), [701, 801, 901], "a second after each hundred");
    bench.probe(check, Verdict::Pass(Evidence::default()));
    bench.wait(10 * MINUTE);
    assert_eq!(reminders(&bench).len(), 3);
}

#[test]
fn a_reload_neither_repeats_a_reminder_nor_forgets_it() {
    let text = farm(&format!("{MAILED}\nemailalertfreq = 100"), 2);
    let mut bench = Bench::new(&text);
    bench.probe(bench.checks[0], Verdict::Fail(Failure::Refused));
    bench.settle(Vec::new());
    let reload = |bench: &mut Bench, text: &str| {
        bench.on(Event::ReloadWanted);
        bench.on(Event::Loaded {
            config: load(text),
            table: None,
            maintenance: BTreeSet::new(),
            warnings: Vec::new(),
        });
        bench.settle(Vec::new());
    };
    bench.wait(50 * SECOND);
    reload(&mut bench, &text);
    bench.wait(60 * SECOND);
    assert_eq!(reminders(&bench), [101]);
    // More often from now on: counted from the last time.
    reload(&mut bench, &text.replace("100", "30"));
    bench.wait(30 * SECOND);
    assert_eq!(reminders(&bench), [101, 131]);
    // The server is gone, and what is gone is not inaccessible.
    reload(
        &mut bench,
        &farm(&format!("{MAILED}\nemailalertfreq = 30"), 2).replace("10.0.0.1:80", "10.0.0.9:80"),
    );
    bench.wait(10 * MINUTE);
    assert_eq!(reminders(&bench), [101, 131]);
}

#[test]
fn who_is_out_by_configuration_or_not_mailed_about_is_not_told_again() {
    let text = farm(&format!("{MAILED}\nemailalertfreq = 10"), 2) + "\temailalertfreq = 0\n";
    let mut bench = Bench::new(&text.replacen("checktype = connect", "checktype = off", 1));
    bench.probe(bench.checks[0], Verdict::Fail(Failure::Refused));
    bench.wait(10 * MINUTE);
    let again = bench.mails.iter().filter(|(_, mail)| mail.subject().starts_with("Inaccessible")).count();
    assert_eq!(again, 0);
    assert!(
        bench
            .told
            .iter()
            .all(|told| !told.starts_with(&Fact::MailSent { subject: String::new() }.to_string()))
    );
}
