//! The request of a check, as text (RFC 9112, 3).

use std::{
    borrow::Cow,
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use super::AGENT;
use crate::model::HttpCheck;

/// The whole request.
pub(super) fn text(target: SocketAddr, check: &HttpCheck) -> String {
    let (path, host) = (path(&check.request), host(target, check));
    format!(
        "{} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        check.method.name()
    )
}

/// The Host header: the virtual host, or else the server's address without its port, as it always was.
pub(super) fn host(target: SocketAddr, check: &HttpCheck) -> Cow<'_, str> {
    match (&check.virtual_host, check.server.unwrap_or(target.ip())) {
        (Some(name), _) => Cow::Borrowed(name),
        (None, IpAddr::V4(server)) => Cow::Owned(server.to_string()),
        (None, IpAddr::V6(server)) => Cow::Owned(format!("[{server}]")),
    }
}

/// The path and query as written, but for what cannot stand in a request line: a fragment is not sent (RFC 9110, 7.1),
/// and what is no visible ASCII is percent-encoded. Nothing is normalised.
fn path(request: &str) -> Cow<'_, str> {
    let request = request.split_once('#').map_or(request, |(before, _)| before);
    if request.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Cow::Borrowed(request);
    }
    let mut encoded = String::with_capacity(request.len() + 16);
    for byte in request.bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(virtual_host: Option<&str>, request: &str) -> HttpCheck {
        HttpCheck { virtual_host: virtual_host.map(Into::into), request: request.into(), ..HttpCheck::page() }
    }

    #[test]
    fn the_request_goes_out_as_it_was_written() {
        let target = "192.0.2.1:8080".parse().unwrap();
        let text = text(target, &check(Some("www.example.com"), "/a/../b?c=%41|d"));
        let agent = AGENT;
        assert_eq!(
            text,
            format!(
                "GET /a/../b?c=%41|d HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: {agent}\r\n\
                 Accept: */*\r\nConnection: close\r\n\r\n"
            )
        );
    }

    #[test]
    fn without_a_virtual_host_the_address_is_the_host() {
        let plain = check(None, "/");
        assert_eq!(host("192.0.2.1:8080".parse().unwrap(), &plain), "192.0.2.1");
        assert_eq!(host("[2001:db8::1]:8080".parse().unwrap(), &plain), "[2001:db8::1]");
    }

    #[test]
    fn what_would_break_the_request_line_is_encoded() {
        assert_eq!(path("/a b#c"), "/a%20b");
        assert_eq!(path("/x\r\nEvil: 1"), "/x%0D%0AEvil:%201");
        assert_eq!(path("/é"), "/%C3%A9");
    }
}
