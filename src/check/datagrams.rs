//! Datagrams: a socket that hears one server alone, and questions that are asked again, since one may have been lost.

use std::{io, net::SocketAddr, time::Duration};

use rustix::net::RecvFlags;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    io::Interest,
    net::UdpSocket,
    time::{Instant, timeout_at},
};

use super::{Ask, net, trouble};
use crate::health::{Failure, Stage};

/// The longest datagram that is looked at as a whole; of a longer one this is the beginning. It is more than what travels
/// in one piece.
pub(super) const LONGEST: usize = 8 * 1024;

/// When a question is asked again that has no answer yet: after a while, then after twice that, and so on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The first time. Where a third of the check's deadline is less, it is that, so that the loss of a single datagram
    /// fails no check.
    pub(super) first: Duration,
    /// At most.
    pub(super) longest: Duration,
}

/// A socket that is connected to the server of a check: it hears nobody else, and hears that nobody listens there.
pub(super) struct Datagrams(UdpSocket);

impl Datagrams {
    /// Opens it, along the route of the check, at a port of the system's choice.
    pub(super) fn open(ask: &Ask<'_>) -> Result<Self, Failure> {
        ask.enter(Stage::Connect);
        let target = ask.spec.target;
        let open = || {
            let socket = Socket::new(Domain::for_address(target), Type::DGRAM, Some(Protocol::UDP))?;
            socket.set_nonblocking(true)?;
            net::set_out(&socket, ask.spec.route)?;
            socket.connect(&target.into())?;
            Ok(socket)
        };
        open().and_then(Self::over).map_err(|error| trouble::failure(&error, Stage::Connect))
    }

    /// Takes a socket that is connected, does not block, and may be one of ICMP: it is read and written alike.
    pub(super) fn over(socket: Socket) -> io::Result<Self> {
        UdpSocket::from_std(socket.into()).map(Self)
    }

    /// Its own address.
    pub(super) fn local(&self) -> Result<SocketAddr, Failure> {
        self.0.local_addr().map_err(|error| trouble::failure(&error, Stage::Connect))
    }

    /// Asks once, and hands what comes to `take`, until that is content.
    pub(super) async fn ask_once<R>(
        &self,
        ask: &Ask<'_>,
        request: &[u8],
        take: impl FnMut(&[u8]) -> Option<R>,
    ) -> Result<R, Failure> {
        self.send(ask, request).await?;
        self.receive(take).await
    }

    /// The same; and asks again while nothing comes that `take` is content with, in the same words, so that a server that
    /// has heard the question already can tell.
    pub(super) async fn ask<R>(
        &self,
        ask: &Ask<'_>,
        request: &[u8],
        patience: Patience,
        mut take: impl FnMut(&[u8]) -> Option<R>,
    ) -> Result<R, Failure> {
        let mut wait = patience.first.min(ask.spec.cadence.deadline / 3);
        loop {
            self.send(ask, request).await?;
            let until = Instant::now() + wait;
            if let Ok(answer) = timeout_at(until, self.receive(&mut take)).await {
                return answer;
            }
            wait = (wait * 2).min(patience.longest);
        }
    }

    async fn send(&self, ask: &Ask<'_>, request: &[u8]) -> Result<(), Failure> {
        ask.enter(Stage::Answer);
        self.0.send(request).await.map_err(failure)?;
        Ok(())
    }

    async fn receive<R>(&self, mut take: impl FnMut(&[u8]) -> Option<R>) -> Result<R, Failure> {
        loop {
            // A flood of datagrams that say nothing is not to keep this thread to itself.
            tokio::task::consume_budget().await;
            // What the network answered (ICMP) is no datagram, so that it must be waited for expressly.
            let ready = self.0.ready(Interest::READABLE | Interest::ERROR).await.map_err(failure)?;
            if ready.is_error() {
                if let Some(error) = self.0.take_error().map_err(failure)? {
                    return Err(failure(error));
                }
                // It was taken, by a call that sent something.
                let _ = self.0.try_io(Interest::ERROR, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
            }
            match self.0.try_io(Interest::READABLE, || self.next(&mut take)) {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(failure(error)),
            }
        }
    }

    /// The buffer is on the stack, and only while there is something to read.
    fn next<R>(&self, take: &mut impl FnMut(&[u8]) -> Option<R>) -> io::Result<Option<R>> {
        let mut bytes = [0; LONGEST];
        let (length, _) = rustix::net::recv(&self.0, &mut bytes[..], RecvFlags::DONTWAIT)?;
        Ok(take(&bytes[..length]))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn failure(error: io::Error) -> Failure {
    trouble::failure(&error, Stage::Answer)
}
