//! The request of a check, as text (RFC 9112, 3).

use std::{
    borrow::Cow,
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
};

use crate::{
    check::AGENT,
    model::{HttpCheck, HttpField, HttpMethod},
};

/// The whole request, with its body.
pub(super) fn text(target: SocketAddr, check: &HttpCheck) -> String {
    let (path, host, body) = (path(&check.request), host(target, check), check.body.as_deref());
    let mut text = format!("{} {path} HTTP/1.1\r\nHost: {host}\r\n", check.method.name());
    // Writing to a String does not fail.
    let ours = [("User-Agent", AGENT), ("Accept", "*/*"), ("Connection", "close")];
    for (name, value) in ours.into_iter().filter(|(name, _)| configured(check, name).is_none()) {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    for HttpField { name, value } in fields(check) {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if body.is_some() || matches!(check.method, HttpMethod::Post | HttpMethod::Put) {
        let _ = write!(text, "Content-Length: {}\r\n", body.map_or(0, str::len));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text
}

/// The Host header: the one that is configured, the host of the URL that a proxy is asked for, the virtual host, or else
/// the server's address without its port, as it always was.
pub(super) fn host(target: SocketAddr, check: &HttpCheck) -> Cow<'_, str> {
    if let Some(field) = configured(check, "Host") {
        return Cow::Borrowed(&field.value);
    }
    if check.proxy {
        return Cow::Borrowed(authority(&check.request));
    }
    match (&check.virtual_host, check.server.unwrap_or(target.ip())) {
        (Some(name), _) => Cow::Borrowed(name),
        (None, IpAddr::V4(server)) => Cow::Owned(server.to_string()),
        (None, IpAddr::V6(server)) => Cow::Owned(format!("[{server}]")),
    }
}

/// The field that is configured with this name, which stands in the place of ours.
pub(super) fn configured<'c>(check: &'c HttpCheck, name: &str) -> Option<&'c HttpField> {
    check.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))
}

/// The configured fields but for the host, which stands first, and those that say where a message ends (RFC 9112, 6):
/// these follow from the body.
pub(super) fn fields(check: &HttpCheck) -> impl Iterator<Item = &HttpField> {
    let special = ["Host", "Content-Length", "Transfer-Encoding"];
    check
        .headers
        .iter()
        .filter(move |field| !special.iter().any(|name| field.name.eq_ignore_ascii_case(name)))
}

/// Host and port of a URL (RFC 3986, 3.2), without the user's name.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
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

    fn fields_of(check: &HttpCheck) -> String {
        let text = text("192.0.2.1:80".parse().unwrap(), check);
        text.split_once("\r\n").unwrap().1.replace(AGENT, "us")
    }

    #[test]
    fn what_is_configured_stands_in_the_place_of_ours() {
        let field = |name: &str, value: &str| HttpField { name: name.into(), value: value.into() };
        let check = HttpCheck {
            headers: [
                field("X-One", "1"),
                field("user-agent", "curl"),
                field("HOST", "other"),
                field("connection", "keep-alive"),
                field("Content-length", "7"),
                field("X-One", "2"),
            ]
            .into(),
            ..check(Some("www.example.com"), "/")
        };
        assert_eq!(
            fields_of(&check),
            "Host: other\r\nAccept: */*\r\nX-One: 1\r\nuser-agent: curl\r\nconnection: keep-alive\r\n\
             X-One: 2\r\n\r\n"
        );
    }

    #[test]
    fn a_body_is_sent_with_its_length() {
        let ours = "Host: a\r\nUser-Agent: us\r\nAccept: */*\r\nConnection: close\r\n";
        let post = HttpCheck { method: HttpMethod::Post, ..check(Some("a"), "/") };
        assert_eq!(fields_of(&post), format!("{ours}Content-Length: 0\r\n\r\n"));
        let post = HttpCheck { body: Some("caf\u{e9}".into()), ..post };
        assert_eq!(fields_of(&post), format!("{ours}Content-Length: 5\r\n\r\ncaf\u{e9}"));
        let options = HttpCheck { method: HttpMethod::Options, ..check(Some("a"), "/") };
        assert_eq!(fields_of(&options), format!("{ours}\r\n"));
    }

    #[test]
    fn a_proxy_is_asked_for_the_whole_url() {
        let proxy = |url: &str| HttpCheck { proxy: true, ..check(Some("virtual"), url) };
        let target = "192.0.2.1:3128".parse().unwrap();
        let asked = text(target, &proxy("http://www.example.com:81/x?y"));
        assert!(
            asked.starts_with("GET http://www.example.com:81/x?y HTTP/1.1\r\nHost: www.example.com:81\r\n")
        );
        for (url, name) in [
            ("http://www.example.com", "www.example.com"),
            ("http://user@[2001:db8::1]:8080?a@b", "[2001:db8::1]:8080"),
        ] {
            assert_eq!(host(target, &proxy(url)), name);
        }
    }

    #[test]
    fn what_would_break_the_request_line_is_encoded() {
        assert_eq!(path("/a b#c"), "/a%20b");
        assert_eq!(path("/x\r\nEvil: 1"), "/x%0D%0AEvil:%201");
        assert_eq!(path("/é"), "/%C3%A9");
    }
}
