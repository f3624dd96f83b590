//! Redirects, followed by a full client (reqwest), also to other hosts, as the reference did.
//!
//! What leads back to the real server's own name stays with that real server: the name is not resolved, else the
//! director would ask itself. Other names go to the system's resolver, other addresses are taken as they are.

use std::{error::Error, io};

use reqwest::{Method, Response, Url, header};

use super::{
    answer,
    client::{OWN, Own},
    request,
    trail::Trail,
};
use crate::{
    check::{Ask, content, trouble},
    health::{Failure, Stage},
    model::{HttpCheck, HttpMethod, TlsVerify},
};

/// How many redirects are followed.
const HOPS: usize = 7;

/// Follows redirects from `location` on, and judges the page at their end; gives the status it came with.
pub(super) async fn follow(ask: &Ask<'_>, check: &HttpCheck, location: &str) -> Result<u16, Failure> {
    let target = ask.spec.target;
    let trail = Trail::new(target, check)?;
    let own = Own { name: trail.own.as_str().into(), address: target.ip() };
    let security = check.tls.as_deref();
    let secured = ask.probes.secured(security.and_then(|security| security.authorities.as_ref()))?;
    let client =
        secured.clients.get(security.map_or(TlsVerify::default(), |security| security.verify)).await?;
    let mut url = trail.next(&trail.first, location)?;
    for _ in 0..HOPS {
        ask.enter(Stage::Answer);
        let method = match check.method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Head => Method::HEAD,
            HttpMethod::Options => Method::OPTIONS,
            HttpMethod::Post => Method::POST,
            HttpMethod::Put => Method::PUT,
        };
        let mut request = client.request(method, url.clone()).header(header::CONNECTION, "close");
        if trail.is_first_server(&url) {
            request = request.header(header::HOST, &*request::host(target, check));
        }
        let response = OWN
            .scope(own.clone(), request.send())
            .await
            .map_err(|error| failure(&error, &url, Stage::Answer))?;
        let status = response.status();
        let location = response.headers().get(header::LOCATION).map(header::HeaderValue::as_bytes);
        match location.map(String::from_utf8_lossy) {
            Some(location) if answer::is_redirect(status.as_u16()) => url = trail.next(&url, &location)?,
            _ if status.is_success() => {
                judge(ask, response, check, &url).await?;
                return Ok(status.as_u16());
            }
            _ => {
                let text = status.canonical_reason().unwrap_or_default().to_owned();
                return Err(Failure::Status { code: status.as_u16(), text });
            }
        }
    }
    Err(Failure::Protocol(format!("more than {HOPS} redirects")))
}

async fn judge(ask: &Ask<'_>, mut response: Response, check: &HttpCheck, url: &Url) -> Result<(), Failure> {
    if check.expected.is_anything() {
        return Ok(());
    }
    ask.enter(Stage::Transfer);
    let mut page = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(|error| failure(&error, url, Stage::Transfer))? {
        if !content::keep(&mut page, &bytes) {
            break;
        }
    }
    content::judge(&check.expected, &page)
}

/// What the client's error means. Its words say where the redirect led, and what would read as trouble of the real
/// server is told apart, since it may be somebody else's.
fn failure(error: &reqwest::Error, url: &Url, stage: Stage) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut deepest = error.to_string();
    let mut known = None;
    while let Some(error) = cause {
        deepest = error.to_string();
        if let Some(error) = error.downcast_ref::<io::Error>() {
            known = Some(trouble::failure(error, stage));
        }
        // "error:0A000086:SSL routines:...:certificate verify failed:...: (certificate has expired)"
        if deepest.contains("certificate verify failed")
            && let Some((_, reason)) = deepest.trim_end_matches(')').rsplit_once('(')
        {
            known = Some(Failure::Tls(reason.to_owned()));
            break;
        }
        cause = error.source();
    }
    let place = format!("redirect to {}", url.origin().ascii_serialization());
    match known {
        Some(Failure::Tls(words)) => Failure::Tls(format!("{place}: {words}")),
        Some(Failure::Refused) => Failure::Unreachable(format!("{place}: connection refused")),
        Some(Failure::Unreachable(words)) => Failure::Unreachable(format!("{place}: {words}")),
        Some(closed @ (Failure::Closed(_) | Failure::TimedOut(_))) => closed,
        _ if error.is_connect() => Failure::Unreachable(format!("{place}: {deepest}")),
        _ if stage == Stage::Transfer && error.is_body() => Failure::Closed(stage),
        _ => Failure::Protocol(format!("{place}: {deepest}")),
    }
}
