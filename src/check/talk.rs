//! A conversation line by line with a server that speaks first, of which a part may be protected: mail, news, files.

use std::net::IpAddr;

use super::{
    Ask,
    lines::Lines,
    net::Ack,
    reply::{Language, Reply},
    stream::Stream,
    trouble,
};
use crate::{
    health::{Certificate, Evidence, Failure, Stage},
    model::{Security, TlsStart},
};

/// A conversation that has begun.
pub(super) struct Talk<'a> {
    ask: Ask<'a>,
    lines: Lines<Stream>,
    /// How it is to be protected from some time on.
    upgrade: Option<&'a Security>,
    certificate: Option<Certificate>,
}

impl<'a> Talk<'a> {
    /// Opens a connection, with TLS where it begins at once.
    pub(super) async fn open(ask: &Ask<'a>, security: Option<&'a Security>) -> Result<Self, Failure> {
        // All these servers speak first.
        let (stream, certificate) = ask.open(security, Ack::Prompt).await?;
        let upgrade = security.filter(|security| security.start == TlsStart::Upgrade);
        Ok(Self { ask: *ask, lines: Lines::new(stream), upgrade, certificate })
    }

    /// The next line of the server.
    pub(super) async fn line(&mut self, stage: Stage) -> Result<&[u8], Failure> {
        self.lines.line(&self.ask, stage).await
    }

    /// The next reply of one that answers with numbers.
    pub(super) async fn reply(&mut self, language: Language, stage: Stage) -> Result<Reply, Failure> {
        Reply::read(&mut self.lines, language, &self.ask, stage).await
    }

    /// Says this line.
    pub(super) async fn say(&mut self, command: &str, stage: Stage) -> Result<(), Failure> {
        self.ask.enter(stage);
        self.lines.command(command, stage).await
    }

    /// The connection is to be protected before anything else is said.
    pub(super) fn wants_upgrade(&self) -> bool {
        self.upgrade.is_some()
    }

    /// Protects it: the server has agreed.
    pub(super) async fn secure(self) -> Result<Self, Failure> {
        let Some(security) = self.upgrade else { return Ok(self) };
        let (stream, certificate) = self.ask.secure(self.lines.into_inner()?, security).await?;
        Ok(Self { ask: self.ask, lines: Lines::new(stream), upgrade: None, certificate })
    }

    /// Whether others on the way cannot listen.
    pub(super) fn is_protected(&mut self) -> bool {
        matches!(self.lines.get_mut(), Stream::Tls(_))
    }

    /// Our own end of it.
    pub(super) fn own_address(&mut self) -> Result<IpAddr, Failure> {
        let own = self.lines.get_mut().socket().local_addr();
        own.map(|own| own.ip()).map_err(|error| trouble::failure(&error, Stage::Answer))
    }

    /// The check has passed, and the server is still busy with what nobody wants any more.
    #[cfg(feature = "ftp")]
    pub(super) fn abandon(self) -> Evidence {
        Evidence { certificate: self.certificate, ..Evidence::default() }
    }

    /// The check has passed: says farewell and closes.
    pub(super) fn leave(self, farewell: &str) -> Evidence {
        self.lines.take_leave(farewell);
        Evidence { certificate: self.certificate, ..Evidence::default() }
    }
}
