//! A small `PostgreSQL` server: logins of all kinds, and answers and faults to order.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use openssl::{
    base64::{decode_block, encode_block},
    hash::{MessageDigest, hash},
    pkcs5::pbkdf2_hmac,
    pkey::PKey,
    sha::sha256,
    sign::Signer,
    ssl::SslContext,
};

use crate::{
    server::Server,
    wire::{Wire, text},
};

pub(crate) const USER: &str = "monitor";
pub(crate) const PASSWORD: &str = "secret";

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Trust,
    Clear,
    Md5,
    /// With so many rounds of hashing.
    Scram(u64),
    /// The server does not know the password itself, and only says that it does.
    ScramOfAnImpostor,
    Gss,
}

/// What the server does when it is asked for TLS.
#[derive(Clone)]
pub(crate) enum Tls {
    No,
    /// The connection begins with it.
    AtOnce(SslContext),
    Upgrade(SslContext),
    /// Says this and no more.
    Says(&'static [u8]),
}

#[derive(Clone)]
pub(crate) struct Postgres {
    pub(crate) tls: Tls,
    pub(crate) method: Method,
    /// What is said to who is let in.
    pub(crate) welcome: Vec<u8>,
    /// What is said to a query, and whether again and again.
    pub(crate) answer: (Vec<u8>, bool),
}

impl Default for Postgres {
    fn default() -> Self {
        Self { tls: Tls::No, method: Method::Trust, welcome: welcome(), answer: (row(), false) }
    }
}

/// A message of the server.
pub(crate) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[tag], &length[..], body].concat()
}

pub(crate) fn error(code: &str, words: &str) -> Vec<u8> {
    let body = [text("SFATAL"), text(&format!("C{code}")), text(&format!("M{words}")), vec![0]];
    message(b'E', &body.concat())
}

pub(crate) fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

pub(crate) fn data_row() -> Vec<u8> {
    message(b'D', b"\0\x01\0\0\0\x01x")
}

pub(crate) fn columns() -> Vec<u8> {
    message(b'T', &[&b"\0\x01"[..], &text("column"), &[0; 18]].concat())
}

/// The answer to a query without rows, which ends like this.
pub(crate) fn complete(tag: &str) -> Vec<u8> {
    [message(b'C', &text(tag)), ready()].concat()
}

fn row() -> Vec<u8> {
    [columns(), data_row(), complete("SELECT 1")].concat()
}

fn welcome() -> Vec<u8> {
    let parameter = message(b'S', &[text("server_version"), text("15.4")].concat());
    let notice = message(b'N', &[text("SNOTICE"), vec![0]].concat());
    [parameter, notice, message(b'K', &[0; 8]), ready()].concat()
}

impl Postgres {
    /// Serves until it is dropped; `heard` has who came (`user=... database=...`), queries, and the goodbye.
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
        if let Tls::AtOnce(context) = &self.tls {
            wire = wire.secured(context).await?;
        }
        let mut startup = hear_startup(&mut wire).await?;
        if startup[..4] == 80_877_103_u32.to_be_bytes() {
            match &self.tls {
                Tls::No | Tls::AtOnce(_) => wire.say(b"N").await?,
                Tls::Upgrade(context) => {
                    wire.say(b"S").await?;
                    wire = wire.secured(context).await?;
                }
                Tls::Says(bytes) => wire.say(bytes).await?,
            }
            startup = hear_startup(&mut wire).await?;
        }
        assert_eq!(startup[..4], [0, 3, 0, 0]);
        let words: Vec<_> = startup[4..].split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
        let pairs: Vec<_> = words.chunks_exact(2).map(|pair| pair.join("=")).collect();
        heard.lock().unwrap().push(pairs.join(" ").trim_end_matches([' ', '=']).to_owned());

