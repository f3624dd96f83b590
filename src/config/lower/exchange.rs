//! What is asked of the servers of one line, and where, if that is not at the server itself.

use std::net::SocketAddr;

use super::{Lowering, asks::Asks, check::Plan, url};
use crate::{
    config::{
        Resolver, Spanned,
        draft::{self, Host},
    },
    model::{CheckKind, Family, Service, VirtualId},
};

/// What is asked of one server in particular.
pub(super) struct Exchange {
    pub(super) kind: CheckKind,
    /// The request is a whole URL, and this is where it leads.
    pub(super) elsewhere: Option<SocketAddr>,
}

impl<R: Resolver> Lowering<'_, '_, R> {
    /// What is asked of the servers of one line; `None` where something about it was reported.
    pub(super) fn exchange(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        real: &Spanned<draft::Real>,
        plan: &Plan,
    ) -> Option<Exchange> {
        let (Some((request, receive)), Asks::Service(service)) = (&real.value.exchange, plan.asks) else {
            return Some(Exchange { kind: plan.kind.clone(), elsewhere: None });
        };
        let expected = self.expected(draft, Some(receive))?;
        let text = request.value.trim_start_matches('/');
        if matches!(service, Service::Http | Service::Https)
            && let Some((scheme, rest)) = url::scheme(text)
        {
            let (path, target, name) = self.elsewhere(id, request, service, scheme, rest)?;
            let host = draft.vhost.as_ref().map(|host| host.value.as_str());
            let tls = self.security(id, draft, service, host.or(name.as_deref())).ok()?;
            let kind = CheckKind::Http(self.http(draft, tls, path, expected)?.into());
            return Some(Exchange { kind, elsewhere: Some(target) });
        }
        let kind = self.kind(id, draft, service, Some(request), expected)?;
        Some(Exchange { kind, elsewhere: None })
    }

    /// Where a whole URL leads, the path that is asked for there, and the name of the host if it is given by one.
    fn elsewhere(
        &mut self,
        id: VirtualId,
        given: &Spanned<String>,
        service: Service,
        scheme: &str,
        rest: &str,
    ) -> Option<(String, SocketAddr, Option<String>)> {
        let wanted = service.name();
        if !scheme.eq_ignore_ascii_case(wanted) {
            self.report
                .error(given.span, format!("a server of this service is asked by {wanted}"))
                .help(format!("write {wanted}://..., or give the service as {}", scheme.to_lowercase()));
            return None;
        }
        let url = match url::read(rest) {
            Ok(url) => url,
            Err(wrong) => {
                self.report.error(given.span, wrong).help(format!("write {wanted}://HOST[:PORT]/PATH"));
                return None;
            }
        };
        let (family, name) = match &url.host {
            Host::Address(address) => (Family::of(*address), None),
            Host::Name(name) => (id.family(), Some(name.clone())),
        };
        let host = Spanned::new(url.host, given.span);
        let address = self.names.address(&host, family, self.report)?;
        let port = url.port.or(service.default_port()).unwrap_or_default();
        let path = self.path(url.path, given);
        Some((path, SocketAddr::new(address, port), name))
    }
}
