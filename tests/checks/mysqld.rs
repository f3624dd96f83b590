//! A small `MySQL` server: logins of all kinds, TLS, and answers and faults to order.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock},
};

use openssl::{
    pkey::Private,
    rsa::{Padding, Rsa},
    sha::{Sha1, Sha256, sha1, sha256},
    ssl::SslContext,
};

use crate::{
    server::Server,
    wire::{Wire, text},
};

pub(crate) const USER: &str = "monitor";
pub(crate) const PASSWORD: &str = "secret";
const NONCE: &[u8; 20] = b"ABCDEFGHIJKLMNOPQRST";
/// That of another login, which a switch begins.
const OTHER: &[u8; 20] = b"abcdefghijklmnopqrst";

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Native,
    /// The server has the hash at hand.
    CachingSha2,
    /// It has not, and wants the password itself: sealed, where there is no TLS.
    CachingSha2Anew,
    Sha256,
    Clear,
    /// Of a kind that nobody here knows.
    Ed25519,
}

impl Method {
    fn plugin(self) -> &'static str {
        match self {
            Self::Native => "mysql_native_password",
            Self::CachingSha2 | Self::CachingSha2Anew => "caching_sha2_password",
            Self::Sha256 => "sha256_password",
            Self::Clear => "mysql_clear_password",
            Self::Ed25519 => "client_ed25519",
        }
    }
}

#[derive(Clone)]
pub(crate) struct Mysql {
    pub(crate) tls: Option<SslContext>,
    /// What the server proposes in its greeting.
    pub(crate) proposed: Method,
    /// What the user's login is of.
    pub(crate) method: Method,
    /// Said instead of a greeting.
    pub(crate) greeting: Option<Vec<u8>>,
    /// Said to who has proved who it is.
    pub(crate) welcome: Vec<u8>,
    /// Said to a query: packets from number 1 on, and whether the last one again and again.
    pub(crate) answer: (Vec<Vec<u8>>, bool),
}

impl Default for Mysql {
    fn default() -> Self {
        Self {
            tls: None,
            proposed: Method::Native,
            method: Method::Native,
            greeting: None,
            welcome: done(0),
            answer: (rows(&[row()]), false),
        }
    }
}

/// A packet with its number.
pub(crate) fn packet(number: u8, content: &[u8]) -> Vec<u8> {
    let [low, middle, high, _] = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[low, middle, high, number], content].concat()
}

pub(crate) fn error(code: u16, state: &str, words: &str) -> Vec<u8> {
    let state = if state.is_empty() { String::new() } else { format!("#{state}") };
    [&[0xff], &code.to_le_bytes()[..], state.as_bytes(), words.as_bytes()].concat()
}

/// It went well, with so many rows changed.
pub(crate) fn done(rows: u8) -> Vec<u8> {
    vec![0, rows, 0, 2, 0, 0, 0]
}

pub(crate) const END: [u8; 5] = [0xfe, 0, 0, 2, 0];

pub(crate) fn row() -> Vec<u8> {
    b"\x01x".to_vec()
}

/// The answer to a query of one column, with these rows.
pub(crate) fn rows(rows: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let column = b"\x03def\0\0\0\x01x\0\x0c\x3f\0\x01\0\0\0\x08\x81\0\0\0\0".to_vec();
    let start = [vec![1], column, END.to_vec()];
    start.into_iter().chain(rows.iter().cloned()).chain([END.to_vec()]).collect()
}

/// The key that passwords are sealed for: making one takes a while.
fn key() -> &'static Rsa<Private> {
    static KEY: OnceLock<Rsa<Private>> = OnceLock::new();
    KEY.get_or_init(|| Rsa::generate(2048).unwrap())
}

/// Makes what takes a while, so that no deadline runs meanwhile.
pub(crate) fn prepare() {
    key();
}

fn xor(bytes: &[u8], mask: &[u8]) -> Vec<u8> {
    bytes.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}

struct Conversation {
    wire: Wire,
    number: u8,
    protected: bool,
}

impl Conversation {
    async fn say(&mut self, content: &[u8]) -> io::Result<()> {
        let packet = packet(self.number, content);
        self.number += 1;
        self.wire.say(packet).await
    }

    async fn hear(&mut self) -> io::Result<Vec<u8>> {
        let header = self.wire.hear(4).await?;
        assert_eq!(header[3], self.number, "packets are counted");
        self.number += 1;
        self.wire.hear(usize::from(header[0]) | usize::from(header[1]) << 8).await
    }
}

impl Mysql {
    /// Serves until it is dropped; `heard` has who came, queries, and the goodbye.
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

