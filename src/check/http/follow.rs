//! Redirects, followed by a full client (reqwest), also to other hosts, as the reference did.
//!
//! What leads back to the real server's own name stays with that real server: the name is not resolved, else the
//! director would ask itself. Other names go to the system's resolver, other addresses are taken as they are. Only the
//! checked server itself is told what is configured for it: headers, a body. Where that server is a proxy, all is asked
//! through it, what is https in a tunnel (CONNECT).

use std::{error::Error, io, net::SocketAddr};

use reqwest::{
    Method, RequestBuilder, Response, Url,
    header::{self, HeaderValue},
};

use super::{
    answer,
    client::{OWN, Own},
    request,
    trail::{Asking, Trail},
    want::Want,
};
use crate::{
    check::{Ask, content, tls::ServerName, trouble},
    health::{Failure, Stage},
    model::{HttpCheck, HttpField, HttpMethod, TlsVerify},
};

/// How many redirects are followed.
const HOPS: usize = 7;

/// Follows redirects from `location` on, which came with `status`, and judges the page at their end; gives the status that
/// page came with.
pub(super) async fn follow(
    ask: &Ask<'_>,
    check: &HttpCheck,
    mut status: u16,
    location: &str,
) -> Result<u16, Failure> {
    let target = ask.spec.target;
    let trail = Trail::new(target, check)?;
    let security = check.tls.as_deref();
    let secured = ask.probes.secured(security.and_then(|security| security.authorities.as_ref()))?;
    let verify = security.map_or(TlsVerify::default(), |security| security.verify);
    let client = secured.clients.get(verify).await?;
    let (own, want) = (own(&trail, target, check)?, Want::of(check));
    let (mut url, mut asking) = (trail.next(&trail.first, location)?, Asking::first(check));
    for _ in 0..HOPS {
        ask.enter(Stage::Answer);
        asking = asking.after(status);
        let mut request = client.request(method(asking.method), url.clone());
        if trail.is_first_server(&url) {
            request = again(request, target, check, asking);
        } else if asking.is_harmless() {
            request = elsewhere(request, check, &url);
        } else {
            let place = url.origin().ascii_serialization();
            return Err(Failure::Protocol(format!(
                "redirect to {place}: a {} is for the checked server alone",
                check.method.name()
            )));
        }
        let response = OWN
            .scope(own.clone(), async { request.send().await })
            .await
            .map_err(|error| failure(&error, &url, Stage::Answer))?;
        status = response.status().as_u16();
        let fields = response.headers();
        if want.is_good(status) {
            want.has_fields(|name| fields.get_all(name).iter().map(HeaderValue::as_bytes))?;
            judge(ask, response, check, &url).await?;
            return Ok(status);
        }
        let location = fields.get(header::LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
        match location {
            Some(location) if answer::is_redirect(status) => url = trail.next(&url, &location)?,
            _ => {
                let text = response.status().canonical_reason().unwrap_or_default().to_owned();
                return Err(Failure::Status { code: status, text });
            }
        }
    }
    Err(Failure::Protocol(format!("more than {HOPS} redirects")))
}

/// The name that stands for the real server, and the server as a proxy if it is one.
fn own(trail: &Trail, target: SocketAddr, check: &HttpCheck) -> Result<Own, Failure> {
    let address = target.ip();
    if !check.proxy {
        return Ok(Own { name: trail.own.as_str().into(), address, proxy: None });
    }
    let security = check.tls.as_deref();
    let scheme = if security.is_some() { "https" } else { "http" };
    let name = security.and_then(|security| security.server_name.as_deref()).map(ServerName::from_host);
    let (name, authority) = match name {
        Some(ServerName::Dns(name)) => (name, format!("{name}:{}", target.port())),
        Some(ServerName::Ip(_)) | None => ("", target.to_string()),
    };
    let proxy = Url::parse(&format!("{scheme}://{authority}/"))
        .map_err(|error| Failure::Protocol(format!("redirected, but the proxy has no URL: {error}")))?;
    Ok(Own { name: name.into(), address, proxy: Some(proxy) })
}

fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
    }
}

/// Asks the first server again, in the way in which it was asked first.
fn again(request: RequestBuilder, target: SocketAddr, check: &HttpCheck, asking: Asking) -> RequestBuilder {
    let mut request = request.header(header::HOST, &*request::host(target, check));
    if request::configured(check, "Connection").is_none() {
        request = request.header(header::CONNECTION, "close");
    }
    for HttpField { name, value } in request::fields(check) {
        // What says what the body is goes with the body.
        let of_body = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"));
        if asking.with_body || !of_body {
            request = request.header(name, value);
        }
    }
    match &check.body {
        Some(body) if asking.with_body => request.body(body.to_string()),
        Some(_) | None => request,
    }
}

/// Asks somebody else, who is told nothing of what is configured for the checked server. A proxy is still told who asks;
/// inside of a tunnel that is none of its business.
fn elsewhere(request: RequestBuilder, check: &HttpCheck, url: &Url) -> RequestBuilder {
    let request = request.header(header::CONNECTION, "close");
    match request::configured(check, "Proxy-Authorization") {
        Some(field) if check.proxy && url.scheme() == "http" => request.header(&field.name, &field.value),
        Some(_) | None => request,
    }
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
        // The client's own kind of error for that is not ours to see.
        _ if deepest == "connection closed before message completed" => Failure::Closed(stage),
        _ if error.is_connect() => Failure::Unreachable(format!("{place}: {deepest}")),
        _ if stage == Stage::Transfer && error.is_body() => Failure::Closed(stage),
        _ => Failure::Protocol(format!("{place}: {deepest}")),
    }
}
