use std::{net::IpAddr, sync::Arc};

use ldirectord::{
    health::{Failure, Stage},
    model::{CheckKind, OracleCheck},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    ask, failure, passed, probes,
    server::{Act, LOOPBACKS, Server, say},
};

const ACCEPT: u8 = 2;
const REFUSE: u8 = 4;
const REDIRECT: u8 = 5;
const RESEND: u8 = 11;

fn oracle(database: &str) -> CheckKind {
    CheckKind::Oracle(Arc::new(OracleCheck { database: database.into() }))
}

fn packet(kind: u8, body: &str) -> Vec<u8> {
    let length = u16::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&length[..], &[0, 0, kind, 0, 0, 0], body.as_bytes()].concat()
}

fn refuse(number: u32) -> Vec<u8> {
    let text = format!(
        "(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR={number})(ERROR_STACK=(ERROR=(CODE={number})(EMFI=4))))"
    );
    packet(REFUSE, &format!("\x22\0\0{}{text}", char::from(u8::try_from(text.len()).unwrap())))
}

/// A listener that answers each request by its text, until that is no wish for it again.
async fn listener(ip: IpAddr, answer: fn(usize, &str) -> Vec<u8>) -> Server {
    Server::new(ip, move |mut stream, heard| async move {
        for number in 0.. {
            let Ok(length) = stream.read_u16().await else { return };
            let mut rest = vec![0; usize::from(length) - 2];
            stream.read_exact(&mut rest).await.unwrap();
            let place = usize::from(u16::from_be_bytes([rest[24], rest[25]])) - 2;
            let text = String::from_utf8(rest[place..].to_vec()).unwrap();
            heard.lock().unwrap().push(text.clone());
            let answer = answer(number, &text);
            stream.write_all(&answer).await.unwrap();
            if answer[4] != RESEND {
                return;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_database_is_known_by_its_sid_or_its_service() {
    let answer = |_, text: &str| match text {
        _ if text.contains("(SID=ORCL)") => packet(ACCEPT, "\u{1}:\0\0"),
        _ if text.contains("(SERVICE_NAME=orcl.example.com)") => packet(REDIRECT, "\0\x0a(ADDRESS=)"),
        _ if text.contains("(SID=") => refuse(12505),
        _ => refuse(12514),
    };
    for ip in LOOPBACKS {
        let server = listener(ip, answer).await;
        let wanted = [
            ("ORCL", vec!["(SID=ORCL)"]),
            ("orcl.example.com", vec!["(SID=orcl.example.com)", "(SERVICE_NAME=orcl.example.com)"]),
        ];
        for (database, asked) in wanted {
            let before = server.heard().len();
            let verdict = ask(&probes(), server.address, oracle(database)).await;
            assert!(passed(&verdict), "{verdict:?}");
            let heard = server.heard().split_off(before);
            assert_eq!(heard.len(), asked.len());
            assert!(heard.iter().zip(asked).all(|(heard, asked)| heard.contains(asked)), "{heard:?}");
        }
        let verdict = ask(&probes(), server.address, oracle("other")).await;
        assert_eq!(failure(verdict).to_string(), "error TNS-12514: the listener knows no such database");
    }
}

#[tokio::test]
async fn without_a_database_the_listener_is_pinged() {
    for ip in LOOPBACKS {
        let server = listener(ip, |_, _| refuse(0)).await;
        let verdict = ask(&probes(), server.address, oracle("")).await;
        assert!(passed(&verdict), "{verdict:?}");
        assert!(server.heard()[0].contains("(COMMAND=ping)"), "{:?}", server.heard());
        let server = listener(ip, |_, _| refuse(12504)).await;
        assert!(passed(&ask(&probes(), server.address, oracle("")).await));
        let server = listener(ip, |_, _| refuse(12518)).await;
        assert_eq!(failure(ask(&probes(), server.address, oracle("")).await).kind(), "error");
    }
}

#[tokio::test]
async fn a_request_is_repeated_when_the_listener_wants_that_but_not_for_ever() {
    for ip in LOOPBACKS {
        let once = |number, _: &str| if number == 0 { packet(RESEND, "") } else { packet(ACCEPT, "") };
        let server = listener(ip, once).await;
        assert!(passed(&ask(&probes(), server.address, oracle("ORCL")).await));
        assert_eq!(server.heard().len(), 2);
        let server = listener(ip, |_, _| packet(RESEND, "")).await;
        assert_eq!(failure(ask(&probes(), server.address, oracle("ORCL")).await).kind(), "protocol");
        assert_eq!(server.heard().len(), 4);
    }
}

#[tokio::test]
async fn a_server_that_is_no_listener_is_told() {
    for ip in LOOPBACKS {
        let server = Server::acting(ip, vec![say("220 mail.example.com ESMTP\r\n"), Act::Hold]).await;
        let told = failure(ask(&probes(), server.address, oracle("ORCL")).await).to_string();
        assert!(told.starts_with("not understood: \"220 mail"), "{told}");
        let server = Server::acting(ip, vec![say("\0\x20\0\0\x02")]).await;
        let verdict = ask(&probes(), server.address, oracle("ORCL")).await;
        assert_eq!(failure(verdict), Failure::Closed(Stage::Answer));
    }
}
