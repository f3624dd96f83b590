//! A TCP connection can be opened (RFC 9293): the server's host answers the SYN for somebody who listens.
//!
//! SYN, SYN/ACK, RST: the handshake is never finished, so the server's program does not see the check.

use super::{Ask, net::Ack};
use crate::health::{Evidence, Failure};

pub(super) async fn probe(ask: &Ask<'_>) -> Result<Evidence, Failure> {
    let _reset_on_drop = ask.dial(Ack::Late).await?;
    Ok(Evidence::default())
}
