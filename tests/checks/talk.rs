//! Servers that hold a conversation, line by line, as a script says.

use std::{net::IpAddr, sync::Arc};

use openssl::ssl::{Ssl, SslContext};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Duration, Instant, sleep},
};
use tokio_openssl::SslStream;

use crate::server::Server;

/// What the server does next.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// Says this as it is.
    Say(String),
    /// Hears a line, whatever it is.
    Hear,
    /// Hears so many bytes.
    HearBytes(usize),
    /// Goes on in TLS.
    Tls,
    /// Holds the connection and says nothing more.
    Hold,
}

/// Says these lines, each with its end.
pub(crate) fn say(lines: &str) -> Turn {
    Turn::Say(lines.lines().flat_map(|line| [line, "\r\n"]).collect())
}

/// Hears a line, and says these.
pub(crate) fn answer(lines: &str) -> [Turn; 2] {
    [Turn::Hear, say(lines)]
}

/// A conversation: what is said first, and what to each line that is heard.
pub(crate) fn conversation(greeting: &str, answers: &[&str]) -> Vec<Turn> {
    let answers = answers.iter().flat_map(|lines| answer(lines));
    std::iter::once(say(greeting)).chain(answers).collect()
}

/// A connection, protected or not.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A server that holds this conversation with everybody. After the last turn it hears on until its client has gone, and
/// answers nothing. Where TLS begins without having been asked for, `Turn::Tls` comes first.
pub(crate) async fn converse(ip: IpAddr, context: Option<SslContext>, turns: Vec<Turn>) -> Server {
    let turns: Arc<[Turn]> = turns.into();
    Server::new(ip, move |stream, heard| {
        let (context, turns) = (context.clone(), Arc::clone(&turns));
        async move {
            let mut wire: Box<dyn Wire> = Box::new(stream);
            for turn in turns.iter().chain(std::iter::repeat(&Turn::Hear)) {
                let done = match turn {
                    Turn::Say(text) => wire.write_all(text.as_bytes()).await,
                    Turn::Hear => line(&mut wire).await.map(|line| heard.lock().unwrap().push(line)),
                    Turn::HearBytes(count) => {
                        let mut bytes = vec![0; *count];
                        let read = wire.read_exact(&mut bytes).await;
                        read.map(|_| heard.lock().unwrap().push(String::from_utf8(bytes).unwrap()))
                    }
                    Turn::Tls => {
                        let ssl = Ssl::new(context.as_ref().unwrap()).unwrap();
                        let mut stream = SslStream::new(ssl, wire).unwrap();
                        let done = std::pin::Pin::new(&mut stream).accept().await;
                        wire = Box::new(stream);
                        done.map_err(std::io::Error::other)
                    }
                    Turn::Hold => std::future::pending().await,
                };
                // The client went away, as it may.
                if done.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

async fn line(wire: &mut Box<dyn Wire>) -> std::io::Result<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\n") {
        text.push(wire.read_u8().await?);
    }
    Ok(String::from_utf8(text).unwrap().trim_end().to_owned())
}

impl Server {
    /// All it heard, once it has heard this.
    pub(crate) async fn heard_up_to(&self, last: &str) -> Vec<String> {
        let start = Instant::now();
        while self.heard().last().is_none_or(|heard| heard != last) {
            assert!(start.elapsed() < Duration::from_secs(5), "{last} was not heard: {:?}", self.heard());
            sleep(Duration::from_millis(5)).await;
        }
        self.heard()
    }
}
