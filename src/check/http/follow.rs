//! Redirects, followed by a full client (reqwest), also to other hosts, as the reference did.
//!
//! What leads back to the real server's own name stays with that real server: the name is not resolved, else the
//! director would ask itself. Other names go to the system's resolver, other addresses are taken as they are.

use std::{
    error::Error,
    future::ready,
    io, iter,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    Certificate, Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header, redirect, retry,
};
use tokio::sync::OnceCell;

use super::{AGENT, answer, request};
use crate::{
    check::{
        Progress, content,
        tls::{ServerName, Trust},
        trouble,
    },
    health::{Failure, Stage},
    model::{HttpCheck, TlsVerify},
};

/// How many redirects are followed.
const HOPS: usize = 7;

/// The clients, one for each degree of verification, made when first needed: a client parses all authorities anew.
pub(in crate::check) struct Clients {
    trust: Trust,
    by_verify: [OnceCell<Client>; 3],
}

impl Clients {
    pub(in crate::check) fn new(trust: Trust) -> Self {
        Self { trust, by_verify: Default::default() }
    }

    async fn get(&self, verify: TlsVerify) -> Result<&Client, Failure> {
        let cell = match verify {
            TlsVerify::No => &self.by_verify[0],
            TlsVerify::Chain => &self.by_verify[1],
            TlsVerify::Full => &self.by_verify[2],
        };
        cell.get_or_try_init(|| async {
            let trust = self.trust.clone();
            // Tens of milliseconds, once: not on the loop.
            let made = tokio::task::spawn_blocking(move || client(&trust, verify)).await;
            made.map_err(|error| error.to_string())
                .and_then(|made| made.map_err(|error| error.to_string()))
                .map_err(|error| Failure::Local(format!("cannot set up the HTTP client: {error}")))
        })
        .await
    }
}

fn client(trust: &Trust, verify: TlsVerify) -> reqwest::Result<Client> {
    let authorities = if verify == TlsVerify::No || trust.is_empty() {
        Vec::new()
    } else {
        Certificate::from_pem_bundle(trust.pem())?
    };
    Client::builder()
        .user_agent(AGENT)
        .dns_resolver(Names)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .http1_only()
        .pool_max_idle_per_host(0)
        .tcp_keepalive(None)
        .tcp_keepalive_interval(None)
        .tcp_keepalive_retries(None)
        .tcp_user_timeout(None)
        .tls_certs_only(authorities)
        .tls_danger_accept_invalid_certs(verify == TlsVerify::No)
        .tls_danger_accept_invalid_hostnames(verify != TlsVerify::Full)
        .build()
}

/// The name that is not resolved, and the address it stands for.
#[derive(Clone)]
struct Own {
    name: Arc<str>,
    address: IpAddr,
}

tokio::task_local! {
    static OWN: Own;
}

/// The client has one resolver for all checks; which name is the real server's own it learns from the task it runs in.
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let own = OWN.try_with(|own| own.name.eq_ignore_ascii_case(name.as_str()).then_some(own.address));
        if let Ok(Some(address)) = own {
            let addresses: Addrs = Box::new(iter::once(SocketAddr::new(address, 0)));
            return Box::pin(ready(Ok(addresses)));
        }
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Follows redirects from `location` on, and judges the page at their end.
pub(super) async fn follow(
    clients: &Clients,
    target: SocketAddr,
    check: &HttpCheck,
    location: &str,
    progress: &Progress,
) -> Result<(), Failure> {
    let trail = Trail::new(target, check)?;
    let own = Own { name: trail.own.as_str().into(), address: target.ip() };
    let client = clients.get(check.tls.unwrap_or_default()).await?;
    let mut url = trail.next(&trail.first, location)?;
    for _ in 0..HOPS {
        progress.enter(Stage::Answer);
        let mut request = client.get(url.clone()).header(header::CONNECTION, "close");
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
            _ if status.is_success() => return judge(response, check, &url, progress).await,
            _ => {
                let text = status.canonical_reason().unwrap_or_default().to_owned();
                return Err(Failure::Status { code: status.as_u16(), text });
            }
        }
    }
    Err(Failure::Protocol(format!("more than {HOPS} redirects")))
}

async fn judge(
    mut response: Response,
    check: &HttpCheck,
    url: &Url,
    progress: &Progress,
) -> Result<(), Failure> {
    let Some(wanted) = &check.receive else { return Ok(()) };
    progress.enter(Stage::Transfer);
    let mut page = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(|error| failure(&error, url, Stage::Transfer))? {
        if !content::keep(&mut page, &bytes) {
            break;
        }
    }
    content::matches(wanted, &page)
}

/// Where the redirects started, as URLs.
struct Trail {
    /// The page that was asked for first.
    first: Url,
    /// Its host, bare.
    own: String,
    target: SocketAddr,
}

impl Trail {
    fn new(target: SocketAddr, check: &HttpCheck) -> Result<Self, Failure> {
        let scheme = if check.tls.is_some() { "https" } else { "http" };
        let name = check.virtual_host.as_deref().map(ServerName::from_host);
        let own = match name {
            Some(ServerName::Dns(name)) => name.to_owned(),
            // Never called by the client, since an address needs no resolver.
            Some(ServerName::Ip(_)) | None => target.ip().to_string(),
        };
        let authority = match name {
            Some(ServerName::Dns(name)) => format!("{name}:{}", target.port()),
            Some(ServerName::Ip(_)) | None => target.to_string(),
        };
        let first = format!("{scheme}://{authority}{}", check.request);
        let first = Url::parse(&first)
            .map_err(|error| Failure::Protocol(format!("redirected, but {first} is no URL: {error}")))?;
        let own = first.host_str().map_or(own, |host| host.trim_matches(['[', ']']).to_owned());
        Ok(Self { first, own, target })
    }

    /// Where a redirect on the page `from` leads.
    fn next(&self, from: &Url, location: &str) -> Result<Url, Failure> {
        let excerpt = || Failure::excerpt(location.as_bytes());
        let mut url = from
            .join(location)
            .map_err(|error| Failure::Protocol(format!("redirect to \"{}\": {error}", excerpt())))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Protocol(format!("redirect to \"{}\"", excerpt())));
        }
        // The server means its own standard port, which on the real server is the one that is checked.
        if self.is_own_name(&url) && url.scheme() == self.first.scheme() && url.port().is_none() {
            // Fails only for URLs that have no host.
            let _ = url.set_port(Some(self.target.port()));
        }
        Ok(url)
    }

    fn is_own_name(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| host.trim_matches(['[', ']']).eq_ignore_ascii_case(&self.own))
    }

    /// The same name at the same place: the Host header stays as it was configured.
    fn is_first_server(&self, url: &Url) -> bool {
        self.is_own_name(url)
            && url.scheme() == self.first.scheme()
            && url.port_or_known_default() == Some(self.target.port())
    }
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
