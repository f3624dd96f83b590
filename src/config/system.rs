//! The files and names of the machine the program runs on: the one place of this room that asks the system.

mod hosts;

use std::{
    cell::OnceCell,
    collections::HashMap,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use super::{ReadFile, Resolver, Unresolved};
use crate::model::{Family, Protocol};

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl ReadFile for SystemFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|meta| !meta.is_dir())
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        fs::read_link(path).ok()
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    }
}

/// The system's resolver for hosts, and `/etc/services`, which is read when the first name is asked for. May block,
/// for 15 seconds at most where name servers do not answer.
#[derive(Debug, Default)]
pub struct SystemResolver {
    services: OnceCell<Services>,
}

/// Ports by service name, in the order of the file.
type Services = HashMap<String, Vec<(u16, Protocol)>>;

impl Resolver for SystemResolver {
    fn hosts(&self, wanted: &[(String, Family)]) -> Vec<Result<IpAddr, Unresolved>> {
        hosts::ask(wanted, hosts::PATIENCE, hosts::look_up)
    }

    fn service(&self, name: &str, protocol: Option<Protocol>) -> Option<u16> {
        let services = self
            .services
            .get_or_init(|| parse_services(&fs::read_to_string("/etc/services").unwrap_or_default()));
        let ports = services.get(name)?;
        ports.iter().find(|&&(_, of)| protocol.is_none_or(|wanted| wanted == of)).map(|&(port, _)| port)
    }

    fn hostname(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }
}

/// Reads `NAME PORT/PROTOCOL [ALIAS ...] [# comment]` lines.
fn parse_services(text: &str) -> Services {
    let mut services = Services::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let (Some(name), Some(port)) = (words.next(), words.next()) else { continue };
        let Some((port, protocol)) = port.split_once('/') else { continue };
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            _ => continue,
        };
        let Ok(port) = port.parse() else { continue };
        for name in std::iter::once(name).chain(words) {
            services.entry(name.to_owned()).or_default().push((port, protocol));
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read_with_aliases_and_comments() {
        let services = parse_services(
            "# x\nhttp 80/tcp www # web\ndomain\t53/udp\ndomain 53/tcp\ndomain 53/dccp\nm3ua 2905/sctp\nbad\nx y/tcp",
        );
        assert_eq!(services["www"], [(80, Protocol::Tcp)]);
        assert_eq!(services["domain"], [(53, Protocol::Udp), (53, Protocol::Tcp)]);
        assert_eq!(services["m3ua"], [(2905, Protocol::Sctp)]);
        assert_eq!(services.len(), 4);
    }

    #[test]
    fn the_machine_knows_itself() {
        let names = SystemResolver::default();
        let found = names.hosts(&[Family::V4, Family::V6].map(|family| ("127.0.0.1".to_owned(), family)));
        assert_eq!(found[0], Ok([127, 0, 0, 1].into()));
        assert!(found[1].is_err());
        assert!(!names.hostname().is_empty());
    }
}
