//! The application protocols that a `service` directive can name.

/// An application protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is what it is called; docs/checks.md says what is asked")]
pub enum Service {
    Agent,
    Dns,
    Ftp,
    Ftps,
    Grpc,
    Http,
    HttpProxy,
    Https,
    Imap,
    Imaps,
    Ldap,
    Ldaps,
    Mysql,
    Nntp,
    /// No application protocol.
    None,
    Oracle,
    Pgsql,
    Pop,
    Pops,
    Radius,
    Redis,
    Simpletcp,
    Sip,
    Smtp,
    Submission,
    Tls,
    Udp,
}

impl Service {
    /// All of them, by name.
    pub const ALL: [Self; 27] = [
        Self::Agent,
        Self::Dns,
        Self::Ftp,
        Self::Ftps,
        Self::Grpc,
        Self::Http,
        Self::HttpProxy,
        Self::Https,
        Self::Imap,
        Self::Imaps,
        Self::Ldap,
        Self::Ldaps,
        Self::Mysql,
        Self::Nntp,
        Self::None,
        Self::Oracle,
        Self::Pgsql,
        Self::Pop,
        Self::Pops,
        Self::Radius,
        Self::Redis,
        Self::Simpletcp,
        Self::Sip,
        Self::Smtp,
        Self::Submission,
        Self::Tls,
        Self::Udp,
    ];

    /// Its name in the configuration, and the port it usually has, which is used where a real server has none.
    const fn about(self) -> (&'static str, Option<u16>) {
        match self {
            Self::Agent => ("agent", None),
            Self::Dns => ("dns", Some(53)),
            Self::Ftp => ("ftp", Some(21)),
            Self::Ftps => ("ftps", Some(990)),
            Self::Grpc => ("grpc", None),
            Self::Http => ("http", Some(80)),
            Self::HttpProxy => ("http_proxy", Some(3128)),
            Self::Https => ("https", Some(443)),
            Self::Imap => ("imap", Some(143)),
            Self::Imaps => ("imaps", Some(993)),
            Self::Ldap => ("ldap", Some(389)),
            Self::Ldaps => ("ldaps", Some(636)),
            Self::Mysql => ("mysql", Some(3306)),
            Self::Nntp => ("nntp", Some(119)),
            Self::None => ("none", None),
            Self::Oracle => ("oracle", Some(1521)),
            Self::Pgsql => ("pgsql", Some(5432)),
            Self::Pop => ("pop", Some(110)),
            Self::Pops => ("pops", Some(995)),
            Self::Radius => ("radius", Some(1812)),
            Self::Redis => ("redis", Some(6379)),
            Self::Simpletcp => ("simpletcp", None),
            Self::Sip => ("sip", Some(5060)),
            Self::Smtp => ("smtp", Some(25)),
            Self::Submission => ("submission", Some(587)),
            Self::Tls => ("tls", None),
            Self::Udp => ("udp", None),
        }
    }

    /// The name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().0
    }

    /// The port such a service usually has, used where a real server has none.
    #[must_use]
    pub const fn default_port(self) -> Option<u16> {
        self.about().1
    }

    /// The service of a name, in any case.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name().eq_ignore_ascii_case(name))
    }

    /// What a virtual service at this port is if it names none: as in the reference, so that a file means what it meant.
    /// Services that the reference does not know must be named.
    #[must_use]
    pub fn of_port(port: u16) -> Self {
        let newer = [Self::Ftps, Self::Redis];
        let found = Self::ALL.into_iter().find(|service| service.default_port() == Some(port));
        found.filter(|service| !newer.contains(service)).unwrap_or(Self::None)
    }

    /// The cargo feature that was left out of this build and that this service needs, if any.
    #[must_use]
    pub fn left_out(self) -> Option<&'static str> {
        let (feature, is_built) = match self {
            Self::Http | Self::HttpProxy | Self::Https => ("http", cfg!(feature = "http")),
            Self::Ftp | Self::Ftps => ("ftp", cfg!(feature = "ftp")),
            Self::Ldap | Self::Ldaps => ("ldap", cfg!(feature = "ldap")),
            Self::Mysql => ("mysql", cfg!(feature = "mysql")),
            Self::Pgsql => ("pgsql", cfg!(feature = "pgsql")),
            Self::Dns => ("dns", cfg!(feature = "dns")),
            Self::Grpc => ("grpc", cfg!(feature = "grpc")),
            Self::Agent
            | Self::Imap
            | Self::Imaps
            | Self::Nntp
            | Self::None
            | Self::Oracle
            | Self::Pop
            | Self::Pops
            | Self::Radius
            | Self::Redis
            | Self::Simpletcp
            | Self::Sip
            | Self::Smtp
            | Self::Submission
            | Self::Tls
            | Self::Udp => return None,
        };
        (!is_built).then_some(feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_sorted_and_found() {
        assert!(Service::ALL.is_sorted_by_key(|service| service.name()));
        assert!(Service::ALL.iter().all(|&service| Service::of_name(service.name()) == Some(service)));
        assert_eq!(Service::of_name("HTTP"), Some(Service::Http));
        assert_eq!(Service::of_name("htp"), None);
    }

    #[test]
    fn a_port_stands_for_the_services_that_it_always_stood_for() {
        assert_eq!(Service::of_port(443), Service::Https);
        assert_eq!(Service::of_port(3128), Service::HttpProxy);
        for other in [990, 6379, 8080, 0] {
            assert_eq!(Service::of_port(other), Service::None, "{other}");
        }
    }
}
