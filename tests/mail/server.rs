//! A mail server on loopback that does as it is told, and remembers what it heard.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use openssl::ssl::{Ssl, SslContext};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_openssl::SslStream;

/// How it behaves.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// What it says to a line that begins with this, in the place of `250 ok`.
    pub(crate) answers: Vec<(&'static str, &'static str)>,
    /// It accepts connections and says nothing.
    pub(crate) hangs: bool,
    /// Its certificate, and whether TLS begins with the first byte.
    pub(crate) tls: Option<(SslContext, bool)>,
    /// So many connections find it busy.
    pub(crate) busy: usize,
}

impl Manner {
    /// Answers lines that begin with `line` by `answer`.
    pub(crate) fn saying(line: &'static str, answer: &'static str) -> Self {
        Self { answers: vec![(line, answer)], ..Self::default() }
    }
}

/// A running server; it ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (ear, mut tasks) = (heard.clone(), JoinSet::new());
        tasks.spawn(async move {
            let (mut callers, mut count) = (JoinSet::new(), 0);
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count += 1;
                callers.spawn(receive(stream, manner.clone(), count, ear.clone()));
            }
        });
        Self { address, heard, _tasks: tasks }
    }

    /// The lines it has heard so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Those that begin with this.
    pub(crate) fn heard_of(&self, start: &str) -> Vec<String> {
        self.heard().into_iter().filter(|line| line.starts_with(start)).collect()
    }
}

async fn receive(stream: TcpStream, manner: Manner, count: usize, ear: Arc<Mutex<Vec<String>>>) {
    if manner.hangs {
        std::future::pending::<()>().await;
    }
    match manner.tls.clone() {
        Some((context, true)) => {
            if let Some(stream) = shake_hands(stream, &context).await {
                talk(stream, &manner, count, &ear, true).await;
            }
        }
        _ => {
            if let Some(stream) = talk(stream, &manner, count, &ear, true).await
                && let Some((context, _)) = &manner.tls
                && let Some(stream) = shake_hands(stream, context).await
            {
                ear.lock().unwrap().push("(in TLS)".to_owned());
                talk(stream, &manner, count, &ear, false).await;
            }
        }
    }
}

async fn shake_hands(stream: TcpStream, context: &SslContext) -> Option<SslStream<TcpStream>> {
    let mut stream = SslStream::new(Ssl::new(context).unwrap(), stream).unwrap();
    std::pin::Pin::new(&mut stream).accept().await.ok()?;
    Some(stream)
}

/// Gives the stream back where TLS shall begin on it.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    manner: &Manner,
    count: usize,
    ear: &Mutex<Vec<String>>,
    greets: bool,
) -> Option<S> {
    if greets {
        let busy = count <= manner.busy;
        let greeting = if busy { "421 busy\r\n" } else { "220 mx\r\n" };
        stream.write_all(greeting.as_bytes()).await.ok()?;
        if busy {
            return None;
        }
    }
    let (mut in_data, mut line) = (false, Vec::new());
    loop {
        let byte = stream.read_u8().await.ok()?;
        line.push(byte);
        if !line.ends_with(b"\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        ear.lock().unwrap().push(text.clone());
        if in_data && text != "." {
            continue;
        }
        let own = manner.answers.iter().find(|(start, _)| text.starts_with(start)).map(|(_, answer)| *answer);
        let answer = match (own, text.split(' ').next().unwrap_or_default()) {
            (Some(own), _) => own,
            (None, "EHLO") if manner.tls.as_ref().is_some_and(|(_, wraps)| !wraps) => {
                "250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"
            }
            (None, "EHLO") => "250-mx\r\n250 AUTH PLAIN LOGIN",
            (None, "DATA") => "354 go",
            (None, "AUTH") => "235 welcome",
            (None, "QUIT") => "221 bye",
            (None, "STARTTLS") => "220 go",
            (None, _) => "250 ok",
        };
        in_data = text == "DATA" && answer.starts_with("354");
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        if text == "STARTTLS" && answer.starts_with("220") {
            return Some(stream);
        }
        if text == "QUIT" {
            return None;
        }
    }
}
