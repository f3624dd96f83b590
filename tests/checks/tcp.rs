use std::{net::IpAddr, pin::Pin, sync::Arc};

use ldirectord::{
    check::Probes,
    health::{Failure, Stage},
    model::{Bytes, CheckKind, Expected, Security, Step, TcpCheck, TcpTalk, TlsVerify},
};
use openssl::ssl::{Ssl, SslContext, SslVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_openssl::SslStream;

use crate::{
    ask,
    certificates::Pair,
    failure, passed, pattern, probes,
    server::{Act, LOOPBACKS, Server, drip, say},
};

fn tcp(tls: bool, talk: TcpTalk) -> CheckKind {
    let security = Security { verify: TlsVerify::No, ..Security::default() };
    CheckKind::Tcp(Arc::new(TcpCheck { tls: tls.then(|| Arc::new(security)), talk }))
}

fn once(request: &str, receive: Option<&str>, refuse: Option<&str>) -> TcpTalk {
    let expected = Expected { receive: receive.map(pattern), refuse: refuse.map(pattern) };
    TcpTalk::Once { request: Bytes::new(request.as_bytes()), expected }
}

fn steps(steps: &[(&str, &str)]) -> TcpTalk {
    let step = |&(word, text): &(&str, &str)| match word {
        "send" => Step::Send(Bytes::new(text.as_bytes())),
        _ => Step::Expect(pattern(text)),
    };
    TcpTalk::Steps(steps.iter().map(step).collect())
}

/// Reads until the client says that this was all, and answers.
async fn hear_out(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    stream.write_all(format!("you said\r\n{text}\r\n").as_bytes()).await.unwrap();
    let _ = stream.shutdown().await;
    text
}

#[tokio::test]
async fn a_server_that_waits_for_the_end_of_the_question_is_told_it() {
    for ip in LOOPBACKS {
        let server = Server::new(ip, |stream, heard| async move {
            let text = hear_out(stream).await;
            heard.lock().unwrap().push(text);
        })
        .await;
        let verdict = ask(&probes(), server.address, tcp(false, once("PING", Some("^PING$"), None))).await;
        assert!(passed(&verdict), "{verdict:?}");
        assert_eq!(server.heard(), ["PING"]);
    }
}

/// A server of this version of TLS; it reads to the end of the question or, where it cannot know that, to a line's.
async fn in_tls(ip: IpAddr, context: SslContext, version: SslVersion) -> Server {
    Server::new(ip, move |stream, _| {
        let context = context.clone();
        async move {
            let mut ssl = Ssl::new(&context).unwrap();
            ssl.set_max_proto_version(Some(version)).unwrap();
            let mut stream = SslStream::new(ssl, stream).unwrap();
            Pin::new(&mut stream).accept().await.unwrap();
            if version == SslVersion::TLS1_3 {
                hear_out(stream).await;
            } else {
                let mut text = [0; 5];
                stream.read_exact(&mut text).await.unwrap();
                // It would drop its answer if it was told that nothing more comes.
                stream.write_all(b"you said\r\nPING\r\n").await.unwrap();
                assert_ne!(stream.read(&mut [0]).await.ok(), Some(0), "told the end");
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_same_inside_of_tls() {
    let context = Pair::self_signed("localhost").server();
    for ip in LOOPBACKS {
        for version in [SslVersion::TLS1_3, SslVersion::TLS1_2] {
            let server = in_tls(ip, context.clone(), version).await;
            let verdict =
                ask(&probes(), server.address, tcp(true, once("PING\n", Some("^PING$"), None))).await;
            assert!(passed(&verdict), "{version:?}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_answer_is_told_whether_more_is_waited_for_or_not() {
    let wrong = Failure::Mismatch { wanted: "PONG".into(), got: "no.sorry".into() };
    let unwanted = Failure::Unwanted { refused: "sorry".into(), got: "sorry".into() };
    for ip in LOOPBACKS {
        for end in [Vec::new(), vec![Act::Hold]] {
            let acts = [vec![say("no\nsorry\n")], end].concat();
            let server = Server::acting(ip, acts).await;
            let verdict = ask(&probes(), server.address, tcp(false, once("x", Some("PONG"), None))).await;
            assert_eq!(failure(verdict), wrong);
            let verdict = ask(&probes(), server.address, tcp(false, once("x", None, Some("sorry")))).await;
            assert_eq!(failure(verdict), unwanted);
        }
    }
}

#[tokio::test]
async fn what_is_refused_is_looked_for_to_the_end() {
    for ip in LOOPBACKS {
        let check = || tcp(false, once("", Some("PONG"), Some("sorry")));
        let server = Server::acting(ip, vec![say("well\nPONG\n")]).await;
        let verdict = ask(&probes(), server.address, check()).await;
        assert!(passed(&verdict), "{verdict:?}");
        let server = Server::acting(ip, vec![say("well\nPONG\n"), Act::Hold]).await;
        let verdict = ask(&probes(), server.address, check()).await;
        assert_eq!(failure(verdict), Failure::TimedOut(Stage::Transfer));
    }
}

#[tokio::test]
async fn silence_proves_nothing() {
    for ip in LOOPBACKS {
        let server = Server::acting(ip, Vec::new()).await;
        let verdict = ask(&probes(), server.address, tcp(false, once("", None, None))).await;
        assert_eq!(failure(verdict), Failure::Closed(Stage::Answer));
        let server = Server::acting(ip, vec![Act::Hold]).await;
        let verdict = ask(&probes(), server.address, tcp(false, once("", None, None))).await;
        assert_eq!(failure(verdict), Failure::TimedOut(Stage::Answer));
    }
}

const SMTP: [(&str, &str); 5] = [
    ("expect", "^220 "),
    ("send", "EHLO me\r\n"),
    ("expect", "^250 "),
    ("send", "QUIT\r\n"),
    ("expect", "^221"),
];

async fn ask_steps(probes: &Probes, server: &Server, said: &[(&str, &str)]) -> Failure {
    failure(ask(probes, server.address, tcp(false, steps(said))).await)
}

/// A mail server that says its lines in drips, and hears each command before it answers.
async fn mail(ip: IpAddr) -> Server {
    Server::new(ip, |mut stream, heard| async move {
        drip(&mut stream, b"220-a\r\n220 b\r\n").await.unwrap();
        for answer in ["250-SIZE\r\n250 HELP\r\n", "221 bye\r\n"] {
            let mut line = Vec::new();
            while !line.ends_with(b"\n") {
                line.push(stream.read_u8().await.unwrap());
            }
            heard.lock().unwrap().push(String::from_utf8(line).unwrap());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn a_dialogue_goes_step_by_step() {
    for ip in LOOPBACKS {
        let server = mail(ip).await;
        let check = tcp(false, steps(&SMTP));
        let verdict = crate::ask_within(&probes(), server.address, check, crate::DEADLINE * 3).await;
        assert!(passed(&verdict), "{verdict:?}");
        assert_eq!(server.heard(), ["EHLO me\r\n", "QUIT\r\n"]);
    }
}

#[tokio::test]
async fn the_last_word_arrives() {
    for ip in LOOPBACKS {
        let server = Server::new(ip, |mut stream, heard| async move {
            stream.write_all(b"220 hi\r\n").await.unwrap();
            let mut text = String::new();
            let read = stream.read_to_string(&mut text).await;
            heard.lock().unwrap().push(format!("{read:?} {text}"));
        })
        .await;
        let check = tcp(false, steps(&[("expect", "^220"), ("send", "QUIT\n")]));
        let verdict = ask(&probes(), server.address, check).await;
        assert!(passed(&verdict), "{verdict:?}");
        while server.heard().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.heard(), ["Ok(5) QUIT\n"]);
    }
}

#[tokio::test]
async fn a_failure_names_its_step() {
    let step = |number, why| Failure::Step { number, why: Box::new(why) };
    let wrong = |wanted: &str, got: &str| Failure::Mismatch { wanted: wanted.into(), got: got.into() };
    let probes = probes();
    for ip in LOOPBACKS {
        // It goes on to wait, and it ends.
        for end in [Vec::new(), vec![Act::Hold]] {
            let server = Server::acting(ip, [vec![say("554 no\r\n")], end].concat()).await;
            let told = ask_steps(&probes, &server, &SMTP).await;
            assert_eq!(told, step(1, wrong("^220 ", "554 no")));
            assert_eq!(told.to_string(), r#"step 1: answer does not match /^220 /, got "554 no""#);
        }
        let server = Server::acting(ip, vec![say("220 hi\r\n")]).await;
        let told = ask_steps(&probes, &server, &SMTP).await;
        assert!(
            told == step(3, Failure::Closed(Stage::Answer))
                || told == step(2, Failure::Closed(Stage::Answer)),
            "{told}"
        );
        let server = Server::acting(ip, vec![say("220 hi\r\n"), Act::Hold]).await;
        assert_eq!(ask_steps(&probes, &server, &SMTP).await, step(3, Failure::TimedOut(Stage::Answer)));
        let server = Server::acting(ip, vec![Act::Forever(b"nonsense ".to_vec())]).await;
        let Failure::Step { number: 1, why } = ask_steps(&probes, &server, &SMTP).await else { panic!() };
        assert_eq!(why.kind(), "mismatch");
    }
}

#[tokio::test]
async fn a_dialogue_may_be_inside_of_tls() {
    let context = Pair::self_signed("localhost").server();
    for ip in LOOPBACKS {
        let server = Server::acting_in_tls(ip, context.clone(), vec![say("hello\n"), Act::Hold]).await;
        let verdict = ask(&probes(), server.address, tcp(true, steps(&[("expect", "^hello$")]))).await;
        assert!(passed(&verdict), "{verdict:?}");
    }
}
