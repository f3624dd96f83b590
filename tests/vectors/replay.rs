//! Plays a vector: does its steps, and says what is seen after each.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::{
    SOON, essence,
    servers::Servers,
    vector::{Act, Vector},
    world::{Foreground, World},
};

/// So many times as long as the recording waited may it take until something is as expected, and a grace.
const FACTOR: f64 = 3.0;
const GRACE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(10);

struct Replay<'a> {
    world: &'a World,
    servers: Servers,
    foreground: Option<Foreground<'a>>,
    /// The table that was expected last.
    before: Vec<String>,
    /// Something was not as expected, so that nothing further is waited for in the hope that it will be.
    has_strayed: bool,
}

/// What is seen after each step.
pub(crate) fn replay(vector: &Vector, expected: &[Vec<String>]) -> Vec<Vec<String>> {
    let world = World::new().expect("there could be one before");
    let mut replay = Replay::new(&world, vector);
    let mut seen = Vec::new();
    for (step, expected) in vector.steps.iter().zip(expected) {
        let found = replay.step(&step.act, expected);
        replay.has_strayed |= found != *expected;
        seen.push(found);
    }
    seen
}

/// Whether the configuration is refused for something that is not there yet, and for nothing else.
pub(crate) fn is_refused(vector: &Vector) -> bool {
    let world = World::new().expect("there could be one before");
    let replay = Replay::new(&world, vector);
    let output = replay.program(&["@CF@".to_owned(), "configtest".to_owned()]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let mut errors = said.lines().filter(|line| line.contains(": error: ")).peekable();
    errors.peek().is_some() && errors.all(|line| line.ends_with("is not supported in this version yet"))
}

impl<'a> Replay<'a> {
    fn new(world: &'a World, vector: &Vector) -> Self {
        let servers = Servers::start(world, &vector.servers);
        let replay = Self { servers, world, foreground: None, before: Vec::new(), has_strayed: false };
        replay.prepare(vector);
        replay
    }

    fn prepare(&self, vector: &Vector) {
        if let Some(text) = &vector.configuration {
            self.write("@DIR@/ldirectord.cf", text);
        }
        for (path, text) in &vector.files {
            self.write(path, text);
        }
        let listing = self.world.folder().join("listing");
        if listing.exists() {
            fs::rename(listing, self.world.folder().join("bin/listing")).unwrap();
            self.world.ipvsadm("listing");
        }
        if !vector.hosts.is_empty() {
            let hosts = self.world.path("/etc/hosts");
            let ours = fs::read_to_string("/etc/hosts").unwrap_or_default();
            // It is a link to the machine's own.
            fs::remove_file(&hosts).unwrap();
            fs::write(hosts, format!("{ours}\n{}", vector.hosts)).unwrap();
        }
    }

    /// The recording had the machine's folders for this in its own.
    fn named(&self, text: &str) -> String {
        let folder = self.world.folder().to_str().unwrap();
        let text = text.replace("@CF@", "@DIR@/ldirectord.cf").replace("@DIR@/run/", "/run/");
        text.replace("@DIR@", folder)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.world.path(&self.named(path));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, self.named(text)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn program(&self, words: &[String]) -> Command {
        let mut command = self.world.program("");
        command.args(words.iter().map(|word| self.named(word))).env("HOSTNAME", "testhost");
        command
    }

    /// Runs it to its end.
    fn exit(&self, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let output = self.program(&words).output().unwrap();
        format!("exit {}", output.status.code().unwrap_or(-1))
    }

    fn step(&mut self, act: &Act, expected: &[String]) -> Vec<String> {
        let nothing = String::new();
        match act {
            Act::Run { words } => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                vec![self.exit(&words)]
            }
            Act::Start { seconds } => {
                let exit = self.exit(&["@CF@", "start"]);
                self.rest(&exit, true, *seconds, expected)
            }
            Act::Stop => {
                let exit = self.exit(&["@CF@", "stop"]);
                self.rest(&exit, true, 1.0, expected)
            }
            Act::Bg { words, seconds } => {
                let words = words.iter().map(|word| self.named(word)).collect::<Vec<_>>().join(" ");
                self.foreground = Some(self.world.foreground(&words, &[("HOSTNAME", "testhost")]));
                self.rest(&nothing, true, *seconds, expected)
            }
            Act::Fgsig { signal } => {
                let foreground = self.foreground.take().unwrap();
                self.world.signal(foreground.pid, signal);
                let exit = format!("exit {}", foreground.ends_within(SOON).code);
                self.rest(&exit, false, 1.0, expected)
            }
            Act::Sig { signal, seconds } => {
                let Some(pid) = self.world.pid("ldirectord.cf") else { return vec!["no process".to_owned()] };
                self.world.signal(pid, signal);
                self.hold_or_rest(true, *seconds, expected)
            }
            Act::Sig2 { signal, pause, seconds } => {
                let Some(pid) = self.world.pid("ldirectord.cf") else { return vec!["no process".to_owned()] };
                self.world
                    .shell(&format!("kill -{signal} {pid}; sleep {pause}; kill -{signal} {pid} || true"));
                self.rest(&nothing, true, *seconds, expected)
            }
            Act::Sleep { seconds } => self.hold_or_rest(false, *seconds, expected),
            Act::Show => self.rest(&nothing, false, 1.0, expected),
            Act::Cat { path } => self.settle(1.0, false, expected, |replay| replay.file(path)),
            Act::Psz => {
                let zombies = self.world.shell("grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null || true");
                vec![if zombies.is_empty() { "no zombies" } else { "zombies" }.to_owned()]
            }
            Act::Cf { text } => self.quietly(|replay| replay.write("@DIR@/ldirectord.cf", text)),
            Act::Write { path, text } => self.quietly(|replay| replay.write(path, text)),
            Act::Rm { path } => self.quietly(|replay| {
                fs::remove_file(replay.world.path(&replay.named(path))).unwrap();
            }),
            Act::Ipvs { words } => self.quietly(|replay| {
                for line in words {
                    replay.world.shell(&format!("ipvsadm {line} || true"));
                }
            }),
        }
    }

    /// After this there is nothing to see.
    fn quietly(&self, act: impl FnOnce(&Self)) -> Vec<String> {
        act(self);
        Vec::new()
    }

    /// Where the table is to stay as it is, nothing else shows that all was done than the time that the recording took.
    fn hold_or_rest(&mut self, with_pid_file: bool, seconds: f64, expected: &[String]) -> Vec<String> {
        let hold = table_of(expected) == self.before;
        self.before = table_of(expected);
        self.settle(seconds, hold, expected, |replay| replay.state("", with_pid_file))
    }

    fn rest(&mut self, exit: &str, with_pid_file: bool, seconds: f64, expected: &[String]) -> Vec<String> {
        self.before = table_of(expected);
        self.settle(seconds, false, expected, |replay| replay.state(exit, with_pid_file))
    }

    /// Waits until it is as expected, or too late, and says what is.
    fn settle(
        &self,
        seconds: f64,
        hold: bool,
        expected: &[String],
        look: impl Fn(&Self) -> Vec<String>,
    ) -> Vec<String> {
        let start = Instant::now();
        let recorded = Duration::from_secs_f64(seconds);
        let limit = if self.has_strayed { recorded } else { recorded.mul_f64(FACTOR) + GRACE };
        loop {
            let found = look(self);
            let is_time = !hold || start.elapsed() >= recorded;
            if (found == expected && is_time) || start.elapsed() > limit {
                return found;
            }
            thread::sleep(LOOK);
        }
    }

    /// The table, and what else tells how things are.
    fn state(&self, exit: &str, with_pid_file: bool) -> Vec<String> {
        let mut seen = self.table();
        if !exit.is_empty() {
            seen.insert(exit.to_owned());
        }
        if with_pid_file && self.world.path("/run/ldirectord.ldirectord.cf.pid").is_file() {
            seen.insert("pid file".to_owned());
        }
        let folder = self.world.folder().to_str().unwrap();
        if let Some(last) = self.world.read(&self.named("@DIR@/trace")).lines().last() {
            seen.insert(format!("hook {}", last.replace(folder, "@DIR@")));
        }
        seen.into_iter().collect()
    }

    /// Services, and servers with their weights and thresholds.
    fn table(&self) -> BTreeSet<String> {
        let mut table = BTreeSet::new();
        let mut service = String::new();
        let path = self.world.folder().join("bin/table");
        // The stand-in holds this lock while it makes a change.
        let file = File::open(&path);
        let _whole = file.inspect(|file| flock(file, FlockOperation::LockShared).unwrap());
        for line in fs::read_to_string(&path).unwrap_or_default().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["->", ..] = words[..] {
                table.insert(format!("{service} {}", words.join(" ")));
            } else {
                let name = if words.get(2) == Some(&"IPv6") { 3 } else { 2 };
                service = words[..name].join(" ");
                table.insert(words.join(" "));
            }
        }
        table
    }

    /// What is in a file, or in the servers' ears.
    fn file(&self, path: &str) -> Vec<String> {
        let inside = self.named(path);
        let text = self.world.read(&inside);
        let seen: BTreeSet<String> = if path.ends_with("/wire") {
            let calls = text.lines().filter(|line| essence::is_call(line)).map(str::to_owned);
            self.servers.asked().into_iter().chain(calls).collect()
        } else if path.ends_with("/mon") {
            text.lines().filter_map(essence::monitored).collect()
        } else {
            let there = if self.world.path(&inside).exists() { "there" } else { "not there" };
            BTreeSet::from([there.to_owned()])
        };
        seen.into_iter().collect()
    }
}

fn table_of(seen: &[String]) -> Vec<String> {
    let is_other = |line: &str| line == "pid file" || line.starts_with("exit ") || line.starts_with("hook ");
    seen.iter().filter(|line| !is_other(line)).cloned().collect()
}
