//! The service manager: what systemd hears of the program, and how often it wants to hear it.
//!
//! A datagram to the socket in `NOTIFY_SOCKET` for each piece of news. Sending never waits: the decision loop does it,
//! and a service manager that does not read must not hold up a farm. What could not be sent goes out before the next
//! news. Without a socket nothing happens.

use std::{
    collections::VecDeque,
    env,
    ffi::OsStr,
    fmt::Write as _,
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use sd_notify::NotifyState;

/// The longest line `systemctl status` is given, in bytes. systemd reads 4 KiB of a message and drops longer ones.
const STATUS_MAX: usize = 1_000;
/// How much news is kept for a service manager that does not read. It is about phases of a life, so there is little.
const OWED_MAX: usize = 16;

/// What the service manager can hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The farm is served: the start or the reload is over.
    Ready,
    /// A new configuration is being taken; [`News::Ready`] follows whether it is taken or not.
    Reloading,
    /// The end has begun.
    Stopping,
    /// A line for people.
    Status(String),
    /// The decision loop is alive.
    Alive,
}

/// Tells the service manager.
#[derive(Debug)]
pub struct Notifier {
    channel: Option<(UnixDatagram, SocketAddr)>,
    /// What could not be sent yet, oldest first.
    owed: VecDeque<(Kind, String)>,
}

/// What becomes of news that could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Each is sent, in order.
    Phase,
    /// The latest is sent.
    Status,
    /// None is: the next one says the same.
    Alive,
}

impl Notifier {
    /// The service manager of this process, as its environment says. A socket that cannot be used is as none: systemd
    /// itself says that it heard nothing.
    #[must_use]
    pub fn from_env() -> Self {
        match env::var_os("NOTIFY_SOCKET") {
            Some(name) if !name.is_empty() => Self::to_socket(&name).unwrap_or_else(|_| Self::silent()),
            _ => Self::silent(),
        }
    }

    /// The service manager that listens on this socket: a path, or `@name` for one without a place in the file
    /// system.
    ///
    /// # Errors
    /// The name is no socket address, or no socket can be had.
    pub fn to_socket(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
            _ => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { channel: Some((socket, address)), owed: VecDeque::new() })
    }

    /// Nobody listens.
    #[must_use]
    pub fn silent() -> Self {
        Self { channel: None, owed: VecDeque::new() }
    }

    /// Somebody listens.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.channel.is_some()
    }

    /// Tells the news.
    pub fn report(&mut self, news: impl Into<News>) {
        if self.channel.is_none() {
            return;
        }
        let (kind, message) = message(&news.into());
        if kind == Kind::Status {
            self.owed.retain(|(kind, _)| *kind != Kind::Status);
        }
        self.owed.push_back((kind, message));
        self.send();
        self.owed.retain(|(kind, _)| *kind != Kind::Alive);
        while self.owed.len() > OWED_MAX {
            self.owed.pop_front();
        }
    }

    /// Sends what is owed, as far as it can be without waiting.
    fn send(&mut self) {
        let Some((socket, address)) = &self.channel else { return };
        while let Some((_, message)) = self.owed.front() {
            match socket.send_to_addr(message.as_bytes(), address) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
                Ok(_) => drop(self.owed.pop_front()),
            }
        }
    }
}

/// Within which time the service manager wants to hear [`News::Alive`], if it watches this process.
#[must_use]
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn message(news: &News) -> (Kind, String) {
    match news {
        News::Ready => (Kind::Phase, datagram(&[NotifyState::Ready])),
        // Both in one datagram, or systemd 253 and later take the reload for failed.
        News::Reloading => {
            let mut states = vec![NotifyState::Reloading];
            states.extend(NotifyState::monotonic_usec_now());
            (Kind::Phase, datagram(&states))
        }
        News::Stopping => (Kind::Phase, datagram(&[NotifyState::Stopping])),
        News::Status(text) => (Kind::Status, datagram(&[NotifyState::Status(&one_line(text))])),
        News::Alive => (Kind::Alive, datagram(&[NotifyState::Watchdog])),
    }
}

