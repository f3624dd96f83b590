use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use ldirectord::{
    check::Probes,
    health::{Failure, Stage, Verdict},
    model::{CheckKind, HttpCheck, TlsVerify},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    ask_within,
    certificates::{EXPIRED, Pair, VALID},
    failure,
    https::trusting,
    page, passed, probes, protected,
    server::{Act, LOOPBACKS, Server, nobody, say},
};

const NAME: &str = "www.example.com";
/// The client that follows redirects is made on the first of them.
const DEADLINE: Duration = Duration::from_millis(1_500);
pub(crate) const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

pub(crate) async fn ask(probes: &Probes, target: SocketAddr, check: HttpCheck) -> Verdict {
    ask_within(probes, target, CheckKind::from(check), DEADLINE).await
}

fn redirect(location: &str) -> Vec<Act> {
    vec![Act::Hear, say(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))]
}

fn good_page() -> HttpCheck {
    page(Some("good"))
}

fn named(check: HttpCheck) -> HttpCheck {
    HttpCheck { virtual_host: Some(NAME.into()), ..check }
}

/// A server that redirects `/index.html` to `location`, and answers `then` to all else.
async fn redirecting(ip: IpAddr, location: &str, then: &'static str) -> Server {
    redirecting_with(ip, "301 Moved", location, then).await
}

