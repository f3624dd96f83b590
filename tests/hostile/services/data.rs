//! Directories and databases: LDAP (RFC 4511), and the protocols of `MySQL` and `PostgreSQL`.

use crate::{
    handshakes::{Handshake, Upgrade},
    script::Step,
    subject::{Subject, Talk, endless},
};

/// What the client says comes in one piece.
const HEAR: Step = Step::HearMessage;

/// An LDAP message with this number, operation, and what stands in that.
fn ldap_message(id: u8, operation: u8, content: &[u8]) -> Vec<u8> {
    let length = |content: &[u8]| u8::try_from(content.len()).unwrap();
    let inner = [&[2, 1, id, operation, length(content)], content].concat();
    [&[0x30, length(&inner)], &inner[..]].concat()
}

fn bound_and_searched(talk: Talk) -> Talk {
    let success = b"\x0a\x01\0\x04\0\x04\0";
    let entry = ldap_message(3, 0x64, b"\x04\x04dc=x\x30\0");
    let done = ldap_message(3, 0x65, success);
    let references = ldap_message(3, 0x73, b"\x04\x07ldap://");
    let long = endless(
        "an entry beyond measure",
        b"\x30\x84\xff\xff\xff\xff\x02\x01\x03\x64\x84\xff\xff\xff\xf0",
        b"\x04\0",
    );
    let nested = endless("elements in elements without end", b"", b"\x30\x84\x7f\xff\xff\xff");
    let aside = endless("intermediate answers without end", b"", ldap_message(3, 0x79, b""));
    talk.then(HEAR)
        .reply("answer to the bind", ldap_message(2, 0x61, success), std::slice::from_ref(&nested))
        .then(HEAR)
        .reply("entry", entry, &[long, nested, aside, endless("references without end", b"", references)])
        .reply("end of the search", done, &[])
}

pub(crate) fn ldap() -> Subject {
    let lines = "service = ldap
        request = \"dc=x\"
        receive = \"^dc=x$\"
        login = \"cn=monitor\"
        passwd = secret";
    Subject::new("ldap", lines, bound_and_searched(Talk::new([])).places())
}

pub(crate) fn ldaps() -> Subject {
    let lines = "service = ldaps
        tls-verify = full
        tls-servername = www.example.com
        request = \"dc=x\"";
    ldap().in_tls("ldaps", lines)
}

pub(crate) fn ldap_upgraded() -> Subject {
    let lines = "service = ldap
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        request = \"dc=x\"";
    let agreed = ldap_message(1, 0x78, b"\x0a\x01\0\x04\0\x04\0");
    let refused = ldap_message(1, 0x78, b"\x0a\x01\x02\x04\0\x04\0");
    let injected = ldap_message(2, 0x61, b"\x0a\x01\0\x04\0\x04\0");
    let talk = Talk::new([HEAR]);
    let handshake = Handshake::after(&talk, Upgrade { agreed: agreed.clone(), refused, injected });
    let talk = talk.reply("answer to StartTLS", agreed, &[]).then(Step::Secure);
    Subject::new("ldap, upgraded", lines, bound_and_searched(talk).places()).with_handshake(handshake)
}

/// A packet of `MySQL` with this number.
fn packet(number: u8, content: &[u8]) -> Vec<u8> {
    [&[u8::try_from(content.len()).unwrap(), 0, 0, number], content].concat()
}

/// The greeting of a server that has TLS.
fn hello() -> Vec<u8> {
    packet(
        0,
        b"\x0a8.0.36\0\x07\0\0\0ABCDEFGH\0\x08\x8a\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0IJKLMNOPQRST\0mysql_native_password\0",
    )
}