    async fn session(self, wire: Wire, heard: &Arc<Mutex<Vec<String>>>) -> io::Result<()> {
        let note = |what: String| heard.lock().unwrap().push(what);
        let mut talk = Conversation { wire, number: 0, protected: false };
        match &self.greeting {
            Some(bytes) => {
                talk.wire.say(bytes).await?;
                return std::future::pending().await;
            }
            None => talk.say(&self.hello()).await?,
        }
        let mut login = talk.hear().await?;
        if let Some(context) = &self.tls
            && login.len() == 32
        {
            talk.wire = talk.wire.secured(context).await?;
            talk.protected = true;
            login = talk.hear().await?;
        }
        let mut words = login[32..].splitn(2, |&byte| byte == 0);
        let name = String::from_utf8_lossy(words.next().unwrap()).into_owned();
        let rest = words.next().unwrap();
        let (proof, rest) = rest[1..].split_at(rest[0].into());
        let rest: Vec<_> = rest.split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
        note(format!("{name} {}", rest.join(" ").trim_end()));

        if self.log_in(&mut talk, proof.to_vec()).await? {
            talk.say(&self.welcome).await?;
        } else {
            return talk
                .say(&error(1045, "28000", &format!("Access denied for user '{USER}'@'localhost'")))
                .await;
        }
        loop {
            talk.number = 0;
            let command = talk.hear().await?;
            note(format!("{} {}", command[0], String::from_utf8_lossy(&command[1..])));
            if command[0] != 3 {
                return Ok(());
            }
            let (packets, again) = &self.answer;
            let mut bytes: Vec<Vec<u8>> =
                (1..).zip(packets).map(|(number, content)| packet(number, content)).collect();
            let last = bytes.last().cloned().unwrap_or_default();
            if *again {
                bytes.pop();
            }
            talk.wire.say(bytes.concat()).await?;
            if *again {
                talk.wire.say_for_ever(&last).await?;
            }
        }
    }

    /// Its greeting.
    pub(crate) fn hello(&self) -> Vec<u8> {
        let tls = if self.tls.is_some() { 8 } else { 0 };
        let mut hello = vec![10];
        hello.extend(text("8.0.36"));
        hello.extend([7, 0, 0, 0]);
        hello.extend(&NONCE[..8]);
        hello.extend([0, 0x09, 0x82 | tls, 45, 2, 0, 0x08, 0, 21]);
        hello.extend([0; 10]);
        hello.extend(&NONCE[8..]);
        hello.push(0);
        hello.extend(text(self.proposed.plugin()));
        hello
    }

    async fn log_in(&self, talk: &mut Conversation, mut proof: Vec<u8>) -> io::Result<bool> {
        let mut nonce = NONCE;
        if self.method.plugin() != self.proposed.plugin() {
            nonce = OTHER;
            talk.say(&[&[0xfe][..], &text(self.method.plugin()), &nonce[..], b"\0"].concat()).await?;
            proof = talk.hear().await?;
        }
        match self.method {
            Method::Native => {
                let mut hash = Sha1::new();
                hash.update(nonce);
                hash.update(&sha1(&sha1(PASSWORD.as_bytes())));
                Ok(xor(&proof, &hash.finish()) == sha1(PASSWORD.as_bytes()))
            }
            Method::CachingSha2 => {
                let mut hash = Sha256::new();
                hash.update(&sha256(&sha256(PASSWORD.as_bytes())));
                hash.update(nonce);
                let good = xor(&proof, &hash.finish()) == sha256(PASSWORD.as_bytes());
                if good {
                    talk.say(&[1, 3]).await?;
                }
                Ok(good)
            }
            Method::CachingSha2Anew => {
                talk.say(&[1, 4]).await?;
                let asks = if talk.protected { Vec::new() } else { vec![2] };
                Ok(asked(talk, asks, None, nonce).await? == text(PASSWORD))
            }
            Method::Sha256 => {
                let asks = if talk.protected { Vec::new() } else { vec![1] };
                Ok(asked(talk, asks, Some(proof), nonce).await? == text(PASSWORD))
            }
            Method::Clear => Ok(proof == text(PASSWORD)),
            Method::Ed25519 => Ok(false),
        }
    }
}

/// The password, in clear or, when the client has asked for the key like this, sealed.
async fn asked(
    talk: &mut Conversation,
    asks: Vec<u8>,
    first: Option<Vec<u8>>,
    nonce: &[u8],
) -> io::Result<Vec<u8>> {
    let first = match first {
        Some(first) => first,
        None => talk.hear().await?,
    };
    if asks.is_empty() {
        return Ok(first);
    }
    assert_eq!(first, asks);
    talk.say(&[&[1][..], &key().public_key_to_pem()?].concat()).await?;
    let sealed = talk.hear().await?;
    let mut opened = vec![0; 256];
    let length = key().private_decrypt(&sealed, &mut opened, Padding::PKCS1_OAEP)?;
    Ok(xor(&opened[..length], nonce))
}
