//! What a server does as long as it behaves: a script, up to the place at which it begins to misbehave.

use std::{io, net::IpAddr, pin::Pin, sync::Arc};

use openssl::ssl::{Ssl, SslContext};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_openssl::SslStream;

/// A step of a well-behaved server.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Waits until this has come.
    HearTo(&'static str),
    /// Waits until so many bytes have come.
    HearBytes(usize),
    /// Waits for a message of the client's, which comes in one piece.
    HearMessage,
    Say(Arc<[u8]>),
    /// Shakes hands in TLS, with a good certificate.
    Secure,
    /// Lets this connection go, and waits for the next one.
    NextConnection,
    /// Listens for a data connection, and says where (FTP).
    Passive,
    /// Goes on with the data connection.
    OnData,
    /// Closes it, and goes on with the one before.
    OffData,
}

pub(crate) fn say(bytes: impl AsRef<[u8]>) -> Step {
    Step::Say(bytes.as_ref().into())
}

/// The server's end of a connection.
pub(crate) enum Link {
    Plain(TcpStream),
    Tls(SslStream<TcpStream>),
}

impl Link {
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    /// Waits until something has come.
    pub(crate) async fn hear(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let heard = match self {
            Self::Plain(stream) => stream.read(buffer).await?,
            Self::Tls(stream) => stream.read(buffer).await?,
        };
        if heard == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(heard) }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    /// Shakes hands as this context says.
    pub(crate) async fn secure(self, context: &SslContext) -> io::Result<Self> {
        let Self::Plain(stream) = self else { return Err(io::Error::other("TLS twice")) };
        let mut stream = SslStream::new(Ssl::new(context)?, stream)?;
        Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
        Ok(Self::Tls(stream))
    }

    pub(crate) async fn close(self) -> io::Result<()> {
        match self {
            Self::Plain(mut stream) => stream.shutdown().await,
            Self::Tls(mut stream) => stream.shutdown().await,
        }
    }
}

/// So much may be on its way: what was said has been heard, but for that.
const SENDING: usize = 64 << 10;

/// Listens at a free port. The segments are those of an Ethernet: loopback's are so large that a client which is slow to
/// acknowledge is sent one at a time.
pub(crate) async fn listen(ip: IpAddr) -> TcpListener {
    let listener = TcpListener::bind((ip, 0)).await.unwrap();
    SockRef::from(&listener).set_tcp_mss(1440).unwrap();
    SockRef::from(&listener).set_send_buffer_size(SENDING).unwrap();
    listener
}

/// What is said leaves at once, as with most servers; and before a reset.
async fn accept(listener: &TcpListener) -> io::Result<Link> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(Link::Plain(stream))
}

/// A server with one conversation.
pub(crate) struct Actor {
    listener: TcpListener,
    context: SslContext,
    data: Option<TcpListener>,
    /// Connections that stay open beside the one at hand.
    held: Vec<Link>,
}

impl Actor {
    pub(crate) fn new(listener: TcpListener, context: SslContext) -> Self {
        Self { listener, context, data: None, held: Vec::new() }
    }

    /// Waits for its client, and goes through the script with it; gives the connection at hand then.
    pub(crate) async fn play(&mut self, script: &[Step]) -> io::Result<Link> {
        let link = accept(&self.listener).await?;
        self.go_on(link, script).await
    }

    /// Goes on with this script.
    pub(crate) async fn go_on(&mut self, mut link: Link, script: &[Step]) -> io::Result<Link> {
        for step in script {
            match step {
                Step::HearTo(end) => {
                    let mut heard = Vec::new();
                    while !heard.ends_with(end.as_bytes()) {
                        let mut byte = [0];
                        link.hear(&mut byte).await?;
                        heard.extend(byte);
                    }
                }
                Step::HearBytes(count) => {
                    for _ in 0..*count {
                        link.hear(&mut [0]).await?;
                    }
                }
                Step::HearMessage => {
                    link.hear(&mut [0; 4096]).await?;
                }
                Step::Say(bytes) => link.say(bytes).await?,
                Step::Secure => link = link.secure(&self.context).await?,
                Step::NextConnection => {
                    link.close().await?;
                    link = accept(&self.listener).await?;
                }
                Step::Passive => link = self.listen(link).await?,
                Step::OnData => {
                    let data = self.data.take().ok_or(io::ErrorKind::NotConnected)?;
                    self.held.push(link);
                    link = accept(&data).await?;
                }
                Step::OffData => {
                    link.close().await?;
                    link = self.held.pop().ok_or(io::ErrorKind::NotConnected)?;
                }
            }
        }
        Ok(link)
    }

    async fn listen(&mut self, mut link: Link) -> io::Result<Link> {
        let ip = link.socket().local_addr()?.ip();
        let data = listen(ip).await;
        let port = data.local_addr()?.port();
        let reply = if ip.is_ipv4() {
            format!("227 Entering (127,0,0,1,{},{})\r\n", port >> 8, port & 0xff)
        } else {
            format!("229 Entering (|||{port}|)\r\n")
        };
        link.say(reply.as_bytes()).await?;
        self.data = Some(data);
        Ok(link)
    }
}
