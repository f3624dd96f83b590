//! `start` where there is no systemd: a `run` in a session of its own, waited for until it serves.

use std::{
    fs,
    io::{self, Read as _},
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::Child,
    time::{Duration, Instant, SystemTime},
};

use crate::child;

use super::Target;

/// How long a director may take until it serves. It says so itself within seconds; more is a machine in trouble.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often the new process is looked at while it says nothing.
const LOOK: Duration = Duration::from_millis(50);

/// Starts a director and waits until it serves.
///
/// The error is its own words, or what was waited for.
pub(super) fn launch(target: &Target) -> Result<(), String> {
    let words = |error: io::Error| error.to_string();
    let ear = Ear::open().map_err(words)?;
    let program = std::env::current_exe().map_err(words)?;
    let pid_file = target.pid_file().into_os_string();
    let arguments = ["--pid-file".into(), pid_file, target.path.clone().into_os_string(), "run".into()];
    let environment = [("NOTIFY_SOCKET".into(), ear.path.clone().into_os_string())];
    let mut child = child::launch(program, arguments, environment).map_err(words)?;
    wait_ready(&mut child, &ear)
}

#[expect(clippy::disallowed_methods, reason = "a command that does nothing else, in real time")]
fn wait_ready(child: &mut Child, ear: &Ear) -> Result<(), String> {
    let until = Instant::now() + PATIENCE;
    let mut message = [0; 4_096];
    while Instant::now() < until {
        if let Ok(length) = ear.socket.recv(&mut message) {
            let text = String::from_utf8_lossy(&message[..length]);
            if text.lines().any(|line| line == "READY=1") {
                return Ok(());
            }
        }
        if let Ok(Some(status)) = child.try_wait() {
            let mut said = String::new();
            if let Some(stderr) = &mut child.stderr {
                let _ = stderr.read_to_string(&mut said);
            }
            return Err(if said.is_empty() { format!("it ended with {status}") } else { said });
        }
    }
    Err(format!("it did not serve within {} s; it goes on trying", PATIENCE.as_secs()))
}

/// Hears what the new process says of itself, as systemd would.
struct Ear {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Ear {
    #[expect(clippy::disallowed_methods, reason = "a name that was never there, not a time")]
    fn open() -> io::Result<Self> {
        fs::create_dir_all(crate::control::RUN_DIR)?;
        // Never the same twice: a director goes on speaking to where its starter was, and process ids come again.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = format!("start.{}.{now}", std::process::id());
        let path = PathBuf::from(crate::control::RUN_DIR).join(name);
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path)?;
        socket.set_read_timeout(Some(LOOK))?;
        Ok(Self { socket, path })
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
