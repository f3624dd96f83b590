//! What is asked of directories and databases, and of services that are called.

use std::sync::Arc;

use super::{
    content::Expected,
    secret::{Login, Secret},
    tls::Security,
};

/// An LDAP search (RFC 4511).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LdapCheck {
    /// With TLS, from the beginning or after `StartTLS`.
    pub tls: Option<Arc<Security>>,
    /// Who binds; nobody is an anonymous bind.
    pub login: Option<Login>,
    /// The entry that is looked for; empty is the root DSE.
    pub base: String,
    /// What its distinguished name must be like.
    pub expected: Expected,
}

/// A query to a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqlCheck {
    /// Whose protocol.
    pub server: SqlServer,
    /// With TLS, after the protocol has asked for it.
    pub tls: Option<Arc<Security>>,
    /// Who logs in.
    pub login: Login,
    /// Which database; empty is the server's choice.
    pub database: String,
    /// What is asked: at least one row must come. Without it, the login is enough.
    pub query: Option<String>,
}

/// Whose protocol a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SqlServer {
    /// `MySQL` and `MariaDB`.
    Mysql,
    /// `PostgreSQL`.
    Pgsql,
}

/// A connection to the listener of an Oracle database (TNS).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OracleCheck {
    /// The SID or service name that is asked for (`database`); empty only asks the listener itself.
    pub database: String,
}

/// A question to a RADIUS server (RFC 2865).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RadiusCheck {
    /// Who asks to be let in.
    pub login: Login,
    /// What the server and the director share (`secret`).
    pub secret: Secret,
}

impl RadiusCheck {
    /// The longest name that can be sent, in bytes (RFC 2865, 5).
    pub const LONGEST_NAME: usize = 253;
    /// The longest password (RFC 2865, 5.2).
    pub const LONGEST_PASSWORD: usize = 128;
}

/// A call of the health service of gRPC (`grpc.health.v1.Health/Check`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrpcCheck {
    /// With TLS, from the beginning (HTTP/2 by ALPN).
    pub tls: Option<Arc<Security>>,
    /// The `:authority`; `None` is the target's address.
    pub virtual_host: Option<Arc<str>>,
    /// The service that is asked about (`request`); empty is the server as a whole.
    pub service: String,
}
