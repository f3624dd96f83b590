//! Plays a script and writes down what was told and what was written.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use ldirectord::{
    config::{self, MemoryFiles, TableResolver},
    director::{Event, Rejection},
    ipvs::{Fault, IpvsError, Memory, Table, ipvsadm::render},
    model::MailAddress,
    runtime::{Loaded, Report},
};
use tokio::time::{Instant, sleep_until};

use crate::sim::{self, Callbacks, Disk, Running, Watched, World, lock};

use super::command::{Command, What};

const FILE: &str = "/etc/ha.d/conf/story";
/// The maintenance directory of all stories that have one.
const MAINTENANCE: &str = "/maintenance";

/// Tells the story and gives its trace.
pub fn trace(configs: &BTreeMap<String, String>, script: &[Command]) -> String {
    sim::paused().block_on(async {
        let mut stage = Stage::new(configs);
        for command in script {
            stage.wait(command.at).await;
            stage.note(&format!("-- {}", command.text));
            stage.act(&command.what).await;
        }
        stage.hear();
        stage.finish()
    })
}

struct Stage<'a> {
    configs: &'a BTreeMap<String, String>,
    world: World,
    table: Watched,
    disk: Disk,
    /// What is in the maintenance directory.
    files: BTreeSet<String>,
    callbacks: Callbacks,
    running: Option<Running>,
    lines: Arc<Mutex<Vec<(Duration, String)>>>,
    begun: Instant,
    reported: usize,
}

impl<'a> Stage<'a> {
    fn new(configs: &'a BTreeMap<String, String>) -> Self {
        let begun = Instant::now();
        let lines: Arc<Mutex<Vec<(Duration, String)>>> = Arc::default();
        let written = lines.clone();
        let table = Watched::new(Memory::default(), move |_, ops| {
            let at = begun.elapsed();
            lock(&written).extend(ops.iter().map(|op| (at, format!("   ipvsadm {}", render::line(op)))));
        });
        let files = BTreeSet::new();
        let disk = Arc::new(Mutex::new(load(&configs["begin"], &files)));
        let (world, callbacks) = (World::default(), Callbacks::default());
        Self { configs, world, table, disk, files, callbacks, running: None, lines, begun, reported: 0 }
    }

    /// Lets time pass, writing down what is told when it is told.
    async fn wait(&mut self, until: Duration) {
        let until = self.begun + until;
        loop {
            let told = async {
                match &mut self.running {
                    Some(running) => running.facts.recv().await,
                    None => None,
                }
            };
            tokio::select! {
                biased;
                Some((_, fact)) = told => self.note(&format!("{fact}")),
                () = sleep_until(until) => break,
            }
            self.hear();
        }
        self.hear();
    }

    fn note(&self, line: &str) {
        // The one thing that is not the same twice.
        let line = line.replace(&format!("pid: {}", std::process::id()), "pid: PID");
        lock(&self.lines).push((self.begun.elapsed(), line));
    }

    /// Writes down what has been told and reported so far.
    fn hear(&mut self) {
        let Some(running) = &mut self.running else { return };
        let facts = running.take_facts();
        let mails = running.take_mails();
        let reports: Vec<Report> = lock(&running.reports)[self.reported..].to_vec();
        self.reported += reports.len();
        for fact in facts {
            self.note(&fact.to_string());
        }
        for mail in mails {
            let to: Vec<&str> = mail.route.to.iter().map(MailAddress::as_str).collect();
            self.note(&format!("   mails {}: {} of {}", to.join(", "), mail.subject(), mail.lines.len()));
        }
        for report in reports {
            match report {
                Report::Phase(phase) => self.note(&format!("   systemd: {phase:?}")),
                Report::Status(line) => self.note(&format!("   status: {line}")),
                Report::Alive => {}
            }
        }
        for argv in std::mem::take(&mut *lock(&self.callbacks)) {
            self.note(&format!("   runs {}", argv.join(" ")));
        }
    }

    async fn act(&mut self, what: &What) {
        let memory = self.table.memory.clone();
        match what {
            What::Behave(server, behaviour) => self.world.set(*server, *behaviour),
            What::Certify(server, time) => self.world.certify(*server, *time),
            What::Config(name) => {
                *lock(&self.disk) = load(&self.configs[name], &self.files);
                self.report(Event::SourcesChanged(FILE.into())).await;
            }
            What::Reload => self.report(Event::ReloadWanted).await,
            What::Flush => memory.meddle(|table| table.0.clear()),
            What::Meddle(op) => {
                memory.meddle(|table: &mut Table| table.apply(op).expect("the kernel takes it"));
            }
            What::TableFails => {
                memory.fail(Some(Fault::Everything(IpvsError::Hung(Duration::from_secs(10)))));
            }
            What::TableHalves(n) => memory.fail(Some(Fault::HalfDone(*n))),
            What::TableWorks => memory.fail(None),
            What::Start => self.start(),
            What::Kill => {
                if let Some(running) = self.running.take() {
                    running.task.abort();
                    let _ = running.task.await;
                }
                self.start();
            }
            What::Stop(clean) => {
                self.report(Event::Stop { why: "signal: TERM", clean: *clean }).await;
                if let Some(running) = &mut self.running {
                    let end = (&mut running.task).await.expect("the loop does not crash");
                    self.hear();
                    self.note(&format!("   ended: {end:?}"));
                }
                self.running = None;
            }
            What::Maintain(file, is_there) => {
                if *is_there {
                    self.files.insert(file.clone());
                } else {
                    self.files.remove(file);
                }
                if let Ok(loaded) = &mut *lock(&self.disk) {
                    loaded.maintenance.clone_from(&self.files);
                }
                if self.running.is_some() {
                    let (directory, files) = (MAINTENANCE.into(), self.files.clone());
                    self.report(Event::MaintenanceChanged { directory, files }).await;
                }
            }
            What::HooksTake(time) => {
                let running = self.running.as_ref().expect("a running director");
                *lock(&running.hook_time) = *time;
            }
            What::End => {}
        }
    }

    fn start(&mut self) {
        self.reported = 0;
        self.running = Some(sim::start(self.table.clone(), self.world.clone(), &self.disk, &self.callbacks));
    }

    async fn report(&self, event: Event) {
        self.running.as_ref().expect("a running director").inbox.report(event).await;
    }

    fn finish(&self) -> String {
        let mut text = String::new();
        for (at, line) in lock(&self.lines).iter() {
            for line in line.lines() {
                let _ = writeln!(text, "{:>9.3}s {line}", at.as_secs_f64());
            }
        }
        text
    }
}

fn load(text: &str, maintenance: &BTreeSet<String>) -> Result<Loaded, Rejection> {
    let files = MemoryFiles::default().with(FILE, text).with(Path::new(MAINTENANCE).join("README"), "");
    let mut names = TableResolver::default();
    names.hosts.insert("web4.example.com".to_owned(), vec![[10, 0, 0, 4].into()]);
    match config::load(Path::new(FILE), &files, &names) {
        Ok(loaded) => Ok(Loaded {
            config: Arc::new(loaded.config),
            maintenance: maintenance.clone(),
            warnings: loaded.warnings.iter().map(|warning| warning.to_string().into()).collect(),
        }),
        Err(rejected) => {
            let text: Vec<String> = rejected.diagnostics.iter().map(ToString::to_string).collect();
            let first = rejected.diagnostics.first().map(config::Diagnostic::headline).unwrap_or_default();
            Err(Rejection { text: text.join("\n").into(), first: first.into(), errors: text.len() })
        }
    }
}
