//! SIP (RFC 3261): a server is asked what it can do (OPTIONS), which it answers without ringing anybody.

pub mod answer;
mod request;

use std::time::Duration;

use self::{
    answer::{Answer, Reader},
    request::Request,
};
use super::{
    Ask,
    datagrams::{Datagrams, Patience},
    net::{self, Ack},
    trouble,
};
use crate::{
    health::{Certificate, Evidence, Failure, Stage},
    model::{SipCheck, Transport},
};

/// T1 and T2 (RFC 3261, 17.1.2.2).
const PATIENCE: Patience = Patience { first: Duration::from_millis(500), longest: Duration::from_secs(4) };

/// The one status that says yes to OPTIONS (RFC 3261, 11.2).
const GOOD: u16 = 200;

/// Asks once.
pub(super) async fn probe(ask: &Ask<'_>, check: &SipCheck) -> Result<Evidence, Failure> {
    let (answer, certificate) = match check.transport {
        Transport::Udp if check.tls.is_none() => (in_a_datagram(ask, check).await?, None),
        Transport::Udp | Transport::Tcp => over_connection(ask, check).await?,
    };
    if answer.status == GOOD {
        Ok(Evidence { certificate, status: Some(GOOD), ..Evidence::default() })
    } else {
        Err(Failure::Status { code: answer.status, text: answer.text })
    }
}

async fn in_a_datagram(ask: &Ask<'_>, check: &SipCheck) -> Result<Answer, Failure> {
    let datagrams = Datagrams::open(ask)?;
    let request = Request::new(check, "UDP", datagrams.local()?, ask.spec.target)?;
    let take = |datagram: &[u8]| answer::in_datagram(datagram, &request.call).transpose();
    datagrams.ask(ask, request.text.as_bytes(), PATIENCE, take).await?
}

async fn over_connection(ask: &Ask<'_>, check: &SipCheck) -> Result<(Answer, Option<Certificate>), Failure> {
    let (mut stream, certificate) = ask.open(check.tls.as_deref(), Ack::Late).await?;
    ask.enter(Stage::Answer);
    let failure = |error| trouble::failure(&error, Stage::Answer);
    let local = stream.socket().local_addr().map_err(failure)?;
    let transport = if check.tls.is_some() { "TLS" } else { "TCP" };
    let request = Request::new(check, transport, local, ask.spec.target)?;
    net::send(&mut stream, request.text.as_bytes(), Stage::Answer).await?;
    let mut reader = Reader::new(&request.call);
    loop {
        let fed = net::receive(&mut stream, |bytes| {
            if bytes.is_empty() { Err(Failure::Closed(Stage::Answer)) } else { reader.feed(bytes) }
        });
        if let Some(answer) = fed.await.map_err(failure)?? {
            return Ok((answer, certificate));
        }
    }
}
