//! Where redirects lead, and when they lead back. Pure.

use std::net::{IpAddr, SocketAddr};

use reqwest::Url;

use crate::{
    check::tls::ServerName,
    health::Failure,
    model::{HttpCheck, HttpMethod},
};

/// Where the redirects started.
pub(super) struct Trail {
    /// The page that was asked for first.
    pub(super) first: Url,
    /// Its host, without brackets.
    pub(super) own: String,
    /// The virtual host where that is an address: it stands for the real server as a name would.
    alias: Option<IpAddr>,
    target: SocketAddr,
    /// A proxy was asked: it knows where the hosts are.
    proxy: bool,
}

impl Trail {
    pub(super) fn new(target: SocketAddr, check: &HttpCheck) -> Result<Self, Failure> {
        let scheme = if check.tls.is_some() { "https" } else { "http" };
        let (authority, alias) = match check.virtual_host.as_deref().map(ServerName::from_host) {
            Some(ServerName::Dns(name)) => (format!("{name}:{}", target.port()), None),
            Some(ServerName::Ip(address)) => (target.to_string(), Some(address)),
            None => (target.to_string(), None),
        };
        let first = if check.proxy {
            check.request.to_string()
        } else {
            format!("{scheme}://{authority}{}", check.request)
        };
        let first = Url::parse(&first)
            .map_err(|error| Failure::Protocol(format!("redirected, but {first} is no URL: {error}")))?;
        let own = host(&first).to_owned();
        Ok(Self { first, own, alias, target, proxy: check.proxy })
    }

    /// Where a redirect on the page `from` leads.
    pub(super) fn next(&self, from: &Url, location: &str) -> Result<Url, Failure> {
        let excerpt = || Failure::excerpt(location.as_bytes());
        let mut url = from
            .join(location)
            .map_err(|error| Failure::Protocol(format!("redirect to \"{}\": {error}", excerpt())))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Protocol(format!("redirect to \"{}\"", excerpt())));
        }
        if self.proxy {
            return Ok(url);
        }
        // Here and below, setting fails only for URLs that have no host.
        if self.alias.is_some_and(|alias| host(&url).parse() == Ok(alias)) {
            let _ = url.set_ip_host(self.target.ip());
        }
        // The server means its own standard port, which on the real server is the one that is checked.
        if self.is_own_name(&url) && url.scheme() == self.first.scheme() && url.port().is_none() {
            let _ = url.set_port(Some(self.target.port()));
        }
        Ok(url)
    }

    fn is_own_name(&self, url: &Url) -> bool {
        host(url).eq_ignore_ascii_case(&self.own)
    }

    /// The same name at the same place: what was asked of it first can be asked of it again.
    pub(super) fn is_first_server(&self, url: &Url) -> bool {
        self.is_own_name(url)
            && url.scheme() == self.first.scheme()
            && url.port_or_known_default() == self.first.port_or_known_default()
    }
}

/// How something is asked on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    /// The method.
    pub(super) method: HttpMethod,
    /// The configured body goes with it.
    pub(super) with_body: bool,
}

impl Asking {
    /// As the first server was asked.
    pub(super) fn first(check: &HttpCheck) -> Self {
        Self { method: check.method, with_body: check.body.is_some() }
    }

    /// How it is asked after a redirect with this status (RFC 9110, 15.4): after a 303 in any case, and as everybody does
    /// it after a 301 or 302, what was to be worked on is done, and its result is fetched.
    pub(super) fn after(self, status: u16) -> Self {
        match (status, self.method) {
            (303, HttpMethod::Head) => Self { with_body: false, ..self },
            (303, _) | (301 | 302, HttpMethod::Post) => Self { method: HttpMethod::Get, with_body: false },
            _ => self,
        }
    }

    /// Whether this changes nothing and tells nothing, so that anybody may be asked.
    pub(super) fn is_harmless(self) -> bool {
        !self.with_body && matches!(self.method, HttpMethod::Get | HttpMethod::Head | HttpMethod::Options)
    }
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_matches(['[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail(target: &str, virtual_host: Option<&str>) -> Trail {
        let check = HttpCheck {
            virtual_host: virtual_host.map(Into::into),
            request: "/a/b".into(),
            ..HttpCheck::page()
        };
        Trail::new(target.parse().unwrap(), &check).unwrap()
    }

    fn next(trail: &Trail, location: &str) -> (String, bool) {
        let url = trail.next(&trail.first, location).unwrap();
        (url.to_string(), trail.is_first_server(&url))
    }

    #[test]
    fn the_own_name_keeps_the_checked_port() {
        let trail = trail("10.0.0.1:8080", Some("www.example.com:80"));
        for (location, url, same) in [
            ("c", "http://www.example.com:8080/a/c", true),
            ("/c?d=e", "http://www.example.com:8080/c?d=e", true),
            ("http://WWW.example.com/", "http://www.example.com:8080/", true),
            ("http://www.example.com:8081/", "http://www.example.com:8081/", false),
            ("https://www.example.com/", "https://www.example.com/", false),
            ("http://other.example.com/", "http://other.example.com/", false),
        ] {
            assert_eq!(next(&trail, location), (url.to_owned(), same), "{location}");
        }
    }

    #[test]
    fn an_address_as_virtual_host_stands_for_the_real_server() {
        let real = trail("[2001:db8::1]:8080", Some("[2001:db8::80]"));
        let own = ("http://[2001:db8::1]:8080/c".to_owned(), true);
        for location in ["/c", "http://[2001:db8::80]/c", "http://[2001:db8::1]/c"] {
            assert_eq!(next(&real, location), own, "{location}");
        }
    }

    #[test]
    fn only_http_is_followed() {
        let trail = trail("10.0.0.1:80", None);
        for location in ["ftp://example.com/", "javascript:1", "http://[::1/", "http://"] {
            assert_eq!(trail.next(&trail.first, location).unwrap_err().kind(), "protocol", "{location}");
        }
    }

    #[test]
    fn a_proxy_is_told_where_it_leads() {
        let check = HttpCheck {
            proxy: true,
            virtual_host: Some("ignored.example.com".into()),
            request: "http://www.example.com/a/b".into(),
            ..HttpCheck::page()
        };
        let trail = Trail::new("10.0.0.1:3128".parse().unwrap(), &check).unwrap();
        for (location, url, same) in [
            ("c", "http://www.example.com/a/c", true),
            ("http://www.example.com:80/", "http://www.example.com/", true),
            ("http://www.example.com:3128/", "http://www.example.com:3128/", false),
            ("https://www.example.com/", "https://www.example.com/", false),
            ("http://10.0.0.1/", "http://10.0.0.1/", false),
        ] {
            assert_eq!(next(&trail, location), (url.to_owned(), same), "{location}");
        }
    }

    #[test]
    fn a_redirect_asks_again_or_fetches_what_came_of_it() {
        use HttpMethod::{Get, Head, Options, Post, Put};
        let first = |method| Asking { method, with_body: true };
        let get = Asking { method: Get, with_body: false };
        for (status, method, then) in [
            (301, Post, get),
            (302, Post, get),
            (303, Post, get),
            (303, Put, get),
            (303, Head, Asking { method: Head, with_body: false }),
            (302, Put, first(Put)),
            (307, Post, first(Post)),
            (308, Post, first(Post)),
            (302, Options, first(Options)),
        ] {
            assert_eq!(first(method).after(status), then, "{status} {method:?}");
        }
        assert!(get.is_harmless());
        assert!(!first(Get).is_harmless() && !Asking { method: Put, with_body: false }.is_harmless());
    }
}
