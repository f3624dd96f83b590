//! A machine of a test's own, as far as the program can see.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::{SOON, until};

/// What the first process of the namespaces does: `/run`, `/var/log`, `/etc/ha.d` and `/etc/ldirectord` become empty, and it says so and
/// waits. Everything in the namespaces ends with it, and it ends with the test.
const FIRST: &str = r#"
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir "$1/etc" "$1/etc.real"
mount --bind /etc "$1/etc.real"
ln -s "$1"/etc.real/* "$1/etc/"
rm -f "$1/etc/ha.d" "$1/etc/ldirectord"
mkdir -p "$1/etc/ha.d/conf" "$1/etc/ldirectord"
mount --bind "$1/etc" /etc
ip link set lo up
echo ready
"#;
/// It looks after its orphans, as a process 1 should.
const GOOD_PARENT: &str = "cat; exit";
/// It does not, as many a container's does not.
const BAD_PARENT: &str = "exec cat";

/// Namespaces, and the folder of the stand-in for `ipvsadm`.
pub(crate) struct World {
    folder: tempfile::TempDir,
    holder: Child,
    _company: Company,
}

/// Who measures time must not do so beside those who take all of the machine's.
#[expect(dead_code, reason = "held, not looked at")]
enum Company {
    Any(RwLockReadGuard<'static, ()>),
    None(RwLockWriteGuard<'static, ()>),
}

static COMPANY: RwLock<()> = RwLock::new(());

impl Company {
    fn any() -> Self {
        Self::Any(COMPANY.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn none() -> Self {
        Self::None(COMPANY.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a command of the program came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    /// A world; none where there cannot be one, which is said.
    pub(crate) fn new() -> Option<Self> {
        Self::with_first(GOOD_PARENT, Company::any())
    }

    /// One beside which there is no other meanwhile.
    pub(crate) fn alone() -> Option<Self> {
        Self::with_first(GOOD_PARENT, Company::none())
    }

    /// One whose process 1 does not bury the dead.
    pub(crate) fn with_zombies() -> Option<Self> {
        Self::with_first(BAD_PARENT, Company::any())
    }

    fn with_first(parent: &str, company: Company) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let original = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ipvsadm");
        // A link, since a copy that is just written may be "busy" for a process that another test is starting.
        symlink(original, folder.path().join("bin/ipvsadm")).unwrap();
        let started = Command::new("unshare")
            .args(["-m", "-n", "-p", "--fork", "--kill-child", "--mount-proc", "sh", "-c"])
            .arg(format!("{FIRST}{parent}"))
            .arg("sh")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut holder = match started {
            Ok(holder) => holder,
            Err(error) => {
                eprintln!("skipped: there is no unshare here ({error})");
                return None;
            }
        };
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line != "ready\n" {
            let mut said = String::new();
            holder.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            eprintln!("skipped: namespaces cannot be had here ({})", said.trim());
            return None;
        }
        Some(Self { folder, holder, _company: company })
    }

    /// A world with this as `/etc/ha.d/www.cf`.
    pub(crate) fn www(text: &str) -> Option<Self> {
        let world = Self::new()?;
        world.write("/etc/ha.d/www.cf", text);
        Some(world)
    }

    /// A file of the world, from here.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.id());
        Path::new(&root).join(inside.trim_start_matches('/'))
    }

    /// A folder that is the same inside and here.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, inside: &str, text: &str) {
        fs::write(self.path(inside), text).unwrap();
    }

    pub(crate) fn read(&self, inside: &str) -> String {
        fs::read_to_string(self.path(inside)).unwrap_or_default()
    }

    /// A program in the world.
    pub(crate) fn command(&self, program: &str) -> Command {
        let of = |kind: &str, name: &str| format!("--{kind}=/proc/{}/ns/{name}", self.holder.id());
        let mut command = Command::new("nsenter");
        command
            .args([of("mount", "mnt"), of("net", "net"), of("pid", "pid_for_children")])
            .args(["--wd=/", "--", program])
            .env_clear()
            .env("PATH", format!("{}/bin:/usr/sbin:/usr/bin:/sbin:/bin", self.folder().display()));
        command
    }

    /// The program itself, with these words.
    pub(crate) fn program(&self, words: &str) -> Command {
        let mut command = self.command(&program());
        command.args(words.split_ascii_whitespace());
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(crate) fn run(&self, words: &str) -> Came {
        came(self.program(words).output().unwrap())
    }

    /// Runs it, and it must succeed.
    #[track_caller]
    pub(crate) fn good(&self, words: &str) -> Came {
        let came = self.run(words);
        assert_eq!(came.code, 0, "{words}: {came:?}\n{}", self.story());
        came
    }

    /// Runs something in a shell.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) -> String {
        let output = self.command("sh").args(["-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the program in the foreground, and returns at once.
    pub(crate) fn foreground(&self, words: &str, variables: &[(&str, &str)]) -> Foreground<'_> {
        let pid_file = self.folder().join(format!("foreground-{}.pid", self.count("foreground")));
        let mut command = self.command("sh");
        command.args(["-c", r#"echo $$ >"$0"; exec "$@""#]).arg(&pid_file).arg(program());
        command.args(words.split_ascii_whitespace()).envs(variables.iter().copied());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let collect = |mut from: Box<dyn Read + Send>, to: PathBuf| {
            thread::spawn(move || {
                let mut file = File::create(to).unwrap();
                std::io::copy(&mut from, &mut file).unwrap();
            })
        };
        let (out, err) = (pid_file.with_extension("out"), pid_file.with_extension("err"));
        let readers = vec![
            collect(Box::new(child.stdout.take().unwrap()), out.clone()),
            collect(Box::new(child.stderr.take().unwrap()), err.clone()),
        ];
        let pid = || fs::read_to_string(&pid_file).unwrap_or_default().trim().parse().ok();
        until(self, "a process starts", || pid().is_some());
        Foreground { world: self, pid: pid().unwrap(), child, out, err, readers }
    }

    fn count(&self, prefix: &str) -> usize {
        let entries = fs::read_dir(self.folder()).unwrap();
        entries
            .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with(prefix))
            .count()
    }

    /// How the stand-in behaves from now on.
    pub(crate) fn ipvsadm(&self, mode: &str) {
        fs::write(self.folder().join("bin/mode"), mode).unwrap();
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder().join("bin").join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Its processes so far, by their arguments.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.lines("calls")
    }

    /// The changes that it was asked for so far.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.lines("lines")
    }

    /// The table: weights by service and server (`192.0.2.1:80 127.0.0.2:8000`); a service alone has none.
    pub(crate) fn table(&self) -> BTreeMap<String, Option<u16>> {
        let mut table = BTreeMap::new();
        let mut service = String::new();
        // The stand-in holds this lock while it makes a change.
        let file = File::open(self.folder().join("bin/table"));
        let _whole = file.inspect(|file| flock(file, FlockOperation::LockShared).unwrap());
        for line in self.lines("table") {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["->", real, _, weight, ..] => {
                    table.insert(format!("{service} {real}"), weight.parse().ok());
                }
                [_, address, ..] => {
                    address.clone_into(&mut service);
                    table.insert(service.clone(), None);
                }
                _ => {}
            }
        }
        table
    }

    /// The table as it is listed: services and servers in their order, without counts of connections.
    pub(crate) fn read_table(&self) -> String {
        let file = File::open(self.folder().join("bin/table"));
        let _whole = file.inspect(|file| flock(file, FlockOperation::LockShared).unwrap());
        let mut services: Vec<(String, Vec<String>)> = Vec::new();
        for line in self.lines("table") {
            match line.strip_prefix("  -> ") {
                None => services.push((line, Vec::new())),
                Some(server) => {
                    let words: Vec<&str> = server.split_whitespace().take(3).collect();
                    services.last_mut().unwrap().1.push(format!("  -> {}", words.join(" ")));
                }
            }
        }
        let order = |line: &String| ["TCP", "UDP", "FWM"].iter().position(|kind| line.starts_with(kind));
        services.sort_by_key(|(line, _)| (order(line), line.clone()));
        let lines = services.into_iter().flat_map(|(service, mut servers)| {
            servers.sort();
            std::iter::once(service).chain(servers)
        });
        lines.map(|line| line + "\n").collect()
    }

    /// Whether the usual service has exactly these real servers, all serving.
    pub(crate) fn serves(&self, reals: &[&str]) -> bool {
        let table = self.table();
        let all = |real: &&str| table.get(&format!("192.0.2.1:80 {real}")).is_some_and(Option::is_some);
        let ours = table.keys().filter(|key| key.starts_with("192.0.2.1:80 ")).count();
        ours == reals.len() && reals.iter().all(all)
    }

    /// A service of somebody else's in the table.
    pub(crate) fn add_foreign(&self) {
        self.shell("ipvsadm -A -t 198.51.100.1:80 -s rr; ipvsadm -a -t 198.51.100.1:80 -r 10.0.0.1:80 -m");
    }

    pub(crate) fn has_only_foreign(&self) -> bool {
        self.table().keys().eq(["198.51.100.1:80", "198.51.100.1:80 10.0.0.1:80"])
    }

    /// The process in a pid file.
    pub(crate) fn pid(&self, name: &str) -> Option<u32> {
        self.read(&format!("/var/run/ldirectord.{name}.pid").replace("/var/run", "/run")).trim().parse().ok()
    }

    pub(crate) fn is_alive(&self, pid: u32) -> bool {
        let status = self.read(&format!("/proc/{pid}/status"));
        !status.is_empty() && !status.contains("State:\tZ")
    }

    /// How much of a processor a process has had.
    pub(crate) fn cpu(&self, pid: u32) -> Duration {
        let stat = self.read(&format!("/proc/{pid}/stat"));
        let times = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
        let ticks: u64 = times.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // A hundred a second, on all that Linux shows to programs.
        Duration::from_millis(ticks * 10)
    }

    pub(crate) fn signal(&self, pid: u32, signal: &str) {
        self.shell(&format!("kill -{signal} {pid}"));
    }

    pub(crate) fn log(&self) -> String {
        self.read("/var/log/ldirectord.log")
    }

    /// What happened, for whoever looks at a failure.
    pub(crate) fn story(&self) -> String {
        format!(
            "table: {:#?}\ncalls: {:#?}\nlast changes: {:#?}\nlog:\n{}",
            self.table().into_iter().take(20).collect::<Vec<_>>(),
            self.calls().into_iter().rev().take(20).collect::<Vec<_>>(),
            self.changes().into_iter().rev().take(20).collect::<Vec<_>>(),
            self.log()
        )
    }

    /// The network, for a thread that wants to be in it.
    pub(crate) fn network(&self) -> File {
        File::open(format!("/proc/{}/ns/net", self.holder.id())).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// The program, running.
pub(crate) struct Foreground<'a> {
    world: &'a World,
    pub(crate) pid: u32,
    child: Child,
    out: PathBuf,
    err: PathBuf,
    readers: Vec<JoinHandle<()>>,
}

impl Foreground<'_> {
    pub(crate) fn out(&self) -> String {
        fs::read_to_string(&self.out).unwrap_or_default()
    }

    pub(crate) fn err(&self) -> String {
        fs::read_to_string(&self.err).unwrap_or_default()
    }

    /// Its exit code, if it ends within this time.
    #[track_caller]
    pub(crate) fn ends_within(mut self, limit: Duration) -> Came {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                start.elapsed() < limit,
                "it goes on after {limit:?}\n{}{}",
                self.err(),
                self.world.story()
            );
            thread::sleep(Duration::from_millis(5));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Came { code: status.code().unwrap_or(-1), out: self.out(), err: self.err() }
    }

    #[track_caller]
    pub(crate) fn stops(self) -> Came {
        self.world.signal(self.pid, "TERM");
        self.ends_within(SOON)
    }
}

impl Drop for Foreground<'_> {
    /// Who brought it into the world stands still when it does, and would outlive both.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn given() -> Option<OsString> {
    std::env::var_os("LDIRECTORD_BIN").filter(|path| !path.is_empty())
}

/// Whether the program is one that users get.
pub(crate) fn is_optimised() -> bool {
    given().is_some() || !cfg!(debug_assertions)
}

fn program() -> String {
    given().map_or_else(|| env!("CARGO_BIN_EXE_ldirectord").to_owned(), |path| path.into_string().unwrap())
}

fn came(output: Output) -> Came {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Came { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}
