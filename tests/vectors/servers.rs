//! The real servers of a vector: all of them in one thread, which is in the network of the vector's world.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    os::fd::AsFd,
    pin::Pin,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use openssl::ssl::{Ssl, SslContext};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    sync::oneshot,
    task::JoinSet,
};
use tokio_openssl::SslStream;

use crate::{certificates::Pair, essence, ftp, script, vector::ServerSpec, world::World};

/// They end with it.
pub(crate) struct Servers {
    asked: Asked,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What was asked, once each: the address and the words.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<BTreeSet<String>>>);

impl Asked {
    fn add(&self, who: &str, text: &str) {
        let lines = essence::asked(text).into_iter().map(|line| format!("{who} {line}"));
        self.0.lock().unwrap().extend(lines);
    }
}

impl Servers {
    pub(crate) fn start(world: &World, specs: &[ServerSpec]) -> Self {
        let asked = Asked::default();
        let (end, ended) = oneshot::channel();
        let (ready, listening) = std::sync::mpsc::channel();
        let network = world.network();
        let (theirs, specs) = (asked.clone(), specs.to_vec());
        let folder = world.folder().to_str().unwrap().to_owned();
        let work = move || {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut servers = JoinSet::new();
                for spec in specs {
                    if spec.udp {
                        let socket = UdpSocket::bind(spec.address).await.unwrap();
                        servers.spawn(answer(socket, spec, theirs.clone()));
                    } else {
                        let listener = TcpListener::bind(spec.address).await.unwrap();
                        servers.spawn(accept(listener, spec, folder.clone(), theirs.clone()));
                    }
                }
                ready.send(()).unwrap();
                let _ = ended.await;
            });
        };
        let thread = thread::spawn(work);
        listening.recv().unwrap();
        Self { asked, end: Some(end), thread: Some(thread) }
    }

    /// What they were asked so far.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.asked.0.lock().unwrap().clone()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.thread.take().unwrap().join();
    }
}

async fn accept(listener: TcpListener, spec: ServerSpec, folder: String, asked: Asked) {
    let context = spec.tls.then(|| Pair::self_signed("localhost").server());
    let spec = Arc::new(spec);
    let mut connections = JoinSet::new();
    loop {
        // A client that reset its connection already is no concern of the next one.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (spec, folder, asked) = (spec.clone(), folder.clone(), asked.clone());
        // So that the finished ones are forgotten.
        while connections.try_join_next().is_some() {}
        connections.spawn(talk(stream, spec, context.clone(), folder, asked));
    }
}

async fn talk(
    stream: TcpStream,
    spec: Arc<ServerSpec>,
    context: Option<SslContext>,
    folder: String,
    asked: Asked,
) {
    let who = spec.address.to_string();
    let heard = |text: &str| asked.add(&who, text);
    // How a client leaves is its own affair.
    let _ = match (&spec.ftp, context) {
        (Some(file), _) => ftp::serve(stream, file, heard).await,
        (None, None) => script::play(stream, &spec.script, &folder, heard).await,
        (None, Some(context)) => {
            let mut stream = SslStream::new(Ssl::new(&context).unwrap(), stream).unwrap();
            if Pin::new(&mut stream).accept().await.is_err() {
                return;
            }
            script::play(stream, &spec.script, &folder, heard).await
        }
    };
}

async fn answer(socket: UdpSocket, spec: ServerSpec, asked: Asked) {
    let who = format!("{}/udp", spec.address);
    let mut datagram = [0; 2_048];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut datagram).await else { continue };
        let question = &datagram[..length];
        if let Some(addresses) = &spec.dns {
            asked.add(&who, &essence::question(question));
            respond(&socket, client, named(question, addresses)).await;
            continue;
        }
        if spec.address.port() == 1812 {
            asked.add(&who, &essence::attributes(question));
        } else {
            asked.add(&who, &String::from_utf8_lossy(question));
        }
        if let Some(reply) = &spec.reply {
            respond(&socket, client, reply.as_bytes().to_vec()).await;
        }
    }
}

async fn respond(socket: &UdpSocket, client: SocketAddr, answer: Vec<u8>) {
    // A client that has gone needs none.
    let _ = socket.send_to(&answer, client).await;
}

/// A name server's answer (RFC 1035, section 4): the question, and these addresses for its name.
fn named(question: &[u8], addresses: &[Ipv4Addr]) -> Vec<u8> {
    const HEADER: usize = 12;
    // After the name, which ends with an empty label, come a type and a class of two bytes each.
    let name = question.iter().skip(HEADER).position(|byte| *byte == 0).unwrap_or_default();
    let asked = question.get(HEADER..HEADER + name + 5).unwrap_or_default();
    let count = u8::try_from(addresses.len()).unwrap();
    let mut answer = question.get(..2).unwrap_or_default().to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(asked);
    for address in addresses {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    answer
}
