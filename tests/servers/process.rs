//! A server as processes: all it starts is in a namespace of its own, by which it is frozen and stopped as a whole.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::namespaces::ROOT;

/// How long a server may take to start, to freeze or to end: a busy machine may need it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(10);

/// All processes of a server.
pub(crate) struct Processes {
    /// `unshare`, which waits for the first of them.
    holder: Child,
    log: PathBuf,
}

impl Processes {
    /// Starts a script of the shell in the root; its last command is the server itself, in the foreground.
    pub(crate) fn start(name: &str, script: &str) -> Self {
        let log = Path::new("/run").join(format!("{name}.log"));
        let output = File::create(&log).unwrap();
        let holder = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child"])
            .arg(format!("--mount-proc={ROOT}/proc"))
            // A server that finds itself process 1, or the child of one, may behave otherwise.
            .args(["chroot", ROOT, "sh", "-euc", &format!("{script}\nexit $?")])
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self { holder, log }
    }

    /// Whether the server has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.holder.try_wait().unwrap().is_some()
    }

    /// The end of what it wrote on its standard output and error.
    pub(crate) fn log(&self) -> String {
        let text = String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Every one of its processes.
    fn all(&self) -> Vec<Pid> {
        let own = format!("/proc/{}/ns/pid_for_children", self.holder.id());
        let (namespace, ours) = (fs::read_link(own), fs::read_link("/proc/self/ns/pid"));
        // Until `unshare` has come to its work its children would be in our own.
        let Some(namespace) = namespace.ok().filter(|namespace| *namespace != ours.unwrap()) else {
            return Vec::new();
        };
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let theirs = fs::read_link(format!("/proc/{pid}/ns/pid")).ok()?;
            (theirs == namespace).then(|| Pid::from_raw(pid)).flatten()
        });
        pids.collect()
    }

    /// Stops them with SIGSTOP, and waits until each stands still.
    pub(crate) fn freeze(&self) {
        let frozen = comes_true(|| {
            let all = self.all();
            for pid in &all {
                let _ = kill_process(*pid, Signal::STOP);
            }
            !all.is_empty() && all.iter().all(|pid| stands_still(*pid))
        });
        assert!(frozen, "a server goes on after SIGSTOP");
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        for pid in self.all() {
            let _ = kill_process(pid, Signal::CONT);
        }
    }

    /// Kills them, and returns when none is left.
    pub(crate) fn stop(&mut self) {
        let all = self.all();
        for pid in &all {
            let _ = kill_process(*pid, Signal::KILL);
        }
        if all.is_empty() {
            let _ = self.holder.kill();
        }
        self.holder.wait().unwrap();
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.stop();
    }
}

/// It is stopped, or dead and not yet buried.
fn stands_still(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['T', 'Z']))
}

/// Whether a condition of the shell holds in the root.
pub(crate) fn holds(condition: &str) -> bool {
    Command::new("chroot").args([ROOT, "sh", "-c", condition]).status().unwrap().success()
}

/// Whether it becomes so within our patience.
pub(crate) fn comes_true(mut so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !so() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}
