//! A small directory with one entry: logins, `StartTLS`, and answers to order.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use openssl::ssl::SslContext;

use crate::{server::Server, wire::Wire};

pub(crate) const USER: &str = "cn=monitor,dc=example,dc=com";
pub(crate) const PASSWORD: &str = "secret";

#[derive(Clone)]
pub(crate) struct Directory {
    /// Speaks TLS from the beginning.
    pub(crate) protected: Option<SslContext>,
    /// Goes over to TLS when it is asked to.
    pub(crate) upgrade: Option<SslContext>,
    /// What is said to a bind, with the number 2; else what the password deserves.
    pub(crate) bound: Option<Vec<u8>>,
    /// What is said to a search, with the number 3, and whether again and again.
    pub(crate) answer: (Vec<u8>, bool),
}

impl Default for Directory {
    fn default() -> Self {
        Self { protected: None, upgrade: None, bound: None, answer: (found("dc=example,dc=com"), false) }
    }
}

/// The tags of answers.
pub(crate) const BOUND: u8 = 0x61;
pub(crate) const ENTRY: u8 = 0x64;
pub(crate) const DONE: u8 = 0x65;
pub(crate) const REFERENCE: u8 = 0x73;
pub(crate) const EXTENDED: u8 = 0x78;

pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    match length {
        [0, 0, 0, short @ 0..128] => [&[tag, short], content].concat(),
        _ => [&[tag, 0x84], &length[..], content].concat(),
    }
}

pub(crate) fn message(id: u8, tag: u8, content: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], &element(tag, content)[..]].concat())
}

/// How something went: a code, words, and what may follow.
pub(crate) fn outcome(id: u8, tag: u8, code: u8, words: &str, more: &[u8]) -> Vec<u8> {
    let parts = [&[0x0a, 1, code, 4, 0][..], &element(4, words.as_bytes()), more];
    message(id, tag, &parts.concat())
}

pub(crate) fn entry(name: &str) -> Vec<u8> {
    message(3, ENTRY, &[element(4, name.as_bytes()), element(0x30, b"")].concat())
}

pub(crate) fn found(name: &str) -> Vec<u8> {
    [entry(name), outcome(3, DONE, 0, "", b"")].concat()
}

impl Directory {
    /// Serves until it is dropped; `heard` has what was asked for.
    pub(crate) async fn serve(self, ip: IpAddr) -> Server {
        Server::new(ip, move |stream, heard| {
            let server = self.clone();
            async move {
                // The client went away, as it may; or was sent away.
                let _ = server.session(Wire::new(stream), &heard).await;
            }
        })
        .await
    }

    async fn session(self, mut wire: Wire, heard: &Arc<Mutex<Vec<String>>>) -> io::Result<()> {
        if let Some(context) = &self.protected {
            wire = wire.secured(context).await?;
        }
        loop {
            let request = hear_request(&mut wire).await?;
            let (id, operation) = (request[2], request[3]);
            let content = request[5..].to_vec();
            match operation {
                0x60 => {
                    let named = [
                        &b"\x02\x01\x03"[..],
                        &element(4, USER.as_bytes()),
                        &element(0x80, PASSWORD.as_bytes()),
                    ];
                    let nobody = b"\x02\x01\x03\x04\x00\x80\x00";
                    let good = content == named.concat() || content == nobody;
                    note(heard, if content == nobody { "bind" } else { "bind with a name" });
                    let answer =
                        if good { outcome(id, BOUND, 0, "", b"") } else { outcome(id, BOUND, 49, "", b"") };
                    wire.say(self.bound.as_ref().unwrap_or(&answer)).await?;
                }
                0x63 => {
                    let length = usize::from(content[1]);
                    let (base, rest) = content[2..].split_at(length);
                    assert_eq!(
                        rest,
                        b"\x0a\x01\x00\x0a\x01\x02\x02\x01\x00\x02\x01\x00\x01\x01\x00\x87\x0bobjectClass\x30\x05\x04\x031.1"
                    );
                    note(heard, &format!("search {}", String::from_utf8_lossy(base)));
                    let (answer, again) = &self.answer;
                    wire.say(answer).await?;
                    if *again {
                        wire.say_for_ever(answer).await?;
                    }
                }
                0x77 => {
                    assert_eq!(content, b"\x80\x161.3.6.1.4.1.1466.20037");
                    note(heard, "starttls");
                    match &self.upgrade {
                        Some(tls) => {
                            wire.say(outcome(id, EXTENDED, 0, "", b"")).await?;
                            wire = wire.secured(tls).await?;
                        }
                        None => {
                            wire.say(outcome(id, EXTENDED, 2, "unsupported extended operation", b"")).await?;
                        }
                    }
                }
                0x42 => {
                    note(heard, "unbind");
                    return Ok(());
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

fn note(heard: &Mutex<Vec<String>>, what: &str) {
    heard.lock().unwrap().push(what.to_owned());
}

/// What stands in a request's outermost sequence; requests here are short.
async fn hear_request(wire: &mut Wire) -> io::Result<Vec<u8>> {
    let start = wire.hear(2).await?;
    assert!(start[0] == 0x30 && start[1] < 128, "{start:?}");
    wire.hear(start[1].into()).await
}
