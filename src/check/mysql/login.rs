//! The login: what is proved, in which of the ways the server knows.

use super::{
    packet::{Greeting, Malformed, Nonce, Reply, capability},
    password::{self, Plugin},
    session::{Session, malformed, refusal},
};
use crate::{
    health::{Failure, Stage},
    model::{SqlCheck, TlsStart},
};

/// More steps than any login has.
const STEPS: usize = 8;

/// The beginning of a login, which asks for TLS when it is all there is.
pub(super) fn wish_for_tls(check: &SqlCheck) -> Vec<u8> {
    /// `CLIENT_LONG_PASSWORD`: not in the extended ways of `MariaDB`.
    const CLASSIC: u32 = 1;
    const LONGEST_PACKET: u32 = 1 << 24;
    /// utf8mb4, in which the configuration is written.
    const CHARSET: u8 = 45;
    let mut wanted =
        CLASSIC | capability::PROTOCOL_41 | capability::SECURE_CONNECTION | capability::PLUGIN_AUTH;
    if !check.database.is_empty() {
        wanted |= capability::CONNECT_WITH_DB;
    }
    if check.tls.as_ref().is_some_and(|security| security.start == TlsStart::Upgrade) {
        wanted |= capability::SSL;
    }
    let mut packet = wanted.to_le_bytes().to_vec();
    packet.extend_from_slice(&LONGEST_PACKET.to_le_bytes());
    packet.push(CHARSET);
    packet.extend_from_slice(&[0; 23]);
    packet
}

/// Logs in, in as many steps as it takes.
pub(super) async fn log_in(
    session: &mut Session<'_>,
    check: &SqlCheck,
    greeting: &Greeting,
) -> Result<(), Failure> {
    let passwd = check.login.passwd.reveal().as_bytes();
    let protected = session.is_protected();
    // Whoever wants a login of a kind that we do not know has to ask for another one.
    let mut plugin = Plugin::of(greeting.plugin.as_bytes()).unwrap_or(Plugin::Native);
    let mut nonce = greeting.nonce;
    let first = proof(plugin, passwd, &nonce, protected)?;
    session.send(&introduction(check, plugin, &first)?, Stage::Login).await?;

    for _ in 0..STEPS {
        let answer = match Reply::read(session.receive(Stage::Login).await?) {
            Ok(Reply::Done(_)) => return Ok(()),
            Ok(Reply::Error(error)) => return Err(refusal(Stage::Login, &error)),
            Ok(Reply::Switch { plugin: name, data }) => {
                plugin = Plugin::of(name)
                    .ok_or_else(|| Failure::Protocol(format!("a login by {}", Failure::excerpt(name))))?;
                nonce = data.first_chunk::<20>().copied().unwrap_or_default();
                Some(proof(plugin, passwd, &nonce, protected)?)
            }
            Ok(Reply::More(data)) => more(plugin, data, passwd, &nonce, protected)?,
            Err(Malformed) => return Err(malformed()),
        };
        if let Some(answer) = answer {
            session.send(&answer, Stage::Login).await?;
        }
    }
    Err(Failure::Protocol("a login without end".to_owned()))
}

/// The whole login (`HandshakeResponse41`).
fn introduction(check: &SqlCheck, plugin: Plugin, proof: &[u8]) -> Result<Vec<u8>, Failure> {
    let login = &check.login;
    if [&login.name, &check.database].into_iter().any(|text| text.contains('\0')) {
        return Err(Failure::Protocol("a login or database with a NUL in it cannot be sent".to_owned()));
    }
    let length = u8::try_from(proof.len());
    let length = length.map_err(|_| Failure::Protocol("the password is too long".to_owned()))?;
    let mut packet = wish_for_tls(check);
    packet.extend_from_slice(login.name.as_bytes());
    packet.extend_from_slice(&[0, length]);
    packet.extend_from_slice(proof);
    if !check.database.is_empty() {
        packet.extend_from_slice(check.database.as_bytes());
        packet.push(0);
    }
    packet.extend_from_slice(plugin.name().as_bytes());
    packet.push(0);
    Ok(packet)
}

/// What is sent first in a login of this kind.
fn proof(plugin: Plugin, passwd: &[u8], nonce: &Nonce, protected: bool) -> Result<Vec<u8>, Failure> {
    const WANTS_KEY: u8 = 1;
    match plugin {
        Plugin::Native => Ok(password::native(passwd, nonce)),
        Plugin::CachingSha2 | Plugin::Sha256 if passwd.is_empty() => Ok(password::clear(b"")),
        Plugin::CachingSha2 => Ok(password::caching_sha2(passwd, nonce)),
        Plugin::Sha256 | Plugin::Clear if protected => Ok(password::clear(passwd)),
        Plugin::Sha256 => Ok(vec![WANTS_KEY]),
        Plugin::Clear => {
            Err(Failure::Protocol("the server asks for the password in clear, without TLS".to_owned()))
        }
    }
}

/// What is answered to a further step; nothing where there is only to wait.
fn more(
    plugin: Plugin,
    data: &[u8],
    passwd: &[u8],
    nonce: &Nonce,
    protected: bool,
) -> Result<Option<Vec<u8>>, Failure> {
    const WANTS_KEY: u8 = 2;
    /// The server has the password's hash at hand, and it is right.
    const KNOWN: &[u8] = &[3];
    /// It has not, and wants the password itself.
    const UNKNOWN: &[u8] = &[4];
    match (plugin, data) {
        (Plugin::CachingSha2, KNOWN) => Ok(None),
        (Plugin::CachingSha2, UNKNOWN) if protected => Ok(Some(password::clear(passwd))),
        (Plugin::CachingSha2, UNKNOWN) => Ok(Some(vec![WANTS_KEY])),
        (Plugin::CachingSha2 | Plugin::Sha256, key) if !protected => {
            match password::sealed(passwd, nonce, key) {
                Ok(sealed) => Ok(Some(sealed)),
                Err(_) => Err(Failure::Protocol("the server's key cannot be used".to_owned())),
            }
        }
        _ => Err(malformed()),
    }
}
