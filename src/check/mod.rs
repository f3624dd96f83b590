//! Probes: one function per protocol, each asks one real server once and says what it found.
//!
//! A probe holds no state between two checks and starts no task of its own: dropping its future closes its sockets and
//! frees its memory, whatever it was waiting for. It has no deadline either: that belongs to the loop, which reads from
//! [`Progress`] what the probe was doing when the deadline passed.

pub mod agent;
mod ask;
mod connect;
mod content;
mod datagrams;
mod discretion;
#[cfg(feature = "dns")]
pub mod dns;
mod external;
#[cfg(feature = "ftp")]
pub mod ftp;
#[cfg(feature = "grpc")]
pub mod grpc;
mod handshake;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "ldap")]
pub mod ldap;
mod lines;
mod live;
pub mod mail;
#[cfg(any(feature = "ldap", feature = "mysql", feature = "pgsql"))]
mod messages;
#[cfg(feature = "mysql")]
pub mod mysql;
mod net;
pub mod oracle;
#[cfg(feature = "pgsql")]
pub mod pgsql;
mod ping;
mod probes;
mod progress;
pub mod radius;
mod random;
pub mod redis;
pub mod reply;
pub mod sip;
mod stream;
mod talk;
pub mod tcp;
pub mod tls;
mod trouble;
mod udp;

use std::future::Future;

use self::ask::Ask;
pub use self::{
    live::{Exchange, Live},
    probes::{Probes, Unready},
    progress::Progress,
};
use crate::{
    health::{Evidence, Failure, Stage, Verdict},
    model::{CheckKind, CheckSpec, SqlServer},
};

/// How we name ourselves to servers.
#[cfg(any(feature = "http", feature = "grpc"))]
const AGENT: &str = concat!("ldirectord/", env!("CARGO_PKG_VERSION"));

/// Who can ask a real server how it is: [`Probes`] over the network, a script in tests.
pub trait Prober: Clone + Send + Sync + 'static {
    /// Asks once. The caller puts the deadline around it ([`CheckSpec::longest`]), and when that passes drops the
    /// future and reports [`Progress::timed_out`].
    fn probe(&self, spec: &CheckSpec, progress: &Progress) -> impl Future<Output = Verdict> + Send;
}

impl Prober for Probes {
    async fn probe(&self, spec: &CheckSpec, progress: &Progress) -> Verdict {
        progress.enter(Stage::Connect);
        let ask = Ask { spec, progress, probes: self };
        match outcome(&ask).await {
            Ok(evidence) => Verdict::Pass(evidence),
            Err(failure) => Verdict::Fail(discretion::discreet(failure, &spec.kind)),
        }
    }
}

/// Asks in the language of the check. All but the smallest and most frequent are boxed, so that the state of a large
/// future is no part of the others.
async fn outcome(ask: &Ask<'_>) -> Result<Evidence, Failure> {
    match &ask.spec.kind {
        CheckKind::Connect => connect::probe(ask).await,
        #[cfg(feature = "http")]
        CheckKind::Http(check) => http::probe(ask, check).await,
        #[cfg(feature = "grpc")]
        CheckKind::Grpc(check) => Box::pin(grpc::probe(ask, check)).await,
        #[cfg(feature = "ftp")]
        CheckKind::Ftp(check) => Box::pin(ftp::probe(ask, check)).await,
        CheckKind::Mail(check) => Box::pin(mail::probe(ask, check)).await,
        CheckKind::Redis(check) => Box::pin(redis::probe(ask, check)).await,
        CheckKind::Agent(check) => Box::pin(agent::probe(ask, check)).await,
        CheckKind::Ping(check) => ping::probe(ask, check).await,
        CheckKind::Tcp(check) => Box::pin(tcp::probe(ask, check)).await,
        CheckKind::Udp(check) => udp::probe(ask, check).await,
        #[cfg(feature = "dns")]
        CheckKind::Dns(check) => Box::pin(dns::probe(ask, check)).await,
        CheckKind::Radius(check) => Box::pin(radius::probe(ask, check)).await,
        CheckKind::Oracle(check) => Box::pin(oracle::probe(ask, check)).await,
        CheckKind::Sip(check) => Box::pin(sip::probe(ask, check)).await,
        CheckKind::Tls(security) => Box::pin(handshake::probe(ask, security)).await,
        CheckKind::External(check) => Box::pin(external::probe(ask, check)).await,
        #[cfg(feature = "ldap")]
        CheckKind::Ldap(check) => Box::pin(ldap::probe(ask, check)).await,
        CheckKind::Sql(check) => match check.server {
            #[cfg(feature = "mysql")]
            SqlServer::Mysql => Box::pin(mysql::probe(ask, check)).await,
            #[cfg(feature = "pgsql")]
            SqlServer::Pgsql => Box::pin(pgsql::probe(ask, check)).await,
            #[cfg(not(feature = "mysql"))]
            SqlServer::Mysql => Err(not_built(ask)),
            #[cfg(not(feature = "pgsql"))]
            SqlServer::Pgsql => Err(not_built(ask)),
        },
        #[cfg(not(feature = "dns"))]
        CheckKind::Dns(_) => Err(not_built(ask)),
        #[cfg(not(feature = "ftp"))]
        CheckKind::Ftp(_) => Err(not_built(ask)),
        #[cfg(not(feature = "grpc"))]
        CheckKind::Grpc(_) => Err(not_built(ask)),
        #[cfg(not(feature = "http"))]
        CheckKind::Http(_) => Err(not_built(ask)),
        #[cfg(not(feature = "ldap"))]
        CheckKind::Ldap(_) => Err(not_built(ask)),
    }
}

/// A configuration that needs such a check is refused; so this is seen by nobody who loads one.
#[cfg(not(all(
    feature = "dns",
    feature = "ftp",
    feature = "grpc",
    feature = "http",
    feature = "ldap",
    feature = "mysql",
    feature = "pgsql"
)))]
fn not_built(ask: &Ask<'_>) -> Failure {
    Failure::Local(format!("this build has no {} checks", ask.spec.kind.name()))
}
