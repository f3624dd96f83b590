//! FTP (RFC 959), also with TLS (RFC 4217): log in, fetch a file, match it.
//!
//! Passive mode always, and the data connection goes to the address that is checked, whatever the server says of its
//! own (servers behind NAT tell private ones, malicious ones tell others). IPv6 uses EPSV (RFC 2428). Binary type, so
//! that what is matched is what the file holds. Where the control connection has TLS, the data connection has it too.
//!
//! In the clear it is suppaftp that speaks, in TLS we do: docs/adr/0013.

mod control;
pub mod passive;
mod plain;
mod protected;

use super::Ask;
use crate::{
    health::{Evidence, Failure},
    model::FtpCheck,
};

/// Fetches the file once.
pub(super) async fn probe(ask: &Ask<'_>, check: &FtpCheck) -> Result<Evidence, Failure> {
    match &check.tls {
        Some(security) => protected::probe(ask, check, security).await,
        None => plain::probe(ask, check).await,
    }
}

/// The control connection is there, so whoever cannot be reached now is the data connection.
fn data_failure(failure: Failure) -> Failure {
    if failure == Failure::Refused {
        return Failure::Unreachable("data connection: connection refused".to_owned());
    }
    if let Failure::Unreachable(words) = failure {
        return Failure::Unreachable(format!("data connection: {words}"));
    }
    failure
}
