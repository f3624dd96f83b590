use std::sync::Arc;

use ldirectord::{
    health::{Evidence, Failure, Stage, Verdict},
    model::{CheckKind, Security, SipCheck, TlsVerify, Transport},
};

use crate::{
    ask,
    certificates::Pair,
    failure, probes,
    server::{Act, Datagrams, LOOPBACKS, Server, nobody_hears, say},
};

const OK: &str = "SIP/2.0 200 OK\r\nX: y\r\n\r\n";
const TRYING: &str = "SIP/2.0 100 Trying\r\nContent-Length: 2\r\n\r\nab";

fn sip(transport: Transport, tls: bool) -> CheckKind {
    let security = Security { verify: TlsVerify::No, ..Security::default() };
    let tls = tls.then(|| Arc::new(security));
    CheckKind::Sip(Arc::new(SipCheck { transport, tls, login: "me@director".into() }))
}

fn fine(verdict: &Verdict) {
    let Verdict::Pass(Evidence { status: Some(200), .. }) = verdict else { panic!("{verdict:?}") };
}

/// An answer to this request, with its Call-ID.
fn answer(request: &[u8], status: &str) -> Vec<u8> {
    let request = String::from_utf8(request.to_vec()).unwrap();
    let call = request.lines().find(|line| line.starts_with("Call-ID: ")).unwrap();
    format!("SIP/2.0 {status}\r\n{call}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn a_server_answers_datagrams() {
    for ip in LOOPBACKS {
        let answers = |_, request: &[u8]| {
            let mut other = answer(request, "503 Not you");
            let last = other.iter().position(|&byte| byte == b':').unwrap() + 2;
            other[last] ^= 1;
            vec![b"\r\n\r\n".to_vec(), TRYING.into(), other, answer(request, "200 OK")]
        };
        let server = Datagrams::new(ip, answers).await;
        fine(&ask(&probes(), server.address, sip(Transport::Udp, false)).await);
        let heard = String::from_utf8(server.heard().remove(0)).unwrap();
        let via = format!(
            "OPTIONS sip:me@director SIP/2.0\r\nVia: SIP/2.0/UDP {}",
            if ip.is_ipv4() { "127.0.0.1:" } else { "[::1]:" }
        );
        assert!(heard.starts_with(&via), "{heard}");
    }
}

#[tokio::test]
async fn a_server_answers_over_connections() {
    let context = Pair::self_signed("localhost").server();
    for ip in LOOPBACKS {
        let acts = vec![Act::Hear, say(TRYING), say(OK), Act::Hold];
        let server = Server::acting(ip, acts.clone()).await;
        fine(&ask(&probes(), server.address, sip(Transport::Tcp, false)).await);
        assert!(server.heard()[0].contains("Via: SIP/2.0/TCP "), "{:?}", server.heard());
        let server = Server::acting_in_tls(ip, context.clone(), acts).await;
        let verdict = ask(&probes(), server.address, sip(Transport::Tcp, true)).await;
        let Verdict::Pass(Evidence { status: Some(200), certificate: Some(_), .. }) = verdict else {
            panic!("{verdict:?}")
        };
        assert!(server.heard()[1].contains("Via: SIP/2.0/TLS "), "{:?}", server.heard());
    }
}

#[tokio::test]
async fn any_other_answer_is_a_failure() {
    for ip in LOOPBACKS {
        for (text, told) in [
            ("SIP/2.0 404 Not here\r\n\r\n", "status 404 Not here"),
            ("SIP/2.0 202 Accepted\r\n\r\n", "status 202 Accepted"),
            ("HTTP/1.1 400 Bad\r\n\r\n", "not understood: \"HTTP/1.1 400 Bad\" is no answer of SIP"),
        ] {
            let server = Server::acting(ip, vec![Act::Hear, say(text), Act::Hold]).await;
            let verdict = ask(&probes(), server.address, sip(Transport::Tcp, false)).await;
            assert_eq!(failure(verdict).to_string(), told);
            let server = Datagrams::new(ip, move |_, _| vec![text.into()]).await;
            let verdict = ask(&probes(), server.address, sip(Transport::Udp, false)).await;
            assert_eq!(failure(verdict).to_string(), told);
        }
        let server = Server::acting(ip, vec![Act::Hear, say(TRYING)]).await;
        let verdict = ask(&probes(), server.address, sip(Transport::Tcp, false)).await;
        assert_eq!(failure(verdict), Failure::Closed(Stage::Answer));
    }
}

#[tokio::test]
async fn a_request_that_is_lost_is_sent_again_as_it_was() {
    for ip in LOOPBACKS {
        let answers =
            |number, request: &[u8]| if number == 0 { Vec::new() } else { vec![answer(request, "200 OK")] };
        let server = Datagrams::new(ip, answers).await;
        fine(&ask(&probes(), server.address, sip(Transport::Udp, false)).await);
        let heard = server.heard();
        assert_eq!((heard.len(), &heard[0]), (2, &heard[1]));
        let verdict = ask(&probes(), nobody_hears(ip).await, sip(Transport::Udp, false)).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}
