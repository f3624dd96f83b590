//! The way of a check: the address it comes from, and the mark it carries.

use std::num::NonZeroU32;

use ldirectord::{
    health::Failure,
    model::{CheckKind, FtpCheck, Login, Route, Secret},
};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::{DEADLINE, ask_along, content, failure, page, passed, probes};

fn from(address: &str) -> Route {
    Route { source: Some(address.parse().unwrap()), mark: None }
}

#[tokio::test]
async fn a_check_comes_from_its_source() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let server = async {
        let (mut stream, peer) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 204 None\r\n\r\n").await.unwrap();
        (stream, peer)
    };
    let (kind, probes) = (CheckKind::from(page(None)), probes());
    let (verdict, (_stream, peer)) =
        tokio::join!(ask_along(&probes, target, from("127.0.0.77"), kind, DEADLINE), server);
    assert!(passed(&verdict), "{verdict:?}");
    assert_eq!(peer.ip().to_string(), "127.0.0.77");
}

#[tokio::test]
async fn the_data_connection_of_ftp_comes_from_it_too() {
    let control = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let data = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (target, port) = (control.local_addr().unwrap(), data.local_addr().unwrap().port());
    let server = async {
        let (mut stream, peer) = control.accept().await.unwrap();
        let passive = format!("227 Entering (127,0,0,1,{},{})\r\n", port >> 8, port & 255);
        // Enough answers for all that is asked; who asks waits for one each time.
        let replies =
            format!("220 hi\r\n331 word?\r\n230 in\r\n200 binary\r\n{passive}150 here\r\n226 done\r\n");
        stream.write_all(replies.as_bytes()).await.unwrap();
        let (mut file, data_peer) = data.accept().await.unwrap();
        file.write_all(b"good").await.unwrap();
        drop(file);
        (stream, peer, data_peer)
    };
    let check = FtpCheck {
        tls: None,
        login: Login { name: "monitor".into(), passwd: Secret::new("x") },
        request: Some("/file".into()),
        expected: content(None),
    };
    let probes = probes();
    let (verdict, (_stream, peer, data_peer)) = tokio::join!(
        ask_along(&probes, target, from("127.0.0.78"), CheckKind::from(check), DEADLINE),
        server
    );
    assert!(passed(&verdict), "{verdict:?}");
    assert_eq!([peer, data_peer].map(|peer| peer.ip().to_string()), ["127.0.0.78", "127.0.0.78"]);
}

#[tokio::test]
async fn a_source_that_is_not_ours_is_our_own_trouble() {
    let target = "127.0.0.1:9".parse().unwrap();
    let verdict = ask_along(&probes(), target, from("192.0.2.77"), CheckKind::Connect, DEADLINE).await;
    let Failure::Local(words) = failure(verdict) else { panic!("not told as our own") };
    assert!(words.starts_with("check-source 192.0.2.77, is it an address of this machine? "), "{words}");
}

#[tokio::test]
async fn a_mark_is_set_or_says_what_it_takes() {
    const CAP_NET_ADMIN: u32 = 12;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let route = Route { source: None, mark: NonZeroU32::new(5) };
    let target = listener.local_addr().unwrap();
    let verdict = ask_along(&probes(), target, route, CheckKind::Connect, DEADLINE).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    if u64::from_str_radix(effective, 16).unwrap() >> CAP_NET_ADMIN & 1 == 1 {
        assert!(passed(&verdict), "{verdict:?}");
    } else {
        let Failure::Local(words) = failure(verdict) else { panic!("not told as our own") };
        assert!(words.contains("it takes CAP_NET_ADMIN"), "{words}");
    }
}
