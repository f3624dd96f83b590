//! The health service of gRPC, on servers that know it and on others.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use ldirectord::{
    health::{Failure, Stage},
    model::{CheckKind, GrpcCheck, TlsVerify},
};
use openssl::ssl::{Ssl, SslContext};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_openssl::SslStream;

use crate::{
    ask,
    certificates::{Pair, VALID},
    failure,
    https::trusting,
    passed, probes, protected,
    server::{Act, LOOPBACKS, Server, nobody, say},
};

/// What a server answers to every call.
#[derive(Clone, Default)]
struct Answer {
    status: u16,
    fields: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    trailers: Option<Vec<(&'static str, &'static str)>>,
}

/// A call that was carried out, and its message.
fn message(bytes: &[u8]) -> Answer {
    let frame = [0, 0, 0, 0, u8::try_from(bytes.len()).unwrap()];
    Answer {
        status: 200,
        fields: vec![("content-type", "application/grpc+proto")],
        body: [&frame, bytes].concat(),
        trailers: Some(vec![("grpc-status", "0")]),
    }
}

fn fields(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, answer: Answer, heard: Arc<Mutex<Vec<String>>>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let mut asked = None;
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (asked_for, mut body) = request.into_parts();
        let (answer, heard) = (answer.clone(), Arc::clone(&heard));
        // It goes on while the next call is waited for.
        asked = Some(tokio::spawn(async move {
            let mut message = Vec::new();
            while let Some(Ok(piece)) = body.data().await {
                message.extend_from_slice(&piece);
            }
            let agent = asked_for.headers["user-agent"].to_str().unwrap().to_owned();
            assert_eq!(
                (&asked_for.headers["te"], &asked_for.headers["content-type"]),
                (&HeaderValue::from_static("trailers"), &HeaderValue::from_static("application/grpc"),)
            );
            heard
                .lock()
                .unwrap()
                .push(format!("{} {} by {agent}: {message:?}", asked_for.method, asked_for.uri));
            let mut response = Response::builder().status(answer.status).body(()).unwrap();
            *response.headers_mut() = fields(&answer.fields);
            let only_head = answer.body.is_empty() && answer.trailers.is_none();
            let mut stream = respond.send_response(response, only_head).unwrap();
            if !only_head {
                stream.send_data(answer.body.into(), answer.trailers.is_none()).unwrap();
            }
            if let Some(trailers) = &answer.trailers {
                stream.send_trailers(fields(trailers)).unwrap();
            }
        }));
    }
    if let Some(asked) = asked {
        asked.await.unwrap();
    }
}

async fn server(ip: IpAddr, answer: Answer) -> Server {
    Server::new(ip, move |stream, heard| serve(stream, answer.clone(), heard)).await
}

async fn secure_server(ip: IpAddr, context: SslContext, answer: Answer) -> Server {
    Server::new(ip, move |stream, heard| {
        let (context, answer) = (context.clone(), answer.clone());
        async move {
            let mut stream = SslStream::new(Ssl::new(&context).unwrap(), stream).unwrap();
            if Pin::new(&mut stream).accept().await.is_ok() {
                serve(stream, answer, heard).await;
            }
        }
    })
    .await
}

fn check(service: &str) -> GrpcCheck {
    GrpcCheck { tls: None, virtual_host: None, service: service.into() }
}

async fn refused(answer: Answer) -> String {
    let server = server(LOOPBACKS[0], answer).await;
    failure(ask(&probes(), server.address, CheckKind::Grpc(check("").into())).await).to_string()
}

#[tokio::test]
async fn a_server_that_serves_passes() {
    let probes = probes();
    let agent = concat!("ldirectord/", env!("CARGO_PKG_VERSION"));
    for ip in LOOPBACKS {
        let server = server(ip, message(&[8, 1])).await;
        assert!(passed(&ask(&probes, server.address, CheckKind::Grpc(check("").into())).await));
        let named = GrpcCheck { virtual_host: Some("api.example.com".into()), ..check("a.B") };
        assert!(passed(&ask(&probes, server.address, CheckKind::Grpc(named.into())).await));
        let path = "/grpc.health.v1.Health/Check";
        assert_eq!(
            server.heard(),
            [
                format!("POST http://{}{path} by {agent}: [0, 0, 0, 0, 0]", server.address),
                format!("POST http://api.example.com{path} by {agent}: [0, 0, 0, 0, 5, 10, 3, 97, 46, 66]"),
            ]
        );
    }
}

