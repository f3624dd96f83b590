//! Mail and news servers: each greets first, is asked to protect the connection where that is configured, and lets
//! somebody in where there is a login. What is said is what their protocols need and no more; nothing on a server is
//! changed.
//!
//! Every conversation ends with the protocol's farewell, since servers log those who leave without one.

pub mod imap;
mod nntp;
pub mod pop;
mod smtp;

use super::{Ask, talk::Talk};
use crate::{
    health::{Evidence, Failure},
    model::{MailCheck, MailProtocol},
};

/// Holds one conversation.
pub(super) async fn probe(ask: &Ask<'_>, check: &MailCheck) -> Result<Evidence, Failure> {
    let talk = Talk::open(ask, check.tls.as_deref()).await?;
    match check.protocol {
        MailProtocol::Smtp => smtp::probe(talk).await,
        MailProtocol::Pop => pop::probe(talk, check.login.as_ref()).await,
        MailProtocol::Imap => imap::probe(talk, check.login.as_ref()).await,
        MailProtocol::Nntp => nntp::probe(talk).await,
    }
}