        if self.log_in(&mut wire).await? {
            wire.say([message(b'R', &[0; 4]), self.welcome].concat()).await?;
        } else {
            let words = format!("password authentication failed for user \"{USER}\"");
            return wire.say(error("28P01", &words)).await;
        }
        loop {
            let (tag, body) = hear_message(&mut wire).await?;
            let words = String::from_utf8_lossy(&body);
            heard.lock().unwrap().push(format!("{} {}", char::from(tag), words.trim_end_matches('\0')));
            let (answer, again) = &self.answer;
            match tag {
                b'Q' if *again => {
                    wire.say(columns()).await?;
                    wire.say_for_ever(answer).await?;
                }
                b'Q' => wire.say(answer).await?,
                _ => return Ok(()),
            }
        }
    }

    async fn log_in(&self, wire: &mut Wire) -> io::Result<bool> {
        match self.method {
            Method::Trust => Ok(true),
            Method::Clear => {
                wire.say(message(b'R', &[0, 0, 0, 3])).await?;
                Ok(hear_message(wire).await? == (b'p', text(PASSWORD)))
            }
            Method::Md5 => {
                wire.say(message(b'R', b"\0\0\0\x05salt")).await?;
                let md5 = |bytes: &[u8]| hex(&hash(MessageDigest::md5(), bytes).unwrap());
                let inner = md5(format!("{PASSWORD}{USER}").as_bytes());
                let wanted = format!("md5{}", md5(format!("{inner}salt").as_bytes()));
                Ok(hear_message(wire).await? == (b'p', text(&wanted)))
            }
            Method::Scram(rounds) => scram(wire, rounds, PASSWORD).await,
            Method::ScramOfAnImpostor => {
                scram(wire, 4096, "something else").await?;
                Ok(true)
            }
            Method::Gss => {
                wire.say(message(b'R', &[0, 0, 0, 7])).await?;
                hear_message(wire).await?;
                Ok(false)
            }
        }
    }
}

async fn hear_startup(wire: &mut Wire) -> io::Result<Vec<u8>> {
    let length = u32::from_be_bytes(wire.hear(4).await?.try_into().unwrap());
    wire.hear(usize::try_from(length).unwrap() - 4).await
}

async fn hear_message(wire: &mut Wire) -> io::Result<(u8, Vec<u8>)> {
    let tag = wire.hear_byte().await?;
    Ok((tag, hear_startup(wire).await?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(key).unwrap();
    Signer::new(MessageDigest::sha256(), &key).unwrap().sign_oneshot_to_vec(text).unwrap()
}

/// The server's side of RFC 5802, with SHA-256.
async fn scram(wire: &mut Wire, rounds: u64, password: &str) -> io::Result<bool> {
    let offer = [&[0, 0, 0, 10][..], &text("SCRAM-SHA-256-PLUS"), &text("SCRAM-SHA-256"), &[0]].concat();
    wire.say(message(b'R', &offer)).await?;
    let (_, body) = hear_message(wire).await?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let bare = body.split_once("n,,").unwrap().1.to_owned();
    let nonce = format!("{}server", bare.strip_prefix("n=,r=").unwrap());
    let salt = b"some salt";
    let first = format!("r={nonce},s={},i={rounds}", encode_block(salt));
    wire.say(message(b'R', &[&[0, 0, 0, 11], first.as_bytes()].concat())).await?;

    let (_, body) = hear_message(wire).await?;
    let last = String::from_utf8(body).unwrap();
    let (without, proof) = last.split_once(",p=").unwrap();
    assert_eq!(without, format!("c=biws,r={nonce}"));
    let mut salted = [0; 32];
    let count = usize::try_from(rounds).unwrap();
    pbkdf2_hmac(password.as_bytes(), salt, count, MessageDigest::sha256(), &mut salted).unwrap();
    let stored = sha256(&hmac(&salted, b"Client Key"));
    let said = format!("{bare},{first},{without}");
    let signature = hmac(&stored, said.as_bytes());
    let proof = decode_block(proof).unwrap();
    let key: Vec<u8> = proof.iter().zip(&signature).map(|(one, other)| one ^ other).collect();
    let good = sha256(&key) == stored;
    if good || password != PASSWORD {
        let signature = encode_block(&hmac(&hmac(&salted, b"Server Key"), said.as_bytes()));
        let body = [&[0, 0, 0, 12], format!("v={signature}").as_bytes()].concat();
        wire.say(message(b'R', &body)).await?;
    }
    Ok(good)
}
