//! The full HTTP client (reqwest), one for all checks: no pool, no proxy but the one that is checked, no redirects of its
//! own, our authorities.

use std::{
    future::ready,
    iter,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    Certificate, Client, Proxy, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect, retry,
};
use tokio::sync::OnceCell;

use crate::{
    check::{AGENT, tls::Trust},
    health::Failure,
    model::TlsVerify,
};

/// The clients, one for each degree of verification, made when first needed: a client parses all authorities anew.
pub(in crate::check) struct Clients {
    trust: Trust,
    by_verify: [OnceCell<Client>; 3],
}

impl Clients {
    pub(in crate::check) fn new(trust: Trust) -> Self {
        Self { trust, by_verify: Default::default() }
    }

    pub(super) async fn get(&self, verify: TlsVerify) -> Result<&Client, Failure> {
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
        .proxy(Proxy::custom(|_| OWN.try_with(|own| own.proxy.clone()).ok().flatten()))
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

/// The name that is not resolved, and the address it stands for; the proxy that all is asked of, if any.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) name: Arc<str>,
    pub(super) address: IpAddr,
    pub(super) proxy: Option<Url>,
}

tokio::task_local! {
    /// Of the check that runs in this task.
    pub(super) static OWN: Own;
}

/// The client has one resolver for all checks, as it has one idea of proxies; which name is the real server's own it learns from the task it runs in.
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
