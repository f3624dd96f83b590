//! The names a `service` directive may have, and the port each is usually found at.

use crate::{config::suggest::nearest, model::Service};

/// A service of the reference.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Where it is found if nothing else is said, and what names it if no `service` is given.
    pub(super) port: Option<u16>,
    /// How this version knows it; `None` is not yet.
    pub(super) service: Option<Service>,
}

const fn later(name: &'static str, port: u16) -> Known {
    Known { name, port: Some(port), service: None }
}

const fn here(name: &'static str, port: u16, service: Service) -> Known {
    Known { name, port: Some(port), service: Some(service) }
}

/// No service, for ports that belong to none.
pub(super) const NONE: Known = Known { name: "none", port: None, service: Some(Service::None) };

const KNOWN: [Known; 21] = [
    later("dns", 53),
    here("ftp", 21, Service::Ftp),
    here("http", 80, Service::Http),
    later("http_proxy", 3128),
    here("https", 443, Service::Https),
    later("imap", 143),
    later("imaps", 993),
    later("ldap", 389),
    later("ldaps", 636),
    later("mysql", 3306),
    later("nntp", 119),
    NONE,
    later("oracle", 1521),
    later("pgsql", 5432),
    later("pop", 110),
    later("pops", 995),
    later("radius", 1812),
    Known { name: "simpletcp", port: None, service: None },
    later("sip", 5060),
    later("smtp", 25),
    later("submission", 587),
];

/// The service of a name.
pub(super) fn by_name(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(name))
}

/// The service that a virtual service at this port has if it names none.
pub(super) fn by_port(port: u16) -> &'static Known {
    KNOWN.iter().find(|known| known.port == Some(port)).unwrap_or(&NONE)
}

/// All names, for a sentence.
pub(super) fn names() -> String {
    Service::ALL.map(Service::name).join(", ")
}

/// The service whose name is nearest.
pub(super) fn near(name: &str) -> Option<&'static str> {
    nearest(name, KNOWN.iter().map(|known| known.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_the_model_agree() {
        for known in &KNOWN {
            if let Some(service) = known.service {
                assert_eq!((known.name, known.port), (service.name(), service.default_port()));
            }
        }
        assert_eq!(by_port(8080).name, "none");
        assert_eq!(by_port(443).name, "https");
    }
}
