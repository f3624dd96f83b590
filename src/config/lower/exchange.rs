//! What is asked of the servers of one line, and where, if that is not at the server itself.

use std::{net::SocketAddr, sync::Arc};

use super::{
    Lowering,
    check::{Asks, Plan},
    tls::Tls,
    url,
};
use crate::{
    config::{
        Resolver, Spanned,
        draft::{self, Host},
    },
    model::{Family, Pattern, VirtualId},
};

/// What is asked of one server in particular.
pub(super) struct Exchange {
    pub(super) request: Option<String>,
    pub(super) receive: Option<Arc<Pattern>>,
    /// The request is a whole URL, and this is where it leads.
    pub(super) elsewhere: Option<Elsewhere>,
}

/// Another place than the server, which is asked in its stead.
pub(super) struct Elsewhere {
    pub(super) target: SocketAddr,
    /// Its name, if it was given by one.
    name: Option<String>,
}

impl Exchange {
    /// The name that is asked for in TLS, where that is not the virtual host.
    pub(super) fn server_name(&self, tls: &Tls, virtual_host: Option<&str>) -> Option<String> {
        let of_url = || self.elsewhere.as_ref().and_then(|elsewhere| elsewhere.name.clone());
        tls.server_name.clone().or_else(|| of_url().filter(|_| virtual_host.is_none()))
    }
}

impl<R: Resolver> Lowering<'_, '_, R> {
    /// What is asked of the servers of one line; `None` where something about it was reported.
    pub(super) fn exchange(
        &mut self,
        id: VirtualId,
        real: &Spanned<draft::Real>,
        plan: &Plan,
    ) -> Option<Exchange> {
        let Some((request, receive)) = &real.value.exchange else {
            let (request, receive) = (plan.request.clone(), plan.receive.clone());
            return Some(Exchange { request, receive, elsewhere: None });
        };
        let receive = if receive.value.is_empty() { None } else { Some(self.pattern(receive)?) };
        let text = request.value.trim_start_matches('/');
        if let (Asks::Http { tls }, Some((scheme, rest))) = (plan.asks, url::scheme(text)) {
            let (path, elsewhere) = self.elsewhere(id, request, tls, scheme, rest)?;
            return Some(Exchange { request: Some(path), receive, elsewhere: Some(elsewhere) });
        }
        Some(Exchange { request: Some(self.request(request, plan.asks)?), receive, elsewhere: None })
    }

    /// Where a whole URL leads, and the path that is asked for there.
    fn elsewhere(
        &mut self,
        id: VirtualId,
        given: &Spanned<String>,
        tls: bool,
        scheme: &str,
        rest: &str,
    ) -> Option<(String, Elsewhere)> {
        let wanted = if tls { "https" } else { "http" };
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
        let port = url.port.unwrap_or(if tls { 443 } else { 80 });
        let path = self.path(url.path, given);
        Some((path, Elsewhere { target: SocketAddr::new(address, port), name }))
    }

    /// A request as it is sent: with exactly one slash in front, and for HTTP with what cannot stand in a URL escaped.
    pub(super) fn request(&mut self, given: &Spanned<String>, asks: Asks) -> Option<String> {
        let path = given.value.trim_start_matches('/');
        match asks {
            Asks::Http { .. } if url::scheme(path).is_some() => {
                self.report
                    .error(given.span, "a request is a path, not an address")
                    .help("write what follows the host's name, and the name itself as \"virtualhost\"");
                None
            }
            Asks::Http { .. } => Some(self.path(path, given)),
            Asks::Ftp if url::scheme(path).is_some() => {
                self.report.error(given.span, "a request is the path of a file, not an address");
                None
            }
            Asks::Ftp | Asks::Nothing | Asks::Connect | Asks::ConnectIfPort | Asks::Ping | Asks::External => {
                Some(format!("/{path}"))
            }
        }
    }

    /// Compiles a pattern, once for equal ones; reports where it is none.
    pub(super) fn pattern(&mut self, given: &Spanned<String>) -> Option<Arc<Pattern>> {
        if let Some(known) = self.patterns.get(&given.value) {
            return Some(Arc::clone(known));
        }
        match Pattern::new(&given.value) {
            Ok(pattern) => {
                let pattern = Arc::new(pattern);
                self.patterns.insert(given.value.clone(), Arc::clone(&pattern));
                Some(pattern)
            }
            Err(error) => {
                let mut at = error.offset.min(given.value.len());
                while !given.value.is_char_boundary(at) {
                    at -= 1;
                }
                let next = given.value[at..].chars().next().map_or(0, char::len_utf8);
                self.report.error(
                    given.span.part(at, at + next),
                    format!("this is no regular expression: {}", error.message),
                );
                None
            }
        }
    }

    fn path(&mut self, path: &str, given: &Spanned<String>) -> String {
        let (path, fragment) = path.split_once('#').map_or((path, None), |(path, rest)| (path, Some(rest)));
        if fragment.is_some() {
            self.report.warning(given.span, "the part from \"#\" on is never sent to a server");
        }
        format!("/{}", escaped(path))
    }
}

/// A path with what cannot stand in a URL escaped, as the reference's URI library does.
fn escaped(path: &str) -> String {
    use std::fmt::Write as _;
    let mut url = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b";/?:@&=+$,[]-_.!~*'()%".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_stand_in_a_url_is_escaped() {
        assert_eq!(escaped("a b?c=\"d\"&é%20"), "a%20b?c=%22d%22&%C3%A9%20");
    }
}
