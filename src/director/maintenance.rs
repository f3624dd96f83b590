//! Real servers that people take out by hand: a file in the maintenance directory that is called like the server, by its
//! address or its name, with or without its port. Health goes on being observed meanwhile; that a server shall not
//! serve is another fact, and the two meet in the plan.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    path::PathBuf,
};

use crate::model::{self, Virtual};

use super::{Director, Effect, Fact, checks::Place, core::ServiceState};

/// The files that are there, and what they are about.
#[derive(Debug, Default)]
pub(super) struct Maintenance {
    /// All names in the directory.
    files: BTreeSet<String>,
    /// What was told of a directory that is none of ours yet: of a load that is under way.
    early: Option<(PathBuf, BTreeSet<String>)>,
    /// Those of them that are about nothing; each is told once.
    strangers: BTreeSet<String>,
    index: Index,
}

impl Director {
    /// Other files are in the directory. Servers whose files are new are out at once, those whose files are gone serve
    /// again if they are up.
    pub(super) fn maintain(&mut self, directory: PathBuf, files: BTreeSet<String>, fx: &mut Vec<Effect>) {
        let configured = self.config.settings.maintenance.as_ref();
        if configured.is_none_or(|configured| configured.directory != directory) {
            self.maintenance.early = Some((directory, files));
            return;
        }
        self.maintenance.files = files;
        for place in self.mark(fx) {
            self.touched.entry(place.0).or_default().insert(place.1);
        }
    }

    /// A configuration is taken: with these files if its directory is another one of which nothing newer was told, else
    /// with those that are known.
    pub(super) fn maintain_configured(
        &mut self,
        before: Option<&model::Maintenance>,
        files: BTreeSet<String>,
        fx: &mut Vec<Effect>,
    ) {
        let directory = |of: Option<&model::Maintenance>| of.map(|maintenance| maintenance.directory.clone());
        let now = self.config.settings.maintenance.as_ref();
        let early = self.maintenance.early.take();
        if directory(before) != directory(now) {
            let newer = early.filter(|(early, _)| Some(early) == directory(now).as_ref());
            self.maintenance.files = newer.map_or(files, |(_, files)| files);
        }
        if now.is_none() {
            self.maintenance.files.clear();
        }
        self.maintenance.index = now.map(|now| Index::new(now, &self.services)).unwrap_or_default();
        self.mark(fx);
    }

    /// Sees to it that the servers which the files are about are marked and no others; gives those that were not as
    /// they should be.
    fn mark(&mut self, fx: &mut Vec<Effect>) -> Vec<Place> {
        let (marks, strangers) = self.maintenance.index.marks(&self.maintenance.files);
        for file in strangers.difference(&self.maintenance.strangers) {
            fx.push(Effect::Tell(Fact::MaintenanceStranger { file: file.clone() }));
        }
        self.maintenance.strangers = strangers;
        let mut changed = Vec::new();
        for (service, this) in self.services.iter_mut().enumerate() {
            for (real, state) in this.reals.iter_mut().enumerate() {
                let file = marks.get(&(service, real));
                if state.maintenance == file.is_some() {
                    continue;
                }
                state.maintenance = file.is_some();
                // The next time it serves is a transition as any other.
                state.foreign_weight = None;
                let (virtual_id, real_id) = (this.config.id, this.config.reals[real].id);
                fx.push(Effect::Tell(match file {
                    Some(file) => Fact::MaintenanceBegan { virtual_id, real: real_id, file: file.clone() },
                    None => Fact::MaintenanceEnded { virtual_id, real: real_id, state: state.health },
                }));
                changed.push((service, real));
            }
        }
        changed
    }
}

/// Where the servers are, by address and by name.
#[derive(Debug, Default)]
struct Index {
    servers: HashMap<IpAddr, Vec<(Place, u16)>>,
    names: HashMap<String, Vec<IpAddr>>,
}

impl Index {
    fn new(maintenance: &model::Maintenance, services: &[ServiceState]) -> Self {
        let mut index = Self::default();
        for (v, service) in services.iter().enumerate() {
            let config: &Virtual = &service.config;
            for (r, real) in config.reals.iter().enumerate() {
                let address = real.id.0;
                index.servers.entry(address.ip()).or_default().push(((v, r), address.port()));
            }
        }
        for (address, names) in &maintenance.names {
            for name in names {
                index.names.entry(name.clone()).or_default().push(*address);
            }
        }
        index
    }

    /// The servers that files are about, each with its file, and the files that are about none. Hidden files, which
    /// editors and file systems leave behind, are about none and nothing to speak of.
    fn marks(&self, files: &BTreeSet<String>) -> (BTreeMap<Place, String>, BTreeSet<String>) {
        let (mut marks, mut strangers) = (BTreeMap::new(), BTreeSet::new());
        for file in files.iter().filter(|file| !file.starts_with('.')) {
            let found = self.find(file);
            if found.is_empty() {
                strangers.insert(file.clone());
            }
            for place in found {
                marks.entry(place).or_insert_with(|| file.clone());
            }
        }
        (marks, strangers)
    }

    fn find(&self, file: &str) -> Vec<Place> {
        let (host, port) = parse(file);
        let addresses = match host {
            Host::Address(address) => &[address][..],
            Host::Name(name) => self.names.get(&name).map_or(&[][..], Vec::as_slice),
        };
        let servers = addresses.iter().filter_map(|address| self.servers.get(address)).flatten();
        servers.filter(|(_, own)| port.is_none_or(|port| port == *own)).map(|(place, _)| *place).collect()
    }
}

/// What a file is called like.
#[derive(Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    /// In lower case.
    Name(String),
}

/// `ADDRESS`, `NAME`, or one of both with `:PORT`; an IPv6 address with a port stands in brackets.
fn parse(file: &str) -> (Host, Option<u16>) {
    if let Ok(address) = file.parse() {
        return (Host::Address(address), None);
    }
    let (host, port) = match file.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        Some((host, Ok(port))) => (host, Some(port)),
        Some((_, Err(_))) | None => (file, None),
    };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let host = bare.parse().map_or_else(|_| Host::Name(host.to_ascii_lowercase()), Host::Address);
    (host, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_like_a_server() {
        let four = || Host::Address([192, 0, 2, 1].into());
        let six = || Host::Address("2001:db8::1".parse().unwrap());
        let name = |name: &str| Host::Name(name.to_owned());
        assert_eq!(parse("192.0.2.1"), (four(), None));
        assert_eq!(parse("192.0.2.1:80"), (four(), Some(80)));
        assert_eq!(parse("[2001:db8::1]"), (six(), None));
        assert_eq!(parse("[2001:DB8:0::1]:80"), (six(), Some(80)));
        assert_eq!(parse("2001:db8::1"), (six(), None));
        assert_eq!(parse("Web3.example.com"), (name("web3.example.com"), None));
        assert_eq!(parse("web3:80"), (name("web3"), Some(80)));
        assert_eq!(parse("web3:80000"), (name("web3:80000"), None));
    }
}
