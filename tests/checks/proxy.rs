//! Proxies: asked for whole URLs.

use std::net::{IpAddr, SocketAddr};

use ldirectord::model::{HttpCheck, HttpField, Security, TlsVerify};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
};

use crate::{
    certificates::{Pair, VALID},
    failure,
    https::trusting,
    page, passed, probes,
    redirects::{GOOD, ask},
    server::{Act, LOOPBACKS, Server, say},
};

const URL: &str = "http://www.example.com/x";

fn through(url: &str) -> HttpCheck {
    HttpCheck {
        proxy: true,
        request: url.into(),
        virtual_host: Some("virtual.example.com".into()),
        ..page(Some("good"))
    }
}

/// A proxy that answers the URL asked first with a redirect to `location`, each other with a good page, and opens tunnels
/// to `tunnel`, whatever they are meant for.
async fn proxy(ip: IpAddr, location: &str, tunnel: Option<SocketAddr>) -> Server {
    let first = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    Server::new(ip, move |mut stream, heard| {
        let first = first.clone();
        async move {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            heard.lock().unwrap().push(request.clone());
            if request.starts_with("CONNECT ") {
                let Some(tunnel) = tunnel else {
                    let _ = stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").await;
                    return;
                };
                let mut there = TcpStream::connect(tunnel).await.unwrap();
                let _ = stream.write_all(b"HTTP/1.1 200 Go\r\n\r\n").await;
                let _ = copy_bidirectional(&mut stream, &mut there).await;
                return;
            }
            let answer = if request.starts_with(&format!("GET {URL} ")) { &*first } else { GOOD };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_url_as_it_is() {
    for ip in LOOPBACKS {
        let server = Server::acting(ip, vec![Act::Hear, say(GOOD)]).await;
        assert!(passed(&ask(&probes(), server.address, through("http://www.example.com:81/a/../x?y")).await));
        let asked = server.heard().remove(0);
        let head = "GET http://www.example.com:81/a/../x?y HTTP/1.1\r\nHost: www.example.com:81\r\n";
        assert!(asked.starts_with(head), "{asked}");
        assert!(!asked.contains("virtual"), "{asked}");
    }
}

#[tokio::test]
async fn what_the_proxy_says_of_a_url_that_it_cannot_get_is_a_failure() {
    let acts = vec![Act::Hear, say("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")];
    let server = Server::acting(LOOPBACKS[0], acts).await;
    let words = failure(ask(&probes(), server.address, through(URL)).await).to_string();
    assert_eq!(words, "status 502 Bad Gateway");
}

#[tokio::test]
async fn its_redirects_are_followed_through_it() {
    let probes = probes();
    for ip in LOOPBACKS {
        for (location, asked) in [
            ("/y", "http://www.example.com/y"),
            ("http://other.example.com/z", "http://other.example.com/z"),
            // Not asked itself: nothing is known to be there, and the proxy says that all is well.
            ("http://192.0.2.1:81/z", "http://192.0.2.1:81/z"),
        ] {
            let server = proxy(ip, location, None).await;
            let field = |name: &str, value: &str| HttpField { name: name.into(), value: value.into() };
            let headers = [field("Authorization", "one"), field("Proxy-Authorization", "two")].into();
            let verdict = ask(&probes, server.address, HttpCheck { headers, ..through(URL) }).await;
            assert!(passed(&verdict), "{location}: {verdict:?}");
            let second = server.heard().remove(1).to_lowercase();
            assert!(second.starts_with(&format!("get {asked} http/1.1\r\n")), "{second}");
            assert_eq!(second.contains("\r\nauthorization: one\r\n"), location == "/y", "{second}");
            assert!(second.contains("\r\nproxy-authorization: two\r\n"), "{second}");
        }
    }
}

#[tokio::test]
async fn a_redirect_to_https_goes_through_a_tunnel() {
    let authority = Pair::authority();
    let probes = trusting(&authority);
    let pair = authority.issue("www.example.com", VALID);
    let secure = Server::acting_in_tls(LOOPBACKS[0], pair.server(), vec![Act::Hear, say(GOOD)]).await;
    let headers = [HttpField { name: "Proxy-Authorization".into(), value: "two".into() }].into();
    let check = HttpCheck { headers, ..through(URL) };
    let server = proxy(LOOPBACKS[1], "https://www.example.com/", Some(secure.address)).await;
    let verdict = ask(&probes, server.address, check.clone()).await;
    assert!(passed(&verdict), "{verdict:?}");
    assert!(
        server.heard()[1].starts_with("CONNECT www.example.com:443 HTTP/1.1\r\n"),
        "{:?}",
        server.heard()
    );
    assert_eq!(secure.heard()[0], "sni www.example.com");
    assert!(!secure.heard()[1].to_lowercase().contains("proxy-"), "{:?}", secure.heard());

    let server = proxy(LOOPBACKS[1], "https://www.example.com/", None).await;
    let failed = failure(ask(&probes, server.address, check).await).to_string();
    assert!(failed.contains("redirect to https://www.example.com"), "{failed}");
}

#[tokio::test]
async fn a_proxy_may_be_spoken_to_in_tls() {
    let authority = Pair::authority();
    let probes = trusting(&authority);
    let pair = authority.issue("proxy.example.com", VALID);
    let acts =
        vec![Act::Hear, say("HTTP/1.1 302 Found\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n")];
    let server = Server::acting_in_tls(LOOPBACKS[0], pair.server(), acts).await;
    let tls = Security {
        verify: TlsVerify::Full,
        server_name: Some("proxy.example.com".into()),
        ..Security::default()
    };
    let check = HttpCheck { tls: Some(tls.into()), ..through(URL) };
    let failed = failure(ask(&probes, server.address, check).await).to_string();
    assert!(failed.contains("more than 7 redirects"), "{failed}");
    let heard = server.heard();
    assert!(heard.iter().filter(|said| *said == "sni proxy.example.com").count() == 8, "{heard:?}");
    assert_eq!(heard.iter().filter(|said| said.starts_with("GET http://other/ HTTP/1.1\r\n")).count(), 7);
}