/// The same with another status.
pub(crate) async fn redirecting_with(ip: IpAddr, status: &str, location: &str, then: &'static str) -> Server {
    let first = format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    Server::new(ip, move |mut stream, heard| {
        let first = first.clone();
        async move {
            let request = hear_with_body(&mut stream).await;
            let answer = if request.contains(" /index.html HTTP/") { first.as_str() } else { then };
            heard.lock().unwrap().push(request);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await
}

/// A request with its body, as far as it comes.
async fn hear_with_body(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut piece = vec![0; 4096];
    loop {
        let wanted = request.split_once("\r\n\r\n").map(|(head, body)| {
            let head = head.to_lowercase();
            let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next());
            (length.map_or(0, |length| length.parse().unwrap()), body.len())
        });
        if wanted.is_some_and(|(length, here): (usize, usize)| here >= length) {
            return request;
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return request,
            Ok(length) => request.push_str(str::from_utf8(&piece[..length]).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_redirect_on_the_same_server_stays_there() {
    let probes = probes();
    for ip in LOOPBACKS {
        for location in ["/there", "there", "http://www.example.com/there", "//WWW.example.com/there"] {
            let server = redirecting(ip, location, GOOD).await;
            let verdict = ask(&probes, server.address, named(good_page())).await;
            assert!(passed(&verdict), "{location}: {verdict:?}");
            let second = server.heard()[1].to_lowercase();
            assert!(second.starts_with("get /there http/1.1\r\n"), "{second}");
            assert!(second.contains("\r\nhost: www.example.com\r\n"), "{second}");
            assert!(
                second.contains(&format!("\r\nuser-agent: ldirectord/{}\r\n", env!("CARGO_PKG_VERSION")))
            );
        }
        let server = redirecting(ip, "/there", GOOD).await;
        assert!(passed(&ask(&probes, server.address, good_page()).await), "without a virtual host");
        let server = redirecting(ip, "http://192.0.2.1/there", GOOD).await;
        let check = HttpCheck { virtual_host: Some("192.0.2.1".into()), ..good_page() };
        assert!(passed(&ask(&probes, server.address, check).await), "the virtual host is an address");
        assert!(server.heard()[1].to_lowercase().contains("\r\nhost: 192.0.2.1\r\n"));
    }
}

#[tokio::test]
async fn a_redirect_to_another_server_is_followed() {
    let probes = probes();
    let other = Server::acting(LOOPBACKS[0], vec![Act::Hear, say(GOOD)]).await;
    for host in ["127.0.0.1", "localhost"] {
        let location = format!("http://{host}:{}/there", other.address.port());
        let server = Server::acting(LOOPBACKS[1], redirect(&location)).await;
        let verdict = ask(&probes, server.address, named(good_page())).await;
        assert!(passed(&verdict), "{location}: {verdict:?}");
        let host = format!("\r\nhost: {host}:{}\r\n", other.address.port());
        assert!(other.heard().last().unwrap().to_lowercase().contains(&host));
    }
}

#[tokio::test]
async fn the_page_at_the_end_is_judged() {
    let ip = LOOPBACKS[0];
    let probes = probes();
    let server = redirecting(ip, "/there", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad").await;
    assert_eq!(failure(ask(&probes, server.address, good_page()).await).kind(), "mismatch");
    assert!(passed(&ask(&probes, server.address, page(None)).await));
    let server = redirecting(ip, "/there", "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n").await;
    let failed = failure(ask(&probes, server.address, good_page()).await);
    assert_eq!(failed, Failure::Status { code: 503, text: "Service Unavailable".into() });
    let server = redirecting(ip, "/there", "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\ngood").await;
    assert_eq!(failure(ask(&probes, server.address, good_page()).await), Failure::Closed(Stage::Transfer));
}

#[tokio::test]
async fn a_circle_ends_after_seven() {
    let server = Server::acting(LOOPBACKS[0], redirect("/index.html")).await;
    let failed = failure(ask(&probes(), server.address, good_page()).await);
    assert_eq!(failed, Failure::Protocol("more than 7 redirects".into()));
    assert_eq!(server.heard().len(), 8);
}

#[tokio::test]
async fn a_redirect_to_nowhere_says_where() {
    let probes = probes();
    let gone = nobody(LOOPBACKS[0]).await;
    for (location, wanted) in [
        (format!("http://{gone}/"), format!("unreachable: redirect to http://{gone}: connection refused")),
        ("ftp://example.com/".into(), "redirect to \"ftp://example.com/\"".into()),
        ("http://[::1/".into(), "redirect to \"http://[::1/\": invalid IPv6 address".into()),
    ] {
        let server = Server::acting(LOOPBACKS[0], redirect(&location)).await;
        let words = failure(ask(&probes, server.address, good_page()).await).to_string();
        assert!(words.contains(&wanted), "{words}");
    }
    let server = Server::acting(LOOPBACKS[0], redirect("http://no-such-host.invalid/")).await;
    let failed = failure(ask(&probes, server.address, good_page()).await);
    assert!(failed.kind() == "unreachable" || failed.kind() == "timed-out", "{failed}");
}

#[tokio::test]
async fn a_redirect_to_silence_times_out() {
    let silent = Server::acting(LOOPBACKS[0], vec![Act::Hold]).await;
    let server = Server::acting(LOOPBACKS[0], redirect(&format!("http://{}/", silent.address))).await;
    let failed = failure(ask(&probes(), server.address, good_page()).await);
    assert_eq!(failed, Failure::TimedOut(Stage::Answer));
}

#[tokio::test]
async fn a_redirect_to_https_is_verified_like_https() {
    let authority = Pair::authority();
    let probes = trusting(&authority);
    let acts = vec![Act::Hear, say(GOOD)];
    let verdict = async |pair: Pair, tls: Option<TlsVerify>| {
        let secure = Server::acting_in_tls(LOOPBACKS[0], pair.server(), acts.clone()).await;
        let location = format!("https://{NAME}:{}/", secure.address.port());
        let tls = tls.map(|verify| protected(verify, Some(NAME)));
        let check = HttpCheck { tls: tls.clone(), ..named(good_page()) };
        let verdict = if tls.is_some() {
            let server = Server::acting_in_tls(LOOPBACKS[0], pair.server(), redirect(&location)).await;
            ask(&probes, server.address, check).await
        } else {
            let server = Server::acting(LOOPBACKS[0], redirect(&location)).await;
            ask(&probes, server.address, check).await
        };
        if passed(&verdict) {
            assert_eq!(secure.heard()[0], format!("sni {NAME}"));
        }
        verdict
    };
    assert!(passed(&verdict(authority.issue(NAME, VALID), None).await));
    assert!(passed(&verdict(authority.issue("other.example.com", VALID), None).await));
    let failed = failure(verdict(authority.issue(NAME, EXPIRED), None).await);
    assert!(
        matches!(&failed, Failure::Tls(words) if words.ends_with(": certificate has expired")),
        "{failed}"
    );
    for tls in [TlsVerify::Chain, TlsVerify::Full] {
        let first = verdict(authority.issue(NAME, VALID), Some(tls)).await;
        assert!(matches!(first, Verdict::Pass(evidence) if evidence.certificate.is_some()), "{first:?}");
    }
    assert!(passed(&verdict(Pair::self_signed("other.example.com"), Some(TlsVerify::No)).await));
    let failed = failure(verdict(Pair::self_signed(NAME), None).await);
    assert_eq!(failed.kind(), "tls", "{failed}");
}