fn logged_in_and_asked(talk: Talk, number: u8) -> Talk {
    const OK: &[u8] = b"\0\0\0\x02\0\0\0";
    const END: &[u8] = b"\xfe\0\0\x02\0";
    let columns = [packet(1, b"\x01"), packet(2, b"\x03def\0\0\0\x01x\0"), packet(3, END)].concat();
    let switch = packet(number, b"\xfemysql_native_password\0ABCDEFGHIJKLMNOPQRST\0");
    let more = packet(2, b"\x03def\0\0\0\x01x\0");
    talk.then(HEAR)
        .reply("answer to the login", packet(number, OK), &[endless("switches without end", b"", switch)])
        .then(HEAR)
        .reply("columns", columns, &[endless("columns without end", packet(1, b"\xfc\xff\x0f"), more)])
        .reply("row", packet(4, b"\x01x"), &[])
}

pub(crate) fn mysql() -> Subject {
    let lines = "service = mysql
        login = monitor
        passwd = secret
        request = \"SELECT 1\"";
    let longest = endless("a greeting beyond measure", b"\xff\xff\xff\0\x0a", b"8");
    let talk = Talk::new([]).reply("greeting", hello(), &[longest]);
    Subject::new("mysql", lines, logged_in_and_asked(talk, 2).places())
}

pub(crate) fn mysql_upgraded() -> Subject {
    let lines = "service = mysql
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = secret
        request = \"SELECT 1\"";
    // The client says that it wishes so, and begins: the server has agreed in its greeting.
    let talk = Talk::new([]).reply("greeting", hello(), &[]).then(Step::HearBytes(36));
    let refused = packet(2, b"\xff\x15\x04#28000no");
    let upgrade = Upgrade { agreed: Vec::new(), refused, injected: packet(2, b"\0\0\0\x02\0\0\0") };
    let handshake = Handshake::after(&talk, upgrade);
    let talk = talk.then(Step::Secure);
    Subject::new("mysql, upgraded", lines, logged_in_and_asked(talk, 3).places()).with_handshake(handshake)
}

/// A message of `PostgreSQL`.
fn message(letter: u8, content: &[u8]) -> Vec<u8> {
    [&[letter, 0, 0, 0, u8::try_from(content.len() + 4).unwrap()], content].concat()
}

fn let_in_and_asked(talk: Talk) -> Talk {
    let ready = message(b'Z', b"I");
    let admitted = [message(b'R', &[0; 4]), ready.clone()].concat();
    let notices = endless("notices without end", b"", message(b'N', b"SNOTICE\0\0"));
    let longest = endless("an error beyond measure", b"E\x7f\xff\xff\xff", b"Mx\0");
    let columns = endless("columns without end", b"", message(b'T', b"\0\0"));
    talk.then(HEAR)
        .reply("demand of a password", message(b'R', b"\0\0\0\x05salt"), &[notices.clone(), longest.clone()])
        .then(HEAR)
        .reply("answer to the password", admitted, std::slice::from_ref(&notices))
        .then(HEAR)
        .reply(
            "columns",
            message(b'T', b"\0\x01x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            &[notices, longest, columns],
        )
        .reply("row", b"D\0\0\0\x0b", &[])
}

pub(crate) fn pgsql() -> Subject {
    let lines = "service = pgsql
        login = monitor
        passwd = secret
        request = \"SELECT 1\"";
    Subject::new("pgsql", lines, let_in_and_asked(Talk::new([])).places())
}

pub(crate) fn pgsql_upgraded() -> Subject {
    let lines = "service = pgsql
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = secret
        request = \"SELECT 1\"";
    let talk = Talk::new([HEAR]);
    let upgrade = Upgrade {
        agreed: b"S".to_vec(),
        refused: b"N".to_vec(),
        injected: [message(b'R', &[0; 4]), message(b'Z', b"I")].concat(),
    };
    let handshake = Handshake::after(&talk, upgrade);
    let talk = talk.reply("answer to the request for TLS", b"S", &[]).then(Step::Secure);
    Subject::new("pgsql, upgraded", lines, let_in_and_asked(talk).places()).with_handshake(handshake)
}
