//! Where redirects lead, and when they lead back. Pure.

use std::net::{IpAddr, SocketAddr};

use reqwest::Url;

use crate::{check::tls::ServerName, health::Failure, model::HttpCheck};

/// Where the redirects started.
pub(super) struct Trail {
    /// The page that was asked for first.
    pub(super) first: Url,
    /// Its host, without brackets.
    pub(super) own: String,
    /// The virtual host where that is an address: it stands for the real server as a name would.
    alias: Option<IpAddr>,
    target: SocketAddr,
}

impl Trail {
    pub(super) fn new(target: SocketAddr, check: &HttpCheck) -> Result<Self, Failure> {
        let scheme = if check.tls.is_some() { "https" } else { "http" };
        let (authority, alias) = match check.virtual_host.as_deref().map(ServerName::from_host) {
            Some(ServerName::Dns(name)) => (format!("{name}:{}", target.port()), None),
            Some(ServerName::Ip(address)) => (target.to_string(), Some(address)),
            None => (target.to_string(), None),
        };
        let first = format!("{scheme}://{authority}{}", check.request);
        let first = Url::parse(&first)
            .map_err(|error| Failure::Protocol(format!("redirected, but {first} is no URL: {error}")))?;
        let own = host(&first).to_owned();
        Ok(Self { first, own, alias, target })
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

    /// The same name at the same place: the Host header stays as it was configured.
    pub(super) fn is_first_server(&self, url: &Url) -> bool {
        self.is_own_name(url)
            && url.scheme() == self.first.scheme()
            && url.port_or_known_default() == Some(self.target.port())
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
}