fn datagram(states: &[NotifyState<'_>]) -> String {
    let mut message = String::new();
    for state in states {
        // Writing to a String cannot fail.
        let _ = writeln!(message, "{state}");
    }
    message
}

/// A line break would end the field and begin another one; control characters would reach a terminal.
fn one_line(text: &str) -> String {
    let mut line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() > STATUS_MAX {
        let fits = line.char_indices().map(|(at, _)| at).take_while(|at| *at <= STATUS_MAX).last();
        line.truncate(fits.unwrap_or(0));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in for systemd.
    struct Manager {
        socket: UnixDatagram,
        _dir: tempfile::TempDir,
    }

    impl Manager {
        fn new() -> (Self, Notifier) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("notify");
            let socket = UnixDatagram::bind(&path).unwrap();
            socket.set_nonblocking(true).unwrap();
            let notifier = Notifier::to_socket(path.as_os_str()).unwrap();
            (Self { socket, _dir: dir }, notifier)
        }

        fn heard(&self) -> Option<String> {
            let mut buffer = [0; 4096];
            let length = self.socket.recv(&mut buffer).ok()?;
            Some(String::from_utf8(buffer[..length].to_vec()).unwrap())
        }
    }

    #[test]
    fn a_life_is_told() {
        let (manager, mut notifier) = Manager::new();
        for news in [News::Status("1 virtual, 2/2 real up".into()), News::Ready, News::Alive, News::Stopping]
        {
            notifier.report(news);
        }
        let heard: Vec<String> = std::iter::from_fn(|| manager.heard()).collect();
        assert_eq!(heard, ["STATUS=1 virtual, 2/2 real up\n", "READY=1\n", "WATCHDOG=1\n", "STOPPING=1\n"]);
    }

    #[test]
    fn a_reload_carries_its_time_in_the_same_datagram() {
        let (manager, mut notifier) = Manager::new();
        notifier.report(News::Reloading);
        let heard = manager.heard().unwrap();
        let usec = heard.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().trim_end();
        assert!(usec.parse::<u64>().unwrap() > 0);
    }

    #[test]
    fn a_status_is_one_short_line() {
        let (manager, mut notifier) = Manager::new();
        notifier.report(News::Status("rejected:\nREADY=1\x1b[31m".into()));
        assert_eq!(manager.heard().unwrap(), "STATUS=rejected: READY=1 [31m\n");
        notifier.report(News::Status("é".repeat(5_000)));
        let heard = manager.heard().unwrap();
        assert!(heard.len() < 1_024 && heard.ends_with("é…\n"));
    }

    #[test]
    fn a_manager_that_does_not_read_holds_nobody_up_and_misses_no_phase() {
        let (manager, mut notifier) = Manager::new();
        for n in 0..5_000 {
            notifier.report(News::Status(n.to_string()));
            notifier.report(News::Alive);
        }
        notifier.report(News::Reloading);
        notifier.report(News::Ready);
        while manager.heard().is_some() {}
        notifier.report(News::Alive);
        let heard: Vec<String> = std::iter::from_fn(|| manager.heard()).collect();
        assert_eq!(heard.len(), 4, "{heard:?}");
        assert_eq!(heard[0], "STATUS=4999\n");
        assert!(heard[1].starts_with("RELOADING=1\nMONOTONIC_USEC="));
        assert_eq!(heard[2..], ["READY=1\n", "WATCHDOG=1\n"]);
    }

    #[test]
    fn a_socket_without_a_path_is_found() {
        let name = format!("ldirectord-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Notifier::to_socket(OsStr::new(&format!("@{name}"))).unwrap().report(News::Ready);
        let mut buffer = [0; 64];
        assert_eq!(socket.recv(&mut buffer).unwrap(), b"READY=1\n".len());
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        let mut notifier = Notifier::silent();
        notifier.report(News::Ready);
        assert!(!notifier.is_heard() && notifier.owed.is_empty());
    }
}
