//! HTTP and HTTPS (RFC 9110, RFC 9112): a page is fetched and matched.
//!
//! Most checks are one small exchange of our own: the request goes out as it was written in the configuration, and
//! reading stops as soon as there is enough to tell. Redirects are followed by a full client. A proxy is asked for a whole
//! URL, and its redirects are followed through it.

pub mod answer;
pub mod chunked;
mod client;
mod follow;
pub mod head;
mod request;
mod trail;
pub mod want;

pub(super) use self::client::Clients;
use self::{answer::Answer, want::Want};
use super::{
    Ask, content,
    net::{self, Ack},
    stream::Stream,
    trouble,
};
use crate::{
    health::{Evidence, Failure, Stage},
    model::HttpCheck,
};

/// Fetches the page once.
pub(super) async fn probe(ask: &Ask<'_>, check: &HttpCheck) -> Result<Evidence, Failure> {
    let (answer, mut evidence) = fetch(ask, check).await?;
    if let Some(location) = answer.location() {
        // Boxed: the state of a full client is large, and few checks need it.
        let status = Box::pin(follow::follow(ask, check, answer.status(), location)).await?;
        evidence.status = Some(status);
    } else if let Some(refused) = answer.refused() {
        return Err(refused.clone());
    } else {
        content::judge(&check.expected, answer.content())?;
    }
    Ok(evidence)
}

async fn fetch<'a>(ask: &Ask<'_>, check: &'a HttpCheck) -> Result<(Answer<'a>, Evidence), Failure> {
    let (mut stream, certificate) = ask.open(check.tls.as_deref(), Ack::Late).await?;
    let request = request::text(ask.spec.target, check);
    let mut answer = Answer::new(Want::of(check));
    exchange(ask, &mut stream, &request, &mut answer).await?;
    let status = Some(answer.status());
    Ok((answer, Evidence { certificate, status, ..Evidence::default() }))
}

/// Sends the request and takes the answer in, as far as it is needed.
async fn exchange(
    ask: &Ask<'_>,
    stream: &mut Stream,
    request: &str,
    answer: &mut Answer<'_>,
) -> Result<(), Failure> {
    ask.enter(Stage::Answer);
    net::send(stream, request.as_bytes(), Stage::Answer).await?;
    loop {
        let stage = if answer.has_head() { Stage::Transfer } else { Stage::Answer };
        ask.enter(stage);
        let fed = net::receive(stream, |bytes| {
            if bytes.is_empty() {
                return if answer.close() { Ok(true) } else { Err(Failure::Closed(stage)) };
            }
            answer.feed(bytes).map_err(|malformed| Failure::Protocol(malformed.to_string()))
        });
        if fed.await.map_err(|error| trouble::failure(&error, stage))?? {
            return Ok(());
        }
    }
}
