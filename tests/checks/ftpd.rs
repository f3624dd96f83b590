//! A small FTP server with faults to order.

#![expect(clippy::wildcard_enum_match_arm, reason = "each fault shows in one place")]

use std::{net::IpAddr, sync::Arc};

use socket2::SockRef;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::server::{Server, drip};

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
}

pub(crate) const USER: &str = "monitor";
pub(crate) const PASSWORD: &str = "secret";

/// A server with one file, `/file`.
pub(crate) async fn serve(ip: IpAddr, fault: Fault, file: impl AsRef<[u8]>) -> Server {
    let file: Arc<[u8]> = file.as_ref().into();
    Server::new(ip, move |stream, heard| {
        let session = Session { fault, file: Arc::clone(&file), control: BufReader::new(stream), data: None };
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
    control: BufReader<TcpStream>,
    data: Option<TcpListener>,
}

impl Session {
    async fn run(mut self, heard: &std::sync::Mutex<Vec<String>>) -> std::io::Result<()> {
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
        let ip = self.control.get_ref().local_addr()?.ip();
        let listener = TcpListener::bind((ip, 0)).await?;
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
        let (mut data, _) = listener.accept().await?;
        self.say("RETR", "150 here it comes").await?;
        let half = &self.file[..self.file.len() / 2];
        match self.fault {
            Fault::EndlessFile => loop {
                data.write_all(&self.file).await?;
            },
            Fault::SilentFile => std::future::pending().await,
            Fault::ResetInFile => {
                data.write_all(half).await?;
                for stream in [&data, self.control.get_ref()] {
                    SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO))?;
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
                drop(data);
                self.say("226", "226 done").await
            }
        }
    }
}
