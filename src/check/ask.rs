//! One probe under way: whom it asks, along which route, and how it opens its connection.

use tokio::net::TcpStream;

use super::{
    Probes, Progress,
    net::{self, Ack},
    stream::Stream,
    tls::{Peer, ServerName},
    trouble,
};
use crate::{
    health::{Certificate, Failure, Stage},
    model::{CheckSpec, Security, TlsStart},
};

/// What every probe is given beside what is asked.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    /// The whole check: target, route, deadline.
    pub(super) spec: &'a CheckSpec,
    /// Where it notes how far it has come.
    pub(super) progress: &'a Progress,
    /// What it shares with the others.
    pub(super) probes: &'a Probes,
}

impl Ask<'_> {
    /// Notes that the probe is in this stage now.
    pub(super) fn enter(&self, stage: Stage) {
        self.progress.enter(stage);
    }

    /// Opens a bare connection.
    pub(super) async fn dial(&self, ack: Ack) -> Result<TcpStream, Failure> {
        self.enter(Stage::Connect);
        net::dial(self.spec.target, self.spec.route, ack)
            .await
            .map_err(|error| trouble::failure(&error, Stage::Connect))
    }

    /// Opens a connection, with TLS where it begins at once.
    pub(super) async fn open(
        &self,
        security: Option<&Security>,
        ack: Ack,
    ) -> Result<(Stream, Option<Certificate>), Failure> {
        let stream = Stream::Plain(self.dial(ack).await?);
        match security {
            Some(security) if security.start == TlsStart::AtOnce => self.secure(stream, security).await,
            Some(_) | None => Ok((stream, None)),
        }
    }

    /// Protects a connection by TLS.
    pub(super) async fn secure(
        &self,
        stream: Stream,
        security: &Security,
    ) -> Result<(Stream, Option<Certificate>), Failure> {
        self.secure_for(stream, security, None).await
    }

    /// The same, with an application protocol that the server must agree to (ALPN, RFC 7301).
    pub(super) async fn secure_for(
        &self,
        stream: Stream,
        security: &Security,
        application: Option<&'static [u8]>,
    ) -> Result<(Stream, Option<Certificate>), Failure> {
        let Stream::Plain(stream) = stream else { return Ok((stream, None)) };
        self.enter(Stage::Tls);
        let secured = self.probes.secured(security.authorities.as_ref())?;
        let peer = Peer {
            address: self.spec.target.ip(),
            name: security.server_name.as_deref().map(ServerName::from_host),
            verify: security.verify,
            expiry: security.expiry,
            application,
        };
        let (stream, certificate) = secured.tls.connect(stream, &peer).await?;
        Ok((Stream::Tls(Box::new(stream)), certificate))
    }
}
