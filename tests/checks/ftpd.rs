//! A small FTP server with faults to order.

#![expect(clippy::wildcard_enum_match_arm, reason = "each fault shows in one place")]

use std::{net::IpAddr, pin::Pin, sync::Arc};

use ldirectord::model::TlsStart;
use openssl::ssl::{Ssl, SslContext};
use socket2::{SockRef, Socket};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex},
    net::TcpListener,
};
use tokio_openssl::SslStream;

use crate::{
    server::{Server, drip},
    talk::Wire,
};

/// What is wrong with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Never says this reply, and holds the connection.
    SilentAt(&'static str),
    /// Says this instead of the reply to that command (`""` is the greeting), and closes.
    Says(&'static str, &'static str),
    /// Says its greeting one byte at a time.
    Drips,
    /// Says this for ever.
    Endless(&'static str),
    /// Tells an address and port for the data connection at which nobody listens.
    DataRefused,
    /// Sends the file without end.
    EndlessFile,
    /// Sends nothing on the data connection.
    SilentFile,
    /// Sends half of the file and resets both connections.
    ResetInFile,
    /// Sends half of the file and says that it failed.
    Aborts,
    /// Shakes hands on the data connection before it says that it begins.
    HandshakeFirst,
    /// Has no TLS on the data connection.
    BareData,
}

pub(crate) const USER: &str = "monitor";
pub(crate) const PASSWORD: &str = "secret";

/// A server with one file, `/file`.
pub(crate) async fn serve(ip: IpAddr, fault: Fault, file: impl AsRef<[u8]>) -> Server {
    serve_in(None, ip, fault, file).await
}

/// The same, with TLS.
pub(crate) async fn serve_in(
    tls: Option<(SslContext, TlsStart)>,
    ip: IpAddr,
    fault: Fault,
    file: impl AsRef<[u8]>,
) -> Server {
    let file: Arc<[u8]> = file.as_ref().into();
    Server::new(ip, move |stream, heard| {
        let socket = SockRef::from(&stream).try_clone().unwrap();
        let session = Session {
            fault,
            file: Arc::clone(&file),
            ip,
            control: BufReader::new(Box::new(stream)),
            socket,
            data: None,
            tls: tls.clone(),
            is_private: false,
        };
        async move {
            // The client went away, as it may.
            let _ = session.run(&heard).await;
        }
    })
    .await
}

struct Session {
    fault: Fault,
    file: Arc<[u8]>,
    ip: IpAddr,
    control: BufReader<Box<dyn Wire>>,
    /// Of the control connection.
    socket: Socket,
    data: Option<TcpListener>,
    tls: Option<(SslContext, TlsStart)>,
    /// Data go in TLS.
    is_private: bool,
}

impl Session {
    async fn run(mut self, heard: &std::sync::Mutex<Vec<String>>) -> std::io::Result<()> {
        if matches!(self.tls, Some((_, TlsStart::AtOnce))) {
            self.protect().await?;
        }
        self.say("", "220-Welcome\r\n220 ready").await?;
        loop {
            let mut line = String::new();
            if self.control.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            heard.lock().unwrap().push(line.clone());
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match verb {
                "AUTH" if self.tls.is_some() => {
                    self.say(verb, "234 go on").await?;
                    self.protect().await?;
                }
                "PBSZ" => self.say(verb, "200 PBSZ=0").await?,
                "PROT" => {
                    self.is_private = true;
                    self.say(verb, "200 private").await?;
                }
                "USER" => self.say(verb, "331 password").await?,
                "PASS" if argument == PASSWORD => self.say(verb, "230 in").await?,
                "PASS" => self.say(verb, "530 Login incorrect.").await?,
                "TYPE" => self.say(verb, "200 ok").await?,
                "PASV" | "EPSV" => {
                    let reply = self.listen(verb).await?;
                    self.say(verb, &reply).await?;
                }
                "RETR" if argument == "/file" => self.send().await?,
                "RETR" => self.say(verb, "550 Failed to open file.").await?,
                "QUIT" => self.say(verb, "221 bye").await?,
                _ => self.say(verb, "502 what?").await?,
            }
        }
    }

    /// The control connection goes on in TLS.
    async fn protect(&mut self) -> std::io::Result<()> {
        let bare = std::mem::replace(&mut self.control, BufReader::new(Box::new(duplex(1).0)));
        self.control = BufReader::new(self.handshake(bare.into_inner()).await?);
        Ok(())
    }

    async fn handshake(&mut self, wire: Box<dyn Wire>) -> std::io::Result<Box<dyn Wire>> {
        let (context, _) = self.tls.as_ref().unwrap();
        let mut stream = SslStream::new(Ssl::new(context).unwrap(), wire).unwrap();
        Pin::new(&mut stream).accept().await.map_err(std::io::Error::other)?;
        Ok(Box::new(stream))
    }

    async fn say(&mut self, at: &str, reply: &str) -> std::io::Result<()> {
        let stream = self.control.get_mut();
        match self.fault {
            Fault::SilentAt(verb) if verb == at => std::future::pending().await,
            Fault::Says(verb, instead) if verb == at => {
                stream.write_all(instead.as_bytes()).await?;
                Err(std::io::ErrorKind::Other.into())
            }
            Fault::Drips => drip(stream, format!("{reply}, but far too late\r\n").as_bytes()).await,
            Fault::Endless(text) => loop {
                stream.write_all(text.repeat(100).as_bytes()).await?;
            },
            _ => stream.write_all(format!("{reply}\r\n").as_bytes()).await,
        }
    }

    async fn listen(&mut self, verb: &str) -> std::io::Result<String> {
        let listener = TcpListener::bind((self.ip, 0)).await?;
        let port = listener.local_addr()?.port();
        self.data = (self.fault != Fault::DataRefused).then_some(listener);
        Ok(match verb {
            "EPSV" => format!("229 Entering (|||{port}|)"),
            // A private address, as from behind NAT: to be ignored.
            _ => format!("227 Entering (10,255,255,1,{},{})", port >> 8, port & 0xff),
        })
    }

    async fn send(&mut self) -> std::io::Result<()> {
        let listener = self.data.take().unwrap();
        let (data, _) = listener.accept().await?;
        let sockets = [SockRef::from(&data).try_clone()?, self.socket.try_clone()?];
        let mut data: Box<dyn Wire> = Box::new(data);
        let is_private = self.is_private && self.fault != Fault::BareData;
        if is_private && self.fault == Fault::HandshakeFirst {
            data = self.handshake(data).await?;
        }
        self.say("RETR", "150 here it comes").await?;
        if is_private && self.fault != Fault::HandshakeFirst {
            data = self.handshake(data).await?;
        }
        let half = &self.file[..self.file.len() / 2];
        match self.fault {
            Fault::EndlessFile => loop {
                data.write_all(&self.file).await?;
            },
            Fault::SilentFile => std::future::pending().await,
            Fault::ResetInFile => {
                data.write_all(half).await?;
                for socket in sockets {
                    socket.set_linger(Some(std::time::Duration::ZERO))?;
                }
                Err(std::io::ErrorKind::Other.into())
            }
            Fault::Aborts => {
                data.write_all(half).await?;
                drop(data);
                self.say("226", "426 Failure writing network stream.").await
            }
            _ => {
                data.write_all(&self.file).await?;
                data.shutdown().await?;
                drop(data);
                self.say("226", "226 done").await
            }
        }
    }
}
