//! TLS, as checks speak it.

use std::{sync::Arc, time::Duration};

use crate::model::Authorities;

/// How a check protects its connection, and what it asks of the server's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Security {
    /// When TLS begins.
    pub start: TlsStart,
    /// How far the certificate is verified (`tls-verify`).
    pub verify: TlsVerify,
    /// The name that is asked for (SNI) and verified: `tls-servername`, else the virtual host; a bare name or address.
    pub server_name: Option<Arc<str>>,
    /// Who is trusted, where it is not the system's authorities (`tls-ca`).
    pub authorities: Option<Authorities>,
    /// What is made of a certificate that ends soon.
    pub expiry: Expiry,
}

/// When TLS begins (`tls`, or the service itself).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsStart {
    /// With the connection.
    #[default]
    AtOnce,
    /// When the protocol has asked for it (STARTTLS and its like).
    Upgrade,
}

/// How far a TLS server's certificate is verified (`tls-verify`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVerify {
    /// Not at all (`no`).
    No,
    /// The chain must lead to a trusted authority and be valid now; a certificate for another name is accepted and
    /// shown as a property (`chain`, the default and what the reference does).
    #[default]
    Chain,
    /// Chain and name (`full`).
    Full,
}

/// What is made of a certificate by the time that it is still valid. Zero is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry {
    /// With less than this the server's certificate is warned of (`tls-expiry-warning`).
    pub warning: Duration,
    /// With less than this the check fails (`tls-expiry-failure`).
    pub failure: Duration,
}
