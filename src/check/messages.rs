//! The bounded reader that all protocols share whose messages have their length in front: no server can make a check
//! hold more than [`LONGEST`] bytes of a message, whatever length it announces.

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Ask, net, trouble};
use crate::health::{Failure, Stage};

/// The most that is held of a message. Errors and logins, which are all that is read, are far shorter.
pub(super) const LONGEST: usize = 16 * 1024;
/// The longest message that is skipped. A server that announces more means something else than we understand.
const SKIPPED: usize = 1 << 20;

/// A connection that is read message by message.
pub(super) struct Messages<S> {
    stream: S,
    /// What came and was not taken yet.
    buffer: Vec<u8>,
    /// The part of it that has been taken.
    taken: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Messages<S> {
    /// Reads this connection from here on.
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), taken: 0 }
    }

    /// The next bytes, so many.
    ///
    /// # Errors
    /// The connection ended or failed first, or they are too many to hold.
    pub(super) async fn take(
        &mut self,
        ask: &Ask<'_>,
        stage: Stage,
        length: usize,
    ) -> Result<&[u8], Failure> {
        ask.enter(stage);
        if length > LONGEST {
            return Err(too_long(length));
        }
        while self.buffer.len() - self.taken < length {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            let buffer = &mut self.buffer;
            receive(&mut self.stream, stage, |bytes| buffer.extend_from_slice(bytes)).await?;
        }
        let from = self.taken;
        self.taken += length;
        Ok(&self.buffer[from..self.taken])
    }

    /// Passes over the next bytes, so many, and holds none of them.
    ///
    /// # Errors
    /// The connection ended or failed first, or they are more than any message that is understood.
    pub(super) async fn skip(&mut self, ask: &Ask<'_>, stage: Stage, length: usize) -> Result<(), Failure> {
        ask.enter(stage);
        if length > SKIPPED {
            return Err(too_long(length));
        }
        let here = length.min(self.buffer.len() - self.taken);
        self.taken += here;
        let mut left = length - here;
        while left > 0 {
            self.buffer.clear();
            self.taken = 0;
            let buffer = &mut self.buffer;
            receive(&mut self.stream, stage, |bytes| {
                let skipped = left.min(bytes.len());
                left -= skipped;
                buffer.extend_from_slice(&bytes[skipped..]);
            })
            .await?;
        }
        Ok(())
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// The connection failed.
    pub(super) async fn send(&mut self, bytes: &[u8], stage: Stage) -> Result<(), Failure> {
        net::send(&mut self.stream, bytes, stage).await
    }

    /// The connection itself.
    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Gives the connection back, to be protected. What the server sent ahead of that must not be taken for what it
    /// sends under protection (CVE-2021-23222 is such a mistake).
    ///
    /// # Errors
    /// Something came already.
    #[cfg(any(feature = "ldap", feature = "mysql"))]
    pub(super) fn into_inner(self) -> Result<S, Failure> {
        if self.taken < self.buffer.len() {
            return Err(Failure::Protocol("the server sent more than its consent to TLS".to_owned()));
        }
        Ok(self.stream)
    }
}

/// Hands what comes next to `take`: at least one byte.
async fn receive<S>(stream: &mut S, stage: Stage, mut take: impl FnMut(&[u8])) -> Result<(), Failure>
where
    S: AsyncRead + Unpin,
{
    let came = net::receive(stream, |bytes| {
        take(bytes);
        !bytes.is_empty()
    });
    if came.await.map_err(|error| trouble::failure(&error, stage))? {
        Ok(())
    } else {
        Err(Failure::Closed(stage))
    }
}

fn too_long(length: usize) -> Failure {
    Failure::Protocol(format!("a message of {length} bytes"))
}
