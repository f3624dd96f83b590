//! What the servers of protocols in messages share: a connection that may turn into TLS, and messages with their length in
//! front.

use std::{io, pin::Pin};

use openssl::ssl::{Ssl, SslContext};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_openssl::SslStream;

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// The server's end of a connection.
pub(crate) struct Wire(Box<dyn Duplex>);

impl Wire {
    pub(crate) fn new(stream: impl Duplex + 'static) -> Self {
        Self(Box::new(stream))
    }

    /// Goes on with TLS.
    pub(crate) async fn secured(self, context: &SslContext) -> io::Result<Self> {
        let mut stream = SslStream::new(Ssl::new(context)?, self.0)?;
        Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
        Ok(Self::new(stream))
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(bytes.as_ref()).await?;
        self.0.flush().await
    }

    /// Says it until nobody listens any more.
    pub(crate) async fn say_for_ever(&mut self, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.say(bytes).await?;
        }
    }

    pub(crate) async fn hear(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    pub(crate) async fn hear_byte(&mut self) -> io::Result<u8> {
        self.0.read_u8().await
    }
}

/// With the NUL at its end.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}
