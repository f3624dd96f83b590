//! RADIUS (RFC 2865): a server is asked to let somebody in.

pub mod answer;
mod digest;
mod request;

use std::time::Duration;

use self::{
    answer::{Answer, Decision},
    request::Request,
};
use super::{
    Ask,
    datagrams::{Datagrams, Patience},
};
use crate::{
    health::{Evidence, Failure},
    model::RadiusCheck,
};

/// IRT and MRT (RFC 5080, 2.2.1).
const PATIENCE: Patience = Patience { first: Duration::from_secs(2), longest: Duration::from_secs(16) };

/// Asks once. Only who is let in proves it: a server that wants to know more (a challenge) has not compared the password yet,
/// or not with success.
pub(super) async fn probe(ask: &Ask<'_>, check: &RadiusCheck) -> Result<Evidence, Failure> {
    let datagrams = Datagrams::open(ask)?;
    let request = Request::new(check, datagrams.local()?.ip())?;
    let take = |datagram: &[u8]| answer::read(datagram, &request.asked).transpose();
    let Answer { decision, words } = datagrams.ask(ask, &request.packet, PATIENCE, take).await??;
    match decision {
        Decision::Accept => Ok(Evidence::default()),
        Decision::Reject if words.is_empty() => Err(Failure::Login("Access-Reject".to_owned())),
        Decision::Reject => Err(Failure::Login(words)),
        Decision::Challenge if words.is_empty() => Err(Failure::Login("Access-Challenge".to_owned())),
        Decision::Challenge => Err(Failure::Login(format!("Access-Challenge: {words}"))),
    }
}
