//! A TCP connection can be opened (RFC 9293): the server's host answers the SYN for somebody who listens.
//!
//! SYN, SYN/ACK, RST: the handshake is never finished, so the server's program does not see the check.

use std::net::SocketAddr;

use super::{
    net::{self, Ack},
    trouble,
};
use crate::{
    health::{Evidence, Failure, Stage},
    model::Route,
};

pub(super) async fn probe(target: SocketAddr, route: Route) -> Result<Evidence, Failure> {
    match net::dial(target, route, Ack::Late).await {
        Ok(_reset_on_drop) => Ok(Evidence::default()),
        Err(error) => Err(trouble::failure(&error, Stage::Connect)),
    }
}
