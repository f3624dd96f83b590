//! Names of hosts and services.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

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
    /// It was not waited for any longer: all hosts of a configuration may take so long together.
    #[error("no answer within {0:?}")]
    Late(Duration),
}

/// Where the addresses of names come from. Asking may block.
pub trait Resolver {
    /// The first address of each host in its family, in the order of the hosts. All are asked for together, so that a
    /// slow one does not keep the others waiting, and within a time limit.
    fn hosts(&self, wanted: &[(String, Family)]) -> Vec<Result<IpAddr, Unresolved>>;

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
    fn hosts(&self, wanted: &[(String, Family)]) -> Vec<Result<IpAddr, Unresolved>> {
        let host = |(name, family): &(String, Family)| {
            let found = self.hosts.get(name).ok_or_else(|| Unresolved::Failed("no such name".to_owned()))?;
            found.iter().copied().find(|&address| Family::of(address) == *family).ok_or(Unresolved::NoAddress)
        };
        wanted.iter().map(host).collect()
    }

    fn service(&self, name: &str, protocol: Option<Protocol>) -> Option<u16> {
        let ports = self.services.get(name)?;
        ports.iter().find(|&&(_, of)| protocol.is_none_or(|wanted| wanted == of)).map(|&(port, _)| port)
    }

    fn hostname(&self) -> String {
        self.hostname.clone()
    }
}
