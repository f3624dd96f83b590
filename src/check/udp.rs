//! A datagram is answered by another.
//!
//! It is sent once: nobody here knows what it does to the server. That nobody listens is told by the server's host (ICMP),
//! and a failure at once; silence is one when the deadline has passed.

use super::{Ask, content, datagrams::Datagrams};
use crate::{
    health::{Evidence, Failure},
    model::UdpCheck,
};

/// Asks once. The first answer counts: others would answer something else.
pub(super) async fn probe(ask: &Ask<'_>, check: &UdpCheck) -> Result<Evidence, Failure> {
    let datagrams = Datagrams::open(ask)?;
    let answered = datagrams
        .ask_once(ask, &check.request, |answer| Some(content::judge(&check.expected, answer)))
        .await?;
    answered.map(|()| Evidence::default())
}