#[tokio::test]
async fn a_server_that_does_not_serve_fails_in_its_words() {
    for (status, words) in [
        (0, "not available: UNKNOWN"),
        (2, "not available: NOT_SERVING"),
        (3, "not available: SERVICE_UNKNOWN"),
        (9, "not available: status 9"),
    ] {
        assert_eq!(refused(message(&[8, status])).await, words);
    }
}

#[tokio::test]
async fn the_status_of_the_call_counts() {
    let grpc = ("content-type", "application/grpc");
    let only_head = Answer {
        status: 200,
        fields: vec![grpc, ("grpc-status", "5"), ("grpc-message", "unknown%20service")],
        ..Answer::default()
    };
    assert_eq!(refused(only_head.clone()).await, "error 5 NOT_FOUND: unknown service");
    let trailers = Answer { trailers: Some(vec![("grpc-status", "14")]), ..message(&[8, 1]) };
    assert_eq!(refused(trailers).await, "error 14 UNAVAILABLE");
    let none = Answer { trailers: None, ..message(&[8, 1]) };
    assert_eq!(refused(none).await, "not understood: answer without a grpc-status");
    let empty = Answer { body: vec![], ..message(&[]) };
    assert_eq!(refused(empty).await, "not understood: the message is missing or cut short");
    let head = Answer { fields: vec![grpc, ("grpc-status", "0")], ..only_head };
    assert_eq!(refused(head).await, "not understood: the message is missing or cut short");
}

#[tokio::test]
async fn other_servers_of_http_2_are_told_apart() {
    let missing = Answer { status: 404, ..Answer::default() };
    assert_eq!(refused(missing).await, "status 404 Not Found");
    let page = Answer { fields: vec![("content-type", "text/html")], ..message(&[8, 1]) };
    assert_eq!(refused(page).await, "not understood: not gRPC, its content is of type \"text/html\"");
    let endless = Answer { body: vec![0; 100_000], ..message(&[]) };
    assert_eq!(refused(endless).await, "not understood: an answer that does not end");
    let broken = message(&[8]);
    assert_eq!(refused(broken).await, "not understood: malformed message");
}

#[tokio::test]
async fn what_is_not_http_2_is_told_apart() {
    let ip = LOOPBACKS[1];
    let probes = probes();
    let outcome = async |acts: Vec<Act>| {
        let server = Server::acting(ip, acts).await;
        failure(ask(&probes, server.address, CheckKind::Grpc(check("").into())).await)
    };
    let old = outcome(vec![Act::Hear, say("HTTP/1.1 400 Bad Request\r\n\r\n"), Act::Hold]).await;
    assert_eq!(old.to_string(), "not understood: not HTTP/2: frame with invalid size");
    assert_eq!(outcome(vec![Act::Hear]).await, Failure::Closed(Stage::Answer));
    assert_eq!(outcome(vec![Act::Hear, Act::Reset]).await, Failure::Closed(Stage::Answer));
    assert_eq!(outcome(vec![Act::Hold]).await, Failure::TimedOut(Stage::Answer));
    let gone = nobody(ip).await;
    assert_eq!(failure(ask(&probes, gone, CheckKind::Grpc(check("").into())).await), Failure::Refused);
}

#[tokio::test]
async fn in_tls_the_server_must_agree_to_http_2() {
    let authority = Pair::authority();
    let pair = authority.issue("api.example.com", VALID);
    let probes = trusting(&authority);
    let secure = GrpcCheck { tls: Some(protected(TlsVerify::Full, Some("api.example.com"))), ..check("") };
    for ip in LOOPBACKS {
        let server = secure_server(ip, pair.speaking_server(b"h2"), message(&[8, 1])).await;
        let verdict = ask(&probes, server.address, CheckKind::Grpc(secure.clone().into())).await;
        assert!(passed(&verdict), "{verdict:?}");
        assert!(server.heard()[0].starts_with("POST https://"), "{:?}", server.heard());
        let server = secure_server(ip, pair.server(), message(&[8, 1])).await;
        let failed = failure(ask(&probes, server.address, CheckKind::Grpc(secure.clone().into())).await);
        assert_eq!(failed.to_string(), "TLS: server does not agree to speak h2 (ALPN)");
    }
}
