//! A request of one real server that is a whole URL: where it leads, and what is asked there (RFC 3986, 3).

use std::net::Ipv6Addr;

use crate::config::draft::Host;

/// The parts of a URL behind its scheme.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url<'t> {
    pub(super) host: Host,
    pub(super) port: Option<u16>,
    /// Path and query, without the slash in front.
    pub(super) path: &'t str,
}

/// The scheme of a text that is a URL of HTTP, and what follows it.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some((scheme, rest))
}

/// The name of the host of a request that is a whole URL, if it has one.
pub(super) fn host_name(request: &str) -> Option<&str> {
    let (_, rest) = scheme(request.trim_start_matches('/'))?;
    let Host::Name(name) = read(rest).ok()?.host else { return None };
    rest.get(..name.len())
}

/// Reads what follows the scheme; the error says what is wrong with it.
pub(super) fn read(rest: &str) -> Result<Url<'_>, &'static str> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err("a user in a URL is never sent to a server");
    }
    let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']').ok_or("the bracket is not closed")?;
        let address: Ipv6Addr = address.parse().map_err(|_| "expected an IPv6 address in the brackets")?;
        (Host::from(address), port)
    } else {
        let colon = authority.find(':').unwrap_or(authority.len());
        let (host, port) = authority.split_at(colon);
        let of_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if host.is_empty() || !host.chars().all(of_name) {
            return Err("expected the address or name of a host");
        }
        (host.parse().map_or_else(|_| Host::Name(host.to_owned()), Host::Address), port)
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some("") => None,
        Some(digits) => {
            Some(digits.parse().ok().filter(|port| *port != 0).ok_or("the port must be from 1 to 65535")?)
        }
        None => return Err("unexpected text behind the host"),
    };
    Ok(Url { host, port, path: path.trim_start_matches('/') })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(host: Host, port: Option<u16>, path: &str) -> Url<'_> {
        Url { host, port, path }
    }

    #[test]
    fn a_url_is_taken_apart() {
        assert_eq!(scheme("HTTP://x/"), Some(("HTTP", "x/")));
        assert_eq!(host_name("/http://www.example.com:81/x"), Some("www.example.com"));
        assert_eq!(host_name("http://192.0.2.1/x"), None);
        assert_eq!(scheme("/cgi?next=http://x/"), None);
        let four = || Host::Address([192, 0, 2, 1].into());
        assert_eq!(read("192.0.2.1:81/a?b").unwrap(), url(four(), Some(81), "a?b"));
        assert_eq!(read("192.0.2.1").unwrap(), url(four(), None, ""));
        assert_eq!(read("www.example.com:/x").unwrap(), url(Host::Name("www.example.com".into()), None, "x"));
        assert_eq!(
            read("[2001:db8::1]:81?x").unwrap(),
            url(Host::Address("2001:db8::1".parse().unwrap()), Some(81), "?x")
        );
    }

    #[test]
    fn what_leads_nowhere_is_told() {
        for wrong in
            ["", "/x", ":80/", "user:word@host/", "[::1/x", "[x]/", "[::1]80/", "host:x/", "host:0", "a b/"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
