use std::{net::IpAddr, sync::Arc};

use ldirectord::{
    health::{Failure, Stage},
    model::{CheckKind, DnsCheck, Expected, RecordType, Transport},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UdpSocket},
};

use crate::{
    ask, failure, passed, pattern, probes,
    server::{Act, Datagrams, LOOPBACKS, Server, drip, nobody, nobody_hears},
};

const FINE: u16 = 0x8180;
const CUT: u16 = 0x8380;
const NXDOMAIN: u16 = 0x8183;

fn dns(transport: Transport, record: RecordType, receive: Option<&str>, refuse: Option<&str>) -> CheckKind {
    let expected = Expected { receive: receive.map(pattern), refuse: refuse.map(pattern) };
    CheckKind::Dns(Arc::new(DnsCheck { transport, name: "www.example.com".into(), record, expected }))
}

/// The answer to a question, with one address if it is fine.
fn answer(question: &[u8], flags: u16) -> Vec<u8> {
    let count = u8::from(flags == FINE);
    let mut message =
        [&question[..2], &flags.to_be_bytes(), &[0, 1, 0, count, 0, 0, 0, 0], &question[12..]].concat();
    if count == 1 {
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
    }
    message
}

/// Messages as they are over a connection.
fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let framed =
        |message: &Vec<u8>| [&u16::try_from(message.len()).unwrap().to_be_bytes(), &message[..]].concat();
    messages.iter().flat_map(framed).collect()
}

/// A server over connections that answers what `said` says.
async fn over_tcp(ip: IpAddr, said: impl Fn(&[u8]) -> Vec<u8> + Clone + Send + 'static) -> Server {
    Server::new(ip, move |mut stream, _| {
        let said = said.clone();
        async move {
            let length = stream.read_u16().await.unwrap();
            let mut question = vec![0; length.into()];
            stream.read_exact(&mut question).await.unwrap();
            drip(&mut stream, &said(&question)[..3]).await.unwrap();
            stream.write_all(&said(&question)[3..]).await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn a_name_server_answers() {
    for ip in LOOPBACKS {
        let udp = Datagrams::new(ip, |_, question| vec![answer(question, FINE)]).await;
        let tcp = over_tcp(ip, |question| framed(&[answer(question, FINE)])).await;
        for (transport, target) in [(Transport::Udp, udp.address), (Transport::Tcp, tcp.address)] {
            for receive in [None, Some(r"^192\.0\.2\.7$")] {
                let verdict = ask(&probes(), target, dns(transport, RecordType::A, receive, None)).await;
                assert!(passed(&verdict), "{transport:?}: {verdict:?}");
            }
            let verdict = ask(&probes(), target, dns(transport, RecordType::A, Some("8$"), None)).await;
            let told = r#"answer does not match /8$/, got "192.0.2.7""#;
            assert_eq!(failure(verdict).to_string(), told);
            let verdict = ask(&probes(), target, dns(transport, RecordType::A, None, Some("7$"))).await;
            assert_eq!(failure(verdict).kind(), "unwanted");
            // There is an address only.
            let verdict = ask(&probes(), target, dns(transport, RecordType::Mx, Some("."), None)).await;
            assert_eq!(failure(verdict).to_string(), r#"answer does not match /./, got "no MX record""#);
        }
    }
}

#[tokio::test]
async fn an_error_is_called_by_its_name() {
    for ip in LOOPBACKS {
        let udp = Datagrams::new(ip, |_, question| vec![answer(question, NXDOMAIN)]).await;
        let tcp = over_tcp(ip, |question| framed(&[answer(question, NXDOMAIN)])).await;
        for (transport, target) in [(Transport::Udp, udp.address), (Transport::Tcp, tcp.address)] {
            let verdict = ask(&probes(), target, dns(transport, RecordType::A, None, None)).await;
            let failure = failure(verdict);
            assert_eq!(failure.to_string(), "error NXDOMAIN: there is no such name");
            assert_eq!(failure.kind(), "error");
        }
    }
}

#[tokio::test]
async fn what_answers_something_else_is_not_heard() {
    let others = |question: &[u8]| {
        let good = answer(question, FINE);
        let mut other_number = answer(question, NXDOMAIN);
        other_number[0] ^= 1;
        let mut other_name = answer(question, NXDOMAIN);
        other_name[13] = b'x';
        vec![other_number, other_name, question.to_vec(), b"nonsense".to_vec(), Vec::new(), good]
    };
    for ip in LOOPBACKS {
        let udp = Datagrams::new(ip, move |_, question| others(question)).await;
        let tcp = over_tcp(ip, move |question| framed(&others(question))).await;
        for (transport, target) in [(Transport::Udp, udp.address), (Transport::Tcp, tcp.address)] {
            let verdict = ask(&probes(), target, dns(transport, RecordType::A, Some("7$"), None)).await;
            assert!(passed(&verdict), "{transport:?}: {verdict:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_datagram_is_asked_for_again_in_the_same_words() {
    for ip in LOOPBACKS {
        let answers =
            |number, question: &[u8]| if number == 0 { Vec::new() } else { vec![answer(question, FINE)] };
        let server = Datagrams::new(ip, answers).await;
        let verdict = ask(&probes(), server.address, dns(Transport::Udp, RecordType::A, None, None)).await;
        assert!(passed(&verdict), "{verdict:?}");
        let heard = server.heard();
        assert_eq!((heard.len(), &heard[0]), (2, &heard[1]));
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_is_asked_for_over_a_connection() {
    for ip in LOOPBACKS {
        // Both at the same port.
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind((ip, 0)).await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let server = async {
            let mut question = [0; 512];
            let (length, client) = udp.recv_from(&mut question).await.unwrap();
            udp.send_to(&answer(&question[..length], CUT), client).await.unwrap();
            let (mut stream, _) = tcp.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut again = vec![0; length.into()];
            stream.read_exact(&mut again).await.unwrap();
            stream.write_all(&framed(&[answer(&again, FINE)])).await.unwrap();
            stream
        };
        let (probes, target) = (probes(), udp.local_addr().unwrap());
        let check = ask(&probes, target, dns(Transport::Udp, RecordType::A, Some("7$"), None));
        let (verdict, _stream) = tokio::join!(check, server);
        assert!(passed(&verdict), "{verdict:?}");
    }
}

#[tokio::test]
async fn nobody_answers() {
    let dns = |transport| dns(transport, RecordType::A, None, None);
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody_hears(ip).await, dns(Transport::Udp)).await;
        assert_eq!(failure(verdict), Failure::Refused);
        let verdict = ask(&probes(), nobody(ip).await, dns(Transport::Tcp)).await;
        assert_eq!(failure(verdict), Failure::Refused);
        let silent = Datagrams::new(ip, |_, _| Vec::new()).await;
        let verdict = ask(&probes(), silent.address, dns(Transport::Udp)).await;
        assert_eq!(failure(verdict), Failure::TimedOut(Stage::Answer));
        // After a third of the deadline, and after two more.
        assert_eq!(silent.heard().len(), 2);
        let closing = Server::acting(ip, vec![Act::Say(vec![0, 9, 1])]).await;
        let verdict = ask(&probes(), closing.address, dns(Transport::Tcp)).await;
        assert_eq!(failure(verdict), Failure::Closed(Stage::Answer));
        let cut = over_tcp(ip, |question| framed(&[answer(question, CUT)])).await;
        let verdict = ask(&probes(), cut.address, dns(Transport::Tcp)).await;
        assert_eq!(failure(verdict).kind(), "protocol");
    }
}
