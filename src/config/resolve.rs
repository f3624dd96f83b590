//! Names of hosts and services.

use std::{collections::BTreeMap, net::IpAddr};

use crate::model::{Family, Protocol};

/// Why a host name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The name is known, or might be, but has no address of the family.
    #[error("it has no address of this family")]
    NoAddress,
    /// The resolver failed.
    #[error("{0}")]
    Failed(String),
}

/// Where the addresses of names come from. Asking may block.
pub trait Resolver {
    /// The first address of a host in a family.
    ///
    /// # Errors
    /// There is none, or the resolver failed.
    fn host(&self, name: &str, family: Family) -> Result<IpAddr, Unresolved>;

    /// The port of a service; with `None` that of the first protocol that has the name.
    fn service(&self, name: &str, protocol: Option<Protocol>) -> Option<u16>;

    /// The name of this machine.
    fn hostname(&self) -> String;
}

/// Names from a table, for tests and for checking a configuration of another machine.
#[derive(Clone, Debug, Default)]
pub struct TableResolver {
    /// Addresses by host name.
    pub hosts: BTreeMap<String, Vec<IpAddr>>,
    /// Port and protocol by service name.
    pub services: BTreeMap<String, Vec<(u16, Protocol)>>,
    /// The name of this machine.
    pub hostname: String,
}

impl Resolver for TableResolver {
    fn host(&self, name: &str, family: Family) -> Result<IpAddr, Unresolved> {
        let addresses = self.hosts.get(name).ok_or_else(|| Unresolved::Failed("no such name".to_owned()))?;
        addresses.iter().copied().find(|&address| Family::of(address) == family).ok_or(Unresolved::NoAddress)
    }

    fn service(&self, name: &str, protocol: Option<Protocol>) -> Option<u16> {
        let ports = self.services.get(name)?;
        ports.iter().find(|&&(_, of)| protocol.is_none_or(|wanted| wanted == of)).map(|&(port, _)| port)
    }

    fn hostname(&self) -> String {
        self.hostname.clone()
    }
}
