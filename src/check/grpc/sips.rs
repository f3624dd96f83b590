//! A connection as HTTP/2 is given it: in sips. h2 takes in all that has come before it lets us look, and what it makes of a
//! small frame is many times as large as the frame; so it gets little at a time, and not without end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    check::{stream::Stream, tls::words},
    health::{Failure, Stage},
};

/// So much at a time.
const SIP: usize = 2 * 1024;
/// And so much in all: many times what a good server has to say.
const ALL: usize = 16 * 1024;

pub(super) struct Sips {
    stream: Stream,
    /// So much may still come.
    left: usize,
    /// And so much before it is somebody else's turn.
    sip: usize,
}

impl Sips {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, left: ALL, sip: SIP }
    }
}

impl AsyncRead for Sips {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.sip == 0 {
            self.sip = SIP;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "an answer that does not end",
            )));
        }
        let mut bytes = [0; SIP];
        let most = self.sip.min(self.left).min(buffer.remaining());
        let mut sip = ReadBuf::new(&mut bytes[..most]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut sip)).map_err(of_tls)?;
        buffer.put_slice(sip.filled());
        self.left -= sip.filled().len();
        self.sip -= sip.filled().len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sips {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes).map_err(of_tls)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context).map_err(of_tls)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context).map_err(of_tls)
    }
}

/// h2 keeps the kind of an error and its words; that OpenSSL's mean the end of the connection would be lost.
fn of_tls(error: io::Error) -> io::Error {
    match words::of_io(&error, Stage::Answer) {
        Some(Failure::Closed(_)) => io::ErrorKind::UnexpectedEof.into(),
        _ => error,
    }
}
