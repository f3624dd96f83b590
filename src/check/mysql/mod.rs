//! `MySQL` and `MariaDB` ("Client/Server Protocol"): log in, and ask for a row.
//!
//! Packets are few and small, and are written and read here (docs/adr/0012); hashes and keys are OpenSSL's.

mod login;
pub mod packet;
mod password;
mod session;

use self::{
    packet::{Greeting, Reply, capability, is_end, number},
    session::{Session, malformed, refusal},
};
use super::{Ask, net::Ack};
use crate::{
    health::{Evidence, Failure, Stage},
    model::{SqlCheck, TlsStart},
};

/// Logs in, and asks once.
pub(super) async fn probe(ask: &Ask<'_>, check: &SqlCheck) -> Result<Evidence, Failure> {
    let security = check.tls.as_deref();
    // The server speaks first: a late acknowledgement would only delay it.
    let (stream, mut certificate) = ask.open(security, Ack::Prompt).await?;
    let mut session = Session::new(ask, stream);
    let greeting = match Greeting::read(session.receive(Stage::Login).await?) {
        Ok(Ok(greeting)) => greeting,
        Ok(Err(error)) => return Err(refusal(Stage::Login, &error)),
        Err(packet::Malformed) => return Err(malformed()),
    };
    let upgrade = security.filter(|security| security.start == TlsStart::Upgrade);
    if let Some(security) = upgrade {
        if greeting.capabilities & capability::SSL == 0 {
            return Err(Failure::Tls("the server does not offer it".to_owned()));
        }
        session.send(&login::wish_for_tls(check), Stage::Tls).await?;
        (session, certificate) = session.secured(security).await?;
    }
    login::log_in(&mut session, check, &greeting).await?;
    let found = match &check.query {
        Some(query) => find_row(&mut session, query).await,
        None => Ok(false),
    };
    session.take_leave(matches!(found, Ok(true)));
    found?;
    Ok(Evidence { certificate, ..Evidence::default() })
}

/// Asks, and waits for the first row, or for the word that rows were changed. Whether there are rows to come.
async fn find_row(session: &mut Session<'_>, query: &str) -> Result<bool, Failure> {
    /// More columns than a table can have.
    const COLUMNS: u64 = 4096;
    const FILE: u8 = 0xfb;
    session.query(query).await?;
    let answer = session.receive(Stage::Answer).await?;
    let columns = match answer {
        [0 | 0xff, ..] => {
            return match Reply::read(answer) {
                Ok(Reply::Done(0)) => Err(nothing()),
                Ok(Reply::Done(_)) => Ok(false),
                Ok(Reply::Error(error)) => Err(refusal(Stage::Answer, &error)),
                Ok(Reply::Switch { .. } | Reply::More(_)) | Err(packet::Malformed) => Err(malformed()),
            };
        }
        // LOAD DATA LOCAL: a server can ask for any file of its client's like this.
        [FILE, ..] => return Err(Failure::Protocol("the server asks for a file".to_owned())),
        _ => number(answer).filter(|&columns| columns <= COLUMNS).ok_or_else(malformed)?,
    };
    for _ in 0..columns {
        session.receive(Stage::Answer).await?;
    }
    if !is_end(session.receive(Stage::Answer).await?) {
        return Err(malformed());
    }
    match session.receive(Stage::Answer).await? {
        end if is_end(end) => Err(nothing()),
        row @ [0xff, ..] => match Reply::read(row) {
            Ok(Reply::Error(error)) => Err(refusal(Stage::Answer, &error)),
            _ => Err(malformed()),
        },
        _ => Ok(true),
    }
}

fn nothing() -> Failure {
    Failure::Absent("the request gave no row".to_owned())
}
