//! `PostgreSQL` (its manual, "Frontend/Backend Protocol"): log in, and ask for a row.
//!
//! What is sent, and the proofs of the login, are those of `postgres-protocol`. The connection is ours: its route, its TLS,
//! and how much of what the server sends is held (docs/adr/0012).

mod login;
pub mod message;
mod session;

use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use self::{
    message::Message,
    session::{Said, Session, out_of_turn},
};
use super::{Ask, net::Ack, stream::Stream, trouble};
use crate::{
    health::{Certificate, Evidence, Failure, Stage},
    model::{Security, SqlCheck, TlsStart},
};

/// Logs in, and asks once.
pub(super) async fn probe(ask: &Ask<'_>, check: &SqlCheck) -> Result<Evidence, Failure> {
    let (stream, certificate) = connect(ask, check.tls.as_deref()).await?;
    let mut session = Session::new(ask, stream);
    login::log_in(&mut session, check).await?;
    let found = match &check.query {
        Some(query) => find_row(&mut session, query).await,
        None => Ok(()),
    };
    session.take_leave();
    found?;
    Ok(Evidence { certificate, ..Evidence::default() })
}

/// Opens the connection. TLS is asked for by a message of its own, or begins at once (since `PostgreSQL` 17, by ALPN).
async fn connect(
    ask: &Ask<'_>,
    security: Option<&Security>,
) -> Result<(Stream, Option<Certificate>), Failure> {
    let mut stream = Stream::Plain(ask.dial(Ack::Late).await?);
    let Some(security) = security else { return Ok((stream, None)) };
    if security.start == TlsStart::AtOnce {
        return ask.secure_for(stream, security, Some(b"postgresql")).await;
    }
    ask.enter(Stage::Tls);
    let answer = async {
        let mut request = bytes::BytesMut::new();
        frontend::ssl_request(&mut request);
        stream.write_all(&request).await?;
        // One byte and no more: what comes behind it belongs to TLS (CVE-2021-23222).
        stream.read_u8().await
    };
    match answer.await.map_err(|error| trouble::failure(&error, Stage::Tls))? {
        b'S' => ask.secure(stream, security).await,
        b'N' => Err(Failure::Tls("the server does not offer it".to_owned())),
        b'E' => Err(Failure::Tls("the server answers with an error when asked for it".to_owned())),
        other => {
            Err(Failure::Protocol(format!("asked for TLS, the server says \"{}\"", other.escape_ascii())))
        }
    }
}

/// Asks, and waits for the first row; or for the end, if rows were changed by then.
async fn find_row(session: &mut Session<'_>, query: &str) -> Result<(), Failure> {
    session.send(Stage::Answer, |buffer| frontend::query(query, buffer)).await?;
    let mut has_changed = false;
    loop {
        match session.next(Stage::Answer).await? {
            Said::Row => return Ok(()),
            Said::Columns | Said::Message(Message::Empty) => {}
            Said::Message(Message::Complete(changed)) => has_changed |= changed,
            Said::Message(Message::Ready) if has_changed => return Ok(()),
            Said::Message(Message::Ready) => {
                return Err(Failure::Absent("the request gave no row".to_owned()));
            }
            Said::Message(Message::Copy) => {
                return Err(Failure::Protocol("a copy instead of rows".to_owned()));
            }
            Said::Message(Message::Login(_) | Message::Error(_)) => return Err(out_of_turn()),
        }
    }
}
