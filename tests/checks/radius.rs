use std::sync::Arc;

use ldirectord::{
    health::{Failure, Stage},
    model::{CheckKind, Login, RadiusCheck, Secret},
};
use openssl::hash::{MessageDigest, hash};

use crate::{
    ask, failure, passed, probes,
    server::{Datagrams, LOOPBACKS, nobody_hears},
};

const SECRET: &[u8] = b"xyzzy5461";

fn radius(passwd: &str) -> CheckKind {
    let login = Login { name: "probe".into(), passwd: Secret::new(passwd) };
    CheckKind::Radius(Arc::new(RadiusCheck { login, secret: Secret::new("xyzzy5461") }))
}

fn md5(parts: &[&[u8]]) -> Vec<u8> {
    hash(MessageDigest::md5(), &parts.concat()).unwrap().to_vec()
}

/// The value of the first attribute of this kind.
fn attribute(request: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = &request[20..];
    while let [kind, length, ..] = *rest {
        let (attribute, behind) = rest.split_at(length.into());
        if kind == wanted {
            return Some(&attribute[2..]);
        }
        rest = behind;
    }
    None
}

/// The password in a request, of one block.
fn password(request: &[u8]) -> String {
    let mask = md5(&[SECRET, &request[4..20]]);
    let bytes = attribute(request, 2).unwrap().iter().zip(mask).map(|(byte, mask)| byte ^ mask);
    String::from_utf8(bytes.collect()).unwrap().trim_end_matches('\0').to_owned()
}

fn answer(request: &[u8], code: u8, attributes: &[u8], secret: &[u8]) -> Vec<u8> {
    let length = u8::try_from(20 + attributes.len()).unwrap();
    let head = [code, request[1], 0, length];
    [&head[..], &md5(&[&head, &request[4..20], attributes, secret]), attributes].concat()
}

/// Lets in who knows the password, says no to others, and asks one of them for more.
fn decide(request: &[u8]) -> Vec<u8> {
    match password(request).as_str() {
        "hunter2" => answer(request, 2, &[], SECRET),
        "token" => answer(request, 11, b"\x12\x07code?", SECRET),
        _ => answer(request, 3, b"\x12\x09go away", SECRET),
    }
}

#[tokio::test]
async fn who_knows_the_password_is_let_in() {
    for ip in LOOPBACKS {
        let server = Datagrams::new(ip, |_, request| vec![decide(request)]).await;
        let verdict = ask(&probes(), server.address, radius("hunter2")).await;
        assert!(passed(&verdict), "{verdict:?}");
        let request = server.heard().remove(0);
        assert_eq!(attribute(&request, 1), Some(&b"probe"[..]));
        let (four, six) = (attribute(&request, 4), attribute(&request, 95));
        assert_eq!((four.is_some(), six.is_some()), (ip.is_ipv4(), ip.is_ipv6()));
        // Signed, and in front.
        assert_eq!(request[20..22], [80, 18]);
        for (passwd, told) in [("wrong", "go away"), ("token", "Access-Challenge: code?")] {
            let verdict = ask(&probes(), server.address, radius(passwd)).await;
            assert_eq!(failure(verdict), Failure::Login(told.into()));
        }
    }
}

#[tokio::test]
async fn another_secret_is_told_and_other_packets_are_not_heard() {
    for ip in LOOPBACKS {
        let server = Datagrams::new(ip, |_, request| vec![answer(request, 2, &[], b"other")]).await;
        let told = failure(ask(&probes(), server.address, radius("hunter2")).await).to_string();
        assert_eq!(
            told,
            "not understood: an answer that is not signed with our secret (is it the server's?)"
        );
        let others = |_, request: &[u8]| {
            let mut other = answer(request, 3, &[], SECRET);
            other[1] ^= 1;
            vec![b"nonsense".to_vec(), Vec::new(), request.to_vec(), other, decide(request)]
        };
        let server = Datagrams::new(ip, others).await;
        let verdict = ask(&probes(), server.address, radius("hunter2")).await;
        assert!(passed(&verdict), "{verdict:?}");
    }
}

#[tokio::test]
async fn a_lost_request_is_sent_again_as_it_was() {
    for ip in LOOPBACKS {
        let answers = |number, request: &[u8]| if number == 0 { Vec::new() } else { vec![decide(request)] };
        let server = Datagrams::new(ip, answers).await;
        let verdict = ask(&probes(), server.address, radius("hunter2")).await;
        assert!(passed(&verdict), "{verdict:?}");
        let heard = server.heard();
        assert_eq!((heard.len(), &heard[0]), (2, &heard[1]));
    }
}

#[tokio::test]
async fn nobody_answers() {
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody_hears(ip).await, radius("hunter2")).await;
        assert_eq!(failure(verdict), Failure::Refused);
        let silent = Datagrams::new(ip, |_, _| Vec::new()).await;
        let verdict = ask(&probes(), silent.address, radius("hunter2")).await;
        assert_eq!(failure(verdict), Failure::TimedOut(Stage::Answer));
    }
}
