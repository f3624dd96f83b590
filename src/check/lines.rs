//! The bounded line reader that all protocols of lines share: no server can make a check hold more than a line of
//! [`LONGEST`] bytes, however much it sends.

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::{Ask, net, stream::Stream, trouble};
use crate::health::{Failure, Stage};

/// The longest line that is read, its end included. Protocols allow 512 to 1,024 bytes (RFC 5321, 4.5.3.1; RFC 1939, 3),
/// IMAP lists its capabilities in one line.
pub(super) const LONGEST: usize = 8 * 1024;

/// A connection that is read line by line.
pub(super) struct Lines<S> {
    stream: S,
    /// What came and was not taken yet.
    buffer: Vec<u8>,
    /// The part of it that has been taken.
    taken: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    /// Reads this connection from here on.
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), taken: 0 }
    }

    /// The next line, without its end (CR LF, or LF alone).
    ///
    /// # Errors
    /// The connection ended or failed first, or the line is too long.
    pub(super) async fn line(&mut self, ask: &Ask<'_>, stage: Stage) -> Result<&[u8], Failure> {
        match self.line_or_end(ask, stage).await? {
            Some(range) => Ok(&self.buffer[range]),
            None => Err(Failure::Closed(stage)),
        }
    }

    /// The same; nothing where the connection has ended in order, before the first byte of a line.
    #[expect(dead_code, reason = "the checks of simpletcp, which come next, are its user")]
    pub(super) async fn next(&mut self, ask: &Ask<'_>, stage: Stage) -> Result<Option<&[u8]>, Failure> {
        Ok(self.line_or_end(ask, stage).await?.map(|range| &self.buffer[range]))
    }

    async fn line_or_end(
        &mut self,
        ask: &Ask<'_>,
        stage: Stage,
    ) -> Result<Option<std::ops::Range<usize>>, Failure> {
        ask.enter(stage);
        // What was looked through already has no end of a line.
        let mut seen = self.taken;
        loop {
            if let Some(length) = self.buffer[seen..].iter().position(|&byte| byte == b'\n') {
                let (from, end) = (self.taken, seen + length);
                if end - from >= LONGEST {
                    return Err(too_long());
                }
                self.taken = end + 1;
                let end = if self.buffer[from..end].ends_with(b"\r") { end - 1 } else { end };
                return Ok(Some(from..end));
            }
            if self.buffer.len() - self.taken >= LONGEST {
                return Err(too_long());
            }
            self.buffer.drain(..self.taken);
            self.taken = 0;
            seen = self.buffer.len();
            let buffer = &mut self.buffer;
            let more = net::receive(&mut self.stream, |bytes| {
                buffer.extend_from_slice(bytes);
                !bytes.is_empty()
            });
            if !more.await.map_err(|error| trouble::failure(&error, stage))? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(Failure::Closed(stage)) };
            }
        }
    }

    /// Sends a command, with the end of its line.
    ///
    /// # Errors
    /// The connection failed; or there is a line end in the command, of which only the configuration can be the cause.
    pub(super) async fn command(&mut self, command: &str, stage: Stage) -> Result<(), Failure> {
        if command.contains(['\r', '\n', '\0']) {
            return Err(Failure::Protocol("a login or request of several lines cannot be sent".to_owned()));
        }
        self.send(format!("{command}\r\n").as_bytes(), stage).await
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// The connection failed.
    pub(super) async fn send(&mut self, bytes: &[u8], stage: Stage) -> Result<(), Failure> {
        net::send(&mut self.stream, bytes, stage).await
    }

    /// Whether something came that nobody has asked for yet.
    pub(super) fn has_more(&self) -> bool {
        self.taken < self.buffer.len()
    }

    /// The connection itself.
    pub(super) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Gives the connection back, to be protected. What the server sent ahead of that must not be taken for what it
    /// sends under protection (the STARTTLS injection of CVE-2011-0411).
    ///
    /// # Errors
    /// Something came already.
    pub(super) fn into_inner(self) -> Result<S, Failure> {
        if self.has_more() {
            return Err(Failure::Protocol("the server sent more than the answer to STARTTLS".to_owned()));
        }
        Ok(self.stream)
    }
}

impl Lines<Stream> {
    /// Says farewell and does not wait for the answer: the check has passed, and a server that hangs now must not change
    /// that. The connection is closed in the ordinary way, so that the server still reads it.
    pub(super) fn take_leave(mut self, farewell: &str) {
        self.stream.close_in_order();
        let said = async {
            self.stream.write_all(format!("{farewell}\r\n").as_bytes()).await?;
            self.stream.shutdown().await
        };
        let _ = said.now_or_never();
    }
}

fn too_long() -> Failure {
    Failure::Protocol(format!("a line of more than {LONGEST} bytes"))
}
