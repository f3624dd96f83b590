//! Mail and news: SMTP (RFC 5321), POP3 (RFC 1939), IMAP4 (RFC 9051), NNTP (RFC 3977).

use crate::{
    conversations::Endless,
    handshakes::{Handshake, Upgrade},
    script::Step,
    subject::{Subject, Talk, endless},
};

const LINE: Step = Step::HearTo("\r\n");

fn more(line: &str) -> [Endless; 1] {
    [endless("lines without end", "", line)]
}

fn upgrade(agreed: &str, refused: &str, injected: &str) -> Upgrade {
    let [agreed, refused, injected] = [agreed, refused, injected].map(|text| text.as_bytes().to_vec());
    Upgrade { agreed, refused, injected }
}

fn greeted() -> Talk {
    Talk::new([]).reply("greeting", "220 mx ESMTP\r\n", &more("220-and so on\r\n")).then(LINE).reply(
        "answer to EHLO",
        "250-mx\r\n250 STARTTLS\r\n",
        &more("250-and so on\r\n"),
    )
}

pub(crate) fn smtp() -> Subject {
    Subject::new("smtp", "service = smtp", greeted().places())
}

pub(crate) fn smtp_in_tls() -> Subject {
    let lines = "service = smtp
        tls = yes
        tls-verify = full
        tls-servername = www.example.com";
    smtp().in_tls("smtp, in TLS", lines)
}

pub(crate) fn submission() -> Subject {
    let lines = "service = submission
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com";
    let talk = greeted().then(LINE);
    let upgrade = upgrade("220 go\r\n", "502 what?\r\n", "250 mx\r\n");
    let handshake = Handshake::after(&talk, upgrade);
    let talk = talk
        .reply("answer to STARTTLS", "220 go\r\n", &more("220-and so on\r\n"))
        .then(Step::Secure)
        .then(LINE)
        .reply("answer to EHLO in TLS", "250-mx\r\n250 SIZE\r\n", &more("250-and so on\r\n"));
    Subject::new("submission, upgraded", lines, talk.places()).with_handshake(handshake)
}

/// From CAPA on.
fn mailbox(talk: Talk) -> Talk {
    let capabilities = endless("capabilities without end", "+OK\r\n", "X-AND-SO-ON\r\n");
    talk.then(LINE)
        .reply("answer to CAPA", "+OK\r\nUSER\r\n.\r\n", &[capabilities])
        .then(LINE)
        .reply("answer to USER", "+OK go on\r\n", &[])
        .then(LINE)
        .reply("answer to PASS", "+OK in\r\n", &[])
        .then(LINE)
        .reply("answer to STAT", "+OK 0 0\r\n", &[])
}

pub(crate) fn pop() -> Subject {
    let talk = mailbox(Talk::new([]).reply("greeting", "+OK ready\r\n", &[]));
    Subject::new("pop", "service = pop\nlogin = monitor\npasswd = secret", talk.places())
}

pub(crate) fn pops() -> Subject {
    let lines = "service = pops
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = secret";
    pop().in_tls("pops", lines)
}

pub(crate) fn pop_upgraded() -> Subject {
    let lines = "service = pop
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = secret";
    let talk = Talk::new([]).reply("greeting", "+OK ready\r\n", &[]).then(LINE);
    let upgrade = upgrade("+OK go\r\n", "-ERR what?\r\n", "+OK\r\n.\r\n+OK\r\n+OK\r\n+OK\r\n");
    let handshake = Handshake::after(&talk, upgrade);
    let talk = talk.reply("answer to STLS", "+OK go\r\n", &[]).then(Step::Secure);
    Subject::new("pop, upgraded", lines, mailbox(talk).places()).with_handshake(handshake)
}

const UNTAGGED: &str = "* OK and so on\r\n";

pub(crate) fn imap() -> Subject {
    let talk = Talk::new([]).reply("greeting", "* OK ready\r\n", &[]).then(LINE).reply(
        "answer to LOGIN",
        "0 OK in\r\n",
        &more(UNTAGGED),
    );
    Subject::new("imap", "service = imap\nlogin = monitor\npasswd = secret", talk.places())
}

pub(crate) fn imaps() -> Subject {
    let lines = "service = imaps
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = secret";
    imap().in_tls("imaps", lines)
}

pub(crate) fn imap_upgraded() -> Subject {
    let lines = "service = imap
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = \"s\u{e9}cret\"";
    let talk = Talk::new([]).reply("greeting", "* OK ready\r\n", &[]).then(LINE);
    let upgrade = upgrade("0 OK go\r\n", "0 BAD what?\r\n", "+ go on\r\n1 OK in\r\n");
    let handshake = Handshake::after(&talk, upgrade);
    let talk = talk
        .reply("answer to STARTTLS", "0 OK go\r\n", &more(UNTAGGED))
        .then(Step::Secure)
        .then(LINE)
        .reply("leave to send the password", "+ go on\r\n", &more(UNTAGGED))
        .then(LINE)
        .reply("answer to LOGIN in TLS", "1 OK in\r\n", &more(UNTAGGED));
    Subject::new("imap, upgraded", lines, talk.places()).with_handshake(handshake)
}

pub(crate) fn nntp() -> Subject {
    let talk = Talk::new([]).reply("greeting", "200 ready\r\n", &more("200-and so on\r\n"));
    Subject::new("nntp", "service = nntp", talk.places())
}

pub(crate) fn nntp_upgraded() -> Subject {
    let lines = "service = nntp
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com";
    let talk = Talk::new([]).reply("greeting", "200 ready\r\n", &[]).then(LINE);
    let upgrade = upgrade("382 go\r\n", "580 no\r\n", "205 bye\r\n");
    let handshake = Handshake::after(&talk, upgrade);
    let talk = talk.reply("answer to STARTTLS", "382 go\r\n", &more("382-and so on\r\n"));
    Subject::new("nntp, upgraded", lines, talk.places()).with_handshake(handshake)
}
