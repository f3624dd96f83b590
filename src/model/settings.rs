//! A whole configuration, and the part of it that is not about one virtual service.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use super::{Authorities, Check, Virtual};

/// A configuration as the program works on it: complete, checked, defaults resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What concerns the director as a whole.
    pub settings: Settings,
    /// The virtual services, in the order of the file. No two have the same identity.
    pub virtuals: Vec<Arc<Virtual>>,
}

impl Config {
    /// The authorities that its checks trust beside the system's; some may come more than once.
    pub fn authorities(&self) -> impl Iterator<Item = &Authorities> {
        let reals = self.virtuals.iter().flat_map(|service| &service.reals);
        reals.filter_map(|real| match &real.check {
            Check::Probe(spec) => spec.kind.security()?.authorities.as_ref(),
            Check::On | Check::Off => None,
        })
    }
}

/// Settings of the director as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A change of the file on disk is loaded (`autoreload`).
    pub autoreload: bool,
    /// Run after the file changed on disk, with its path as last argument (`callback`).
    pub callback: Option<Command>,
    /// Configurations whose directors are started, reloaded and stopped with this one (`execute`): names, as on the
    /// command line.
    pub execute: Vec<Arc<str>>,
    /// Files in a directory take real servers out (`maintenancedir`).
    pub maintenance: Option<Maintenance>,
    /// `start` stays in the foreground and logs on standard output: something else looks after the process
    /// (`supervised`).
    pub supervised: bool,
    /// Where the log goes when the configuration names a place (`logfile`).
    pub logfile: Option<LogTarget>,
    /// How often the kernel's table is compared with what it should be; `None` is never (`resyncinterval`).
    pub resync_interval: Option<Duration>,
    /// How long the kernel keeps connections, for all services of the machine; `None` leaves that alone
    /// (`ipvs-timeouts`).
    pub ipvs_timeouts: Option<IpvsTimeouts>,
    /// The longest `negotiatetimeout` of the file, which bounds how long a start waits for first verdicts.
    pub negotiate_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            autoreload: false,
            callback: None,
            execute: Vec::new(),
            maintenance: None,
            supervised: false,
            logfile: None,
            resync_interval: Some(Duration::from_secs(10)),
            ipvs_timeouts: None,
            negotiate_timeout: Duration::from_secs(30),
        }
    }
}

/// How long the kernel keeps a connection after its last packet, in seconds (`ipvsadm --set`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpvsTimeouts {
    /// An established connection of TCP.
    pub tcp: u32,
    /// One of TCP that is being closed.
    pub tcp_fin: u32,
    /// UDP.
    pub udp: u32,
}

impl IpvsTimeouts {
    /// What is in force once these are set where `before` was: a zero keeps what there is.
    #[must_use]
    pub fn over(self, before: Self) -> Self {
        let or = |new, old| if new == 0 { old } else { new };
        Self {
            tcp: or(self.tcp, before.tcp),
            tcp_fin: or(self.tcp_fin, before.tcp_fin),
            udp: or(self.udp, before.udp),
        }
    }
}

/// A directory in which a file that is called like a real server takes it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintenance {
    /// The directory; an absolute path.
    pub directory: PathBuf,
    /// What the servers are called beside their addresses, in lower case, whole and short.
    pub names: BTreeMap<IpAddr, BTreeSet<String>>,
}

impl Maintenance {
    /// Adds a name of a server, and what stands before its first dot. Names are the same in upper and lower case.
    pub fn add_name(&mut self, server: IpAddr, name: &str) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let names = self.names.entry(server).or_default();
        if let Some((short, _)) = name.split_once('.') {
            names.insert(short.to_owned());
        }
        names.insert(name);
    }
}

/// A program to run, without a shell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Command {
    /// The program and its leading arguments; never empty.
    pub argv: Vec<String>,
}

/// Where a configured log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// A file; each line is appended as the reference writes it.
    File(PathBuf),
    /// A syslog facility, e.g. `local0`.
    Facility(String),
}
