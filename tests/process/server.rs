//! Real servers: all addresses of a port at once, each with a behaviour and a count of its own.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Instant,
};

use openssl::ssl::{Ssl, SslContext};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
};
use tokio_openssl::SslStream;

use crate::world::World;

/// How one address answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A page that says "ok".
    #[default]
    Ok,
    /// A page that says something else.
    Wrong,
    /// Nothing, for ever.
    Silence,
}

#[derive(Default)]
struct Shared {
    answers: HashMap<IpAddr, Answer>,
    asked: HashMap<IpAddr, Vec<Instant>>,
}

/// All servers of a port of the world; they end with it.
pub(crate) struct Servers {
    shared: Arc<Mutex<Shared>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Servers {
    /// Serves pages on port 8000 of all addresses.
    pub(crate) fn http(world: &World) -> Self {
        Self::start(world, None)
    }

    /// The same on port 8443, with this certificate.
    pub(crate) fn https(world: &World, tls: SslContext) -> Self {
        Self::start(world, Some(tls))
    }

    fn start(world: &World, tls: Option<SslContext>) -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let (end, ended) = oneshot::channel();
        let (ready, listening) = std::sync::mpsc::channel();
        let network = world.network();
        let theirs = shared.clone();
        let work = move || {
            use std::os::fd::AsFd;
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let socket = tokio::net::TcpSocket::new_v4().unwrap();
                let port = if tls.is_some() { 8443 } else { 8000 };
                socket.set_reuseaddr(true).unwrap();
                socket.bind(SocketAddr::from(([0, 0, 0, 0], port))).unwrap();
                let listener = socket.listen(4096).unwrap();
                ready.send(()).unwrap();
                tokio::select! {
                    () = accept(listener, theirs, tls) => {}
                    _ = ended => {}
                }
            });
        };
        let thread = thread::spawn(work);
        listening.recv().unwrap();
        Self { shared, end: Some(end), thread: Some(thread) }
    }

    /// This address answers so from now on.
    pub(crate) fn answer(&self, address: &str, answer: Answer) {
        self.shared.lock().unwrap().answers.insert(address.parse().unwrap(), answer);
    }

    /// When an address was asked.
    pub(crate) fn asked(&self, address: &str) -> Vec<Instant> {
        let shared = self.shared.lock().unwrap();
        shared.asked.get(&address.parse::<IpAddr>().unwrap()).cloned().unwrap_or_default()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.thread.take().unwrap().join();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Mutex<Shared>>, tls: Option<SslContext>) {
    loop {
        // A client that reset its connection already is no concern of the next one.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let Ok(local) = stream.local_addr() else { continue };
        let answer = {
            let mut shared = shared.lock().unwrap();
            shared.asked.entry(local.ip()).or_default().push(Instant::now());
            shared.answers.get(&local.ip()).copied().unwrap_or_default()
        };
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => talk(stream, answer).await,
                Some(context) => {
                    let mut stream = SslStream::new(Ssl::new(&context).unwrap(), stream).unwrap();
                    if Pin::new(&mut stream).accept().await.is_ok() {
                        talk(stream, answer).await;
                    }
                }
            }
        });
    }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: Answer) {
    let mut request = [0; 2048];
    let read = stream.read(&mut request).await;
    let page = match answer {
        Answer::Ok => "ok\n",
        Answer::Wrong => "out of order\n",
        Answer::Silence => std::future::pending().await,
    };
    if read.is_ok() {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", page.len());
        let _ = stream.write_all(format!("{head}{page}").as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}
