use std::time::Duration;

use ldirectord::{
    health::{Evidence, Failure, Stage, Verdict},
    model::CheckKind,
};
use socket2::{Domain, Socket, Type};
use tokio::{
    net::{TcpListener, TcpSocket},
    time::timeout,
};

use crate::{
    ask, failure, probes,
    server::{LOOPBACKS, nobody},
};

#[tokio::test]
async fn somebody_listens_and_is_not_woken() {
    for ip in LOOPBACKS {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let verdict = ask(&probes(), listener.local_addr().unwrap(), CheckKind::Connect).await;
        assert_eq!(verdict, Verdict::Pass(Evidence::default()));
        assert!(timeout(Duration::from_millis(100), listener.accept()).await.is_err(), "accept was woken");
    }
}

#[tokio::test]
async fn nobody_listens() {
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody(ip).await, CheckKind::Connect).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}

#[tokio::test]
async fn a_listener_whose_queue_is_full_times_out() {
    for ip in LOOPBACKS {
        let listener = Socket::new(Domain::for_address((ip, 0).into()), Type::STREAM, None).unwrap();
        listener.bind(&std::net::SocketAddr::from((ip, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let target = listener.local_addr().unwrap().as_socket().unwrap();
        let mut callers = Vec::new();
        for _ in 0..3 {
            let socket = if ip.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
            callers.push(timeout(Duration::from_millis(100), socket.connect(target)).await);
        }
        let verdict = ask(&probes(), target, CheckKind::Connect).await;
        assert_eq!(failure(verdict), Failure::TimedOut(Stage::Connect));
    }
}

#[tokio::test]
async fn trouble_of_our_own_is_told_apart() {
    // A link-local address without an interface: no packet can be sent, whatever the server's health.
    let verdict = ask(&probes(), "[fe80::1]:80".parse().unwrap(), CheckKind::Connect).await;
    assert_eq!(failure(verdict).kind(), "local");
}
