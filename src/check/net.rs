//! Sockets: how every protocol opens its connection, writes and reads.

use std::{io, net::SocketAddr};

use socket2::{SockRef, Socket};
use tokio::net::{TcpSocket, TcpStream};

use super::trouble;
use crate::{
    health::{Failure, Stage},
    model::Route,
};

/// When the third packet of the TCP handshake is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ack {
    /// With our first data, or never when we have none. One packet less; and for a bare connect check the server's
    /// program is never woken. For protocols in which we speak first.
    Late,
    /// At once: for protocols in which the server speaks first.
    Prompt,
}

/// Opens a connection, along this route. When it is dropped it is reset (linger of zero), so that a director that opens
/// thousands a second keeps none in `TIME_WAIT`.
pub(super) async fn dial(target: SocketAddr, route: Route, ack: Ack) -> io::Result<TcpStream> {
    let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_zero_linger()?;
    if ack == Ack::Late {
        SockRef::from(&socket).set_tcp_quickack(false)?;
    }
    set_out(&SockRef::from(&socket), route)?;
    socket.connect(target).await
}

/// Has what a socket sends leave along this route.
pub(super) fn set_out(socket: &Socket, route: Route) -> io::Result<()> {
    if let Some(mark) = route.mark {
        socket.set_mark(mark.get()).map_err(|error| {
            let words = trouble::words(&error);
            io::Error::other(format!("check-fwmark {mark} cannot be set, it takes CAP_NET_ADMIN: {words}"))
        })?;
    }
    if let Some(source) = route.source {
        socket.bind(&SocketAddr::new(source, 0).into()).map_err(|error| {
            let words = trouble::words(&error);
            io::Error::other(format!("check-source {source}, is it an address of this machine? {words}"))
        })?;
    }
    Ok(())
}

/// Sends bytes, all of them.
pub(super) async fn send<S>(stream: &mut S, bytes: &[u8], stage: Stage) -> Result<(), Failure>
where
    S: tokio::io::AsyncWrite + Unpin,
{
    use tokio::io::AsyncWriteExt as _;

    let sent = async {
        stream.write_all(bytes).await?;
        // TLS may hold some of it back.
        stream.flush().await
    };
    sent.await.map_err(|error| trouble::failure(&error, stage))
}

/// Hands what comes next to `take`: at least one byte, or none when the connection has ended.
///
/// The buffer is on the stack, and only while there is something to read: a probe that waits holds no buffer.
pub(super) async fn receive<S, R>(stream: &mut S, mut take: impl FnMut(&[u8]) -> R) -> io::Result<R>
where
    S: tokio::io::AsyncRead + Unpin,
{
    use std::{
        future::poll_fn,
        mem::MaybeUninit,
        pin::Pin,
        task::{Poll, ready},
    };

    const BUFFER: usize = 8 * 1024;
    poll_fn(|context| {
        let mut bytes = [MaybeUninit::uninit(); BUFFER];
        let mut buffer = tokio::io::ReadBuf::uninit(&mut bytes);
        match ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer)) {
            // Servers that end a TLS connection without saying so (RFC 8446, 6.1) are many: whether anything is
            // missing is for the protocol inside to know.
            Err(error) if super::tls::words::is_end(&error) => Poll::Ready(Ok(take(&[]))),
            Err(error) => Poll::Ready(Err(error)),
            Ok(()) => Poll::Ready(Ok(take(buffer.filled()))),
        }
    })
    .await
}
