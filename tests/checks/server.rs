//! Servers on loopback, well-behaved and hostile.

use std::{
    future::{Future, pending},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use openssl::ssl::{NameType, Ssl, SslContext};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_openssl::SslStream;

/// Both loopbacks.
pub(crate) const LOOPBACKS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
/// Between two bytes of a server that drips.
const DRIP: Duration = Duration::from_millis(20);

/// What a server does on a connection, in this order. After the last it closes.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Reads up to an empty line.
    Hear,
    Say(Vec<u8>),
    /// Says it one byte at a time.
    Drip(Vec<u8>),
    /// Says it again and again.
    Forever(Vec<u8>),
    /// Holds the connection and says nothing more.
    Hold,
    /// Closes the socket, without the farewell of TLS where there is TLS.
    Vanish,
    /// Resets the connection.
    Reset,
}

pub(crate) fn say(text: impl AsRef<[u8]>) -> Act {
    Act::Say(text.as_ref().to_vec())
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What clients sent up to the empty line, and the names they asked for in TLS (`sni NAME`).
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Answers each connection with `serve`.
    pub(crate) async fn new<F, W>(ip: IpAddr, serve: F) -> Self
    where
        F: Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ears = Arc::clone(&heard);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(stream, Arc::clone(&ears)));
            }
        });
        Self { address, heard, _tasks: tasks }
    }

    /// Does the same on each connection.
    pub(crate) async fn acting(ip: IpAddr, acts: Vec<Act>) -> Self {
        Self::new(ip, move |stream, heard| {
            let acts = acts.clone();
            async move { act(stream, &acts, &heard).await }
        })
        .await
    }

    /// Does the same on each connection, inside TLS.
    pub(crate) async fn acting_in_tls(ip: IpAddr, context: SslContext, acts: Vec<Act>) -> Self {
        Self::new(ip, move |stream, heard| {
            let (acts, context) = (acts.clone(), context.clone());
            async move {
                let mut stream = SslStream::new(Ssl::new(&context).unwrap(), stream).unwrap();
                if Pin::new(&mut stream).accept().await.is_ok() {
                    let name = stream.ssl().servername(NameType::HOST_NAME).unwrap_or("-").to_owned();
                    heard.lock().unwrap().push(format!("sni {name}"));
                    act(stream, &acts, &heard).await;
                }
            }
        })
        .await
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until this is all that was heard: a farewell arrives after the check has ended.
    pub(crate) async fn has_heard(&self, wanted: &[&str]) {
        let all = async {
            while self.heard() != wanted {
                sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(Duration::from_secs(10), all).await.is_err() {
            assert_eq!(self.heard(), wanted);
        }
    }
}

/// A stream that can be reset.
trait Peer: AsyncRead + AsyncWrite + Unpin {
    fn socket(&self) -> &TcpStream;
}

impl Peer for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Peer for SslStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref()
    }
}

async fn act(mut stream: impl Peer, acts: &[Act], heard: &Mutex<Vec<String>>) {
    for act in acts {
        let done = match act {
            Act::Hear => hear(&mut stream, heard).await,
            Act::Say(bytes) => stream.write_all(bytes).await,
            Act::Drip(bytes) => drip(&mut stream, bytes).await,
            Act::Forever(bytes) => loop {
                if let Err(error) = stream.write_all(bytes).await {
                    break Err(error);
                }
            },
            Act::Hold => pending().await,
            Act::Vanish => return,
            Act::Reset => SockRef::from(stream.socket()).set_linger(Some(Duration::ZERO)),
        };
        // The client went away, as it may.
        if done.is_err() {
            return;
        }
    }
    if !matches!(acts.last(), Some(Act::Reset)) {
        let _ = stream.shutdown().await;
    }
}

async fn hear(stream: &mut (impl AsyncRead + Unpin), heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await?);
    }
    heard.lock().unwrap().push(String::from_utf8(text).unwrap());
    Ok(())
}

pub(crate) async fn drip(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        sleep(DRIP).await;
    }
    Ok(())
}

/// A server of datagrams that runs until it is dropped.
pub(crate) struct Datagrams {
    pub(crate) address: SocketAddr,
    /// What clients sent.
    pub(crate) heard: Arc<Mutex<Vec<Vec<u8>>>>,
    _tasks: JoinSet<()>,
}

impl Datagrams {
    /// Answers what `answer` says to each datagram, of which it is told the number too, from 0.
    pub(crate) async fn new<A>(ip: IpAddr, answer: A) -> Self
    where
        A: Fn(usize, &[u8]) -> Vec<Vec<u8>> + Send + 'static,
    {
        let socket = UdpSocket::bind((ip, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ears = Arc::clone(&heard);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            for number in 0.. {
                let mut bytes = vec![0; 65536];
                let (length, client) = socket.recv_from(&mut bytes).await.unwrap();
                ears.lock().unwrap().push(bytes[..length].to_vec());
                for datagram in answer(number, &bytes[..length]) {
                    socket.send_to(&datagram, client).await.unwrap();
                }
            }
        });
        Self { address, heard, _tasks: tasks }
    }

    pub(crate) fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }
}

/// An address at which nobody hears datagrams.
pub(crate) async fn nobody_hears(ip: IpAddr) -> SocketAddr {
    UdpSocket::bind((ip, 0)).await.unwrap().local_addr().unwrap()
}

/// An address at which nobody listens.
pub(crate) async fn nobody(ip: IpAddr) -> SocketAddr {
    TcpListener::bind((ip, 0)).await.unwrap().local_addr().unwrap()
}
