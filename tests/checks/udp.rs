use std::{net::SocketAddr, sync::Arc};

use ldirectord::{
    health::{Evidence, Failure, Stage, Verdict},
    model::{Bytes, CheckKind, Expected, Route, UdpCheck},
};
use tokio::net::UdpSocket;

use crate::{
    DEADLINE, ask, ask_along, failure, passed, pattern, probes,
    server::{Datagrams, LOOPBACKS, nobody_hears},
};

fn udp(request: &str, receive: Option<&str>, refuse: Option<&str>) -> CheckKind {
    let expected = Expected { receive: receive.map(pattern), refuse: refuse.map(pattern) };
    CheckKind::Udp(Arc::new(UdpCheck { request: Bytes::new(request.as_bytes()), expected }))
}

#[tokio::test]
async fn any_answer_proves_it_unless_one_is_wanted_or_refused() {
    for ip in LOOPBACKS {
        let server = Datagrams::new(ip, |_, request| vec![[b"echo ", request].concat()]).await;
        let table = [
            (None, None, None),
            (Some("^echo ping$"), None, None),
            (Some("^pong"), None, Some("mismatch")),
            (None, Some("p.ng"), Some("unwanted")),
        ];
        for (receive, refuse, wanted) in table {
            match ask(&probes(), server.address, udp("ping", receive, refuse)).await {
                Verdict::Pass(evidence) => assert_eq!((evidence, wanted), (Evidence::default(), None)),
                Verdict::Fail(failure) => assert_eq!(Some(failure.kind()), wanted, "{failure}"),
            }
        }
        assert_eq!(server.heard(), vec![b"ping".to_vec(); 4]);
    }
}

#[tokio::test]
async fn empty_datagrams_are_questions_and_answers_too() {
    for ip in LOOPBACKS {
        let server = Datagrams::new(ip, |_, _| vec![Vec::new()]).await;
        let verdict = ask(&probes(), server.address, udp("", None, None)).await;
        assert!(passed(&verdict), "{verdict:?}");
        assert_eq!(server.heard(), [b""]);
    }
}

#[tokio::test]
async fn that_nobody_hears_is_told_at_once() {
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody_hears(ip).await, udp("ping", None, None)).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}

#[tokio::test]
async fn silence_is_waited_out_and_nothing_is_sent_twice() {
    for ip in LOOPBACKS {
        let server = Datagrams::new(ip, |_, _| Vec::new()).await;
        let verdict = ask(&probes(), server.address, udp("ping", None, None)).await;
        assert_eq!(failure(verdict), Failure::TimedOut(Stage::Answer));
        assert_eq!(server.heard().len(), 1);
    }
}

#[tokio::test]
async fn what_others_send_is_no_answer() {
    for ip in LOOPBACKS {
        let server = UdpSocket::bind((ip, 0)).await.unwrap();
        let other = UdpSocket::bind((ip, 0)).await.unwrap();
        let answers = async {
            let mut bytes = [0; 16];
            let (_, client): (usize, SocketAddr) = server.recv_from(&mut bytes).await.unwrap();
            other.send_to(b"wrong", client).await.unwrap();
            server.send_to(b"right", client).await.unwrap();
        };
        let probes = probes();
        let check = ask(&probes, server.local_addr().unwrap(), udp("x", Some("^right$"), None));
        let (verdict, ()) = tokio::join!(check, answers);
        assert!(passed(&verdict), "{verdict:?}");
    }
}

#[tokio::test]
async fn datagrams_come_from_the_source_of_the_check() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let answers = async {
        let mut bytes = [0; 16];
        let (_, client) = server.recv_from(&mut bytes).await.unwrap();
        server.send_to(b"x", client).await.unwrap();
        client.ip().to_string()
    };
    let route = Route { source: Some("127.0.0.79".parse().unwrap()), mark: None };
    let (probes, target) = (probes(), server.local_addr().unwrap());
    let check = ask_along(&probes, target, route, udp("x", None, None), DEADLINE);
    let (verdict, source) = tokio::join!(check, answers);
    assert!(passed(&verdict), "{verdict:?}");
    assert_eq!(source, "127.0.0.79");
}
