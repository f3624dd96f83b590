//! Those who are asked in datagrams, and some also over connections: DNS (RFC 1035), SIP (RFC 3261), RADIUS (RFC 2865).

use openssl::hash::{MessageDigest, hash};

use crate::{
    datagrams::Answers,
    script::Step,
    subject::{Subject, Talk, endless},
};

/// The answer to a question for an address.
fn dns_answer(question: &[u8]) -> Vec<u8> {
    let (id, asked) = (&question[..2], &question[12..]);
    let record = b"\xc0\x0c\0\x01\0\x01\0\0\x01\0\0\x04\xc0\0\x02\x01";
    [id, b"\x81\x80\0\x01\0\x01\0\0\0\0", asked, record].concat()
}

/// The same with another number.
fn dns_answer_to_another(question: &[u8]) -> Vec<u8> {
    let mut answer = dns_answer(question);
    answer[0] ^= 0x80;
    answer
}

pub(crate) fn dns() -> Subject {
    let lines = r"protocol = udp
        service = dns
        request = www.example.com
        receive = ^192\.0\.2\.1$";
    let answers = Answers {
        good: dns_answer,
        other: dns_answer_to_another,
        passes: &["answers", "an answer with much behind it"],
    };
    Subject::new("dns", lines, Vec::new()).with_answers(answers)
}

pub(crate) fn dns_over_tcp() -> Subject {
    let lines = r"service = dns
        request = www.example.com
        receive = ^192\.0\.2\.1$";
    let other = dns_answer(b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03org\0\0\x01\0\x01");
    let length = u16::try_from(other.len()).unwrap().to_be_bytes();
    let other = [&length[..], &other].concat();
    let units = [
        endless("other answers without end", "", &other),
        endless("empty messages without end", "", [0, 0]),
        endless("messages of zeros without end", [0xff, 0xff], [0]),
    ];
    // To another question: which number the real one has is not known here.
    let talk = Talk::new([Step::HearMessage]).reply("answer", &other, &units);
    Subject::new("dns, over TCP", lines, talk.places())
}

/// The answer to a request, with its Call-ID.
fn sip_answer(request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(request);
    let call = text.lines().find(|line| line.starts_with("Call-ID:")).unwrap_or_default().to_owned();
    format!("SIP/2.0 200 OK\r\n{call}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

fn sip_answer_to_another(_request: &[u8]) -> Vec<u8> {
    b"SIP/2.0 200 OK\r\nCall-ID: 17@elsewhere\r\nContent-Length: 0\r\n\r\n".to_vec()
}

pub(crate) fn sip() -> Subject {
    let lines = "protocol = udp\nservice = sip\nlogin = ldirectord@example.com";
    let answers = Answers {
        good: sip_answer,
        other: sip_answer_to_another,
        passes: &["answers", "an answer with much behind it"],
    };
    Subject::new("sip", lines, Vec::new()).with_answers(answers)
}

pub(crate) fn sip_over_tcp() -> Subject {
    let trying = "SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n";
    let units = [
        endless("fields without end", "SIP/2.0 200 OK\r\n", "X-Filler: and so on\r\n"),
        endless("provisional answers without end", "", trying),
        endless("empty lines without end", "", "\r\n"),
        endless("requests without end", "", "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"),
        endless("content beyond measure", trying.replace(": 0", ": 18446744073709551615"), [0]),
    ];
    let talk = Talk::new([Step::HearTo("\r\n\r\n")]).reply("answer", "SIP/2.0 200 OK\r\n\r\n", &units);
    Subject::new("sip, over TCP", "service = sip\nlogin = ldirectord@example.com", talk.places())
}

pub(crate) fn sip_in_tls() -> Subject {
    let lines = "service = sip
        tls = yes
        tls-verify = full
        tls-servername = www.example.com
        login = ldirectord@example.com";
    sip_over_tcp().in_tls("sip, in TLS", lines)
}

/// Somebody is let in by the server that has this number for the request, signed with the secret (RFC 2865, 3).
fn radius_accept(request: &[u8], identifier: u8) -> Vec<u8> {
    let head = [2, identifier, 0, 20];
    let signed = [&head[..], &request[4..20], b"s3cret"].concat();
    let signature = hash(MessageDigest::md5(), &signed).unwrap();
    [&head[..], &signature].concat()
}

pub(crate) fn radius() -> Subject {
    let lines = "protocol = udp
        service = radius
        login = monitor
        passwd = secret
        secret = s3cret";
    let answers = Answers {
        good: |request| radius_accept(request, request[1]),
        other: |request| radius_accept(request, !request[1]),
        passes: &["answers", "an answer with much behind it"],
    };
    Subject::new("radius", lines, Vec::new()).with_answers(answers)
}
