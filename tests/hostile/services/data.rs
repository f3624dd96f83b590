//! Directories and databases: LDAP (RFC 4511), `MySQL`, `PostgreSQL`, the listener of Oracle (TNS).

use crate::{
    handshakes::{Handshake, Upgrade},
    script::Step,
    subject::{Subject, Talk, endless},
};

/// A message of LDAP, short enough to have its length in one byte.
fn ldap_message(id: u8, operation: u8, content: &[u8]) -> Vec<u8> {
    let operation = [&[operation, u8::try_from(content.len()).unwrap()], content].concat();
    let message = [&[2, 1, id][..], &operation].concat();
    [&[0x30, u8::try_from(message.len()).unwrap()], &message[..]].concat()
}

/// An outcome (`LDAPResult`) with this code.
fn outcome(code: u8) -> Vec<u8> {
    vec![0x0a, 1, code, 4, 0, 4, 0]
}

/// From the bind on, which is message 2.
fn search(talk: Talk) -> Talk {
    let beyond = endless("a message beyond measure", b"\x30\x84\x7f\xff\xff\xff\x02\x01\x02", [0]);
    let beyond_all = endless("a length beyond measure", b"\x30\x88", [0xff]);
    let entry = ldap_message(3, 0x64, b"\x04\x04dc=x\x30\x00");
    let units = [
        endless("entries without end", "", &entry),
        endless("references without end", "", ldap_message(3, 0x73, b"\x04\x07ldap://")),
        endless("intermediate answers without end", "", ldap_message(3, 0x79, b"")),
        beyond.clone(),
    ];
    talk.then(Step::HearMessage)
        .reply("answer to the bind", ldap_message(2, 0x61, &outcome(0)), &[beyond, beyond_all])
        .then(Step::HearMessage)
        .reply("entry", entry, &units)
        .reply("end of the search", ldap_message(3, 0x65, &outcome(0)), &units)
}

const LDAP: &str = "service = ldap
    login = cn=monitor
    passwd = secret
    request = dc=x
    receive = dc=x";

pub(crate) fn ldap() -> Subject {
    Subject::new("ldap", LDAP, search(Talk::new([])).places())
}

pub(crate) fn ldap_upgraded() -> Subject {
    let lines = "service = ldap
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        request = dc=x";
    let asked = Talk::new([Step::HearMessage]);
    let upgrade = Upgrade {
        agreed: ldap_message(1, 0x78, &outcome(0)),
        refused: ldap_message(1, 0x78, &outcome(52)),
        injected: ldap_message(2, 0x61, &outcome(0)),
    };
    let handshake = Handshake::after(&asked, upgrade);
    let talk = asked.reply("answer to StartTLS", ldap_message(1, 0x78, &outcome(0)), &[]).then(Step::Secure);
    Subject::new("ldap, upgraded", lines, search(talk).places()).with_handshake(handshake)
}

pub(crate) fn ldaps() -> Subject {
    let lines = "service = ldaps
        tls-verify = full
        tls-servername = www.example.com
        request = dc=x";
    ldap().in_tls("ldaps", lines)
}

/// A packet of `MySQL`.
fn packet(number: u8, content: &[u8]) -> Vec<u8> {
    let [low, middle, high, _] = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[low, middle, high, number], content].concat()
}

/// What a server of `MySQL` begins with, which has TLS or has not.
fn mysql_greeting(tls: bool) -> Vec<u8> {
    // CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, and CLIENT_SSL; CLIENT_PLUGIN_AUTH.
    let low = if tls { 0x8a00_u16 } else { 0x8200 }.to_le_bytes();
    let parts: [&[u8]; 8] = [
        b"\x0a8.0.1\0",
        b"\x01\0\0\0",
        b"ABCDEFGH\0",
        &low,
        b"\x2d\x02\0\x08\0\x15",
        &[0; 10],
        b"IJKLMNOPQRST\0",
        b"mysql_native_password\0",
    ];
    packet(0, &parts.concat())
}

fn beyond_measure(number: u8) -> [crate::conversations::Endless; 2] {
    [
        endless("a packet beyond measure", [0xff, 0xff, 0xff, number], [0]),
        endless("empty packets without end", "", packet(number, b"")),
    ]
}

/// The login and a query; the login has the packets from this number on.
fn query(talk: Talk, number: u8) -> Talk {
    let column = b"\x03def\0\0\0\x01x\0\x0c\x3f\0\x01\0\0\0\x08\x81\0\0\0\0";
    let switch = packet(number, b"\xfemysql_native_password\0ABCDEFGHIJKLMNOPQRST\0");
    let [beyond, empty] = beyond_measure(number);
    let talk = talk
        .then(Step::HearMessage)
        .reply(
            "answer to the login",
            packet(number, b"\0\0\0\x02\0\0\0"),
            &[beyond, empty, endless("other logins without end", "", switch)],
        )
        .then(Step::HearMessage);
    let columns = endless(
        "columns beyond measure",
        packet(1, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff"),
        packet(2, column),
    );
    let more = endless("columns without end", packet(1, b"\xfc\x00\x10"), packet(2, column));
    talk.reply("count of columns", packet(1, &[1]), &[columns, more])
        .reply("column", packet(2, column), &beyond_measure(2))
        .reply("end of the columns", packet(3, b"\xfe\0\0\x02\0"), &beyond_measure(3))
        .reply("row", packet(4, b"\x01x"), &[])
}

const MYSQL: &str = "service = mysql
    login = monitor
    passwd = secret
    request = SELECT 1";

pub(crate) fn mysql() -> Subject {
    let talk = Talk::new([]).reply("greeting", mysql_greeting(false), &beyond_measure(0));
    Subject::new("mysql", MYSQL, query(talk, 2).places())
}

/// The client's wish for TLS.
const WISH: Step = Step::HearBytes(36);

/// The client goes on with TLS unasked, behind its answer to the greeting.
pub(crate) fn mysql_upgraded() -> Subject {
    let lines = "service = mysql
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = secret
        request = SELECT 1";
    let upgrade = Upgrade {
        agreed: mysql_greeting(true),
        refused: mysql_greeting(false),
        injected: packet(2, b"\0\0\0\x02\0\0\0"),
    };
    let handshake = Handshake { between: vec![WISH], ..Handshake::after(&Talk::new([]), upgrade) };
    let talk = Talk::new([]).reply("greeting", mysql_greeting(true), &[]).then(WISH).then(Step::Secure);
    let mut places = query(talk, 3).places();
    places.retain(|place| place.name != "greeting");
    Subject::new("mysql, upgraded", lines, places).with_handshake(handshake)
}

/// A message of `PostgreSQL`.
fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], content].concat()
}

/// From the login on.
fn pgsql_query(talk: Talk) -> Talk {
    let units = [
        endless("notices without end", "", message(b'N', b"Mand so on\0\0")),
        endless("parameters without end", "", message(b'S', b"a\0b\0")),
        endless("a notice beyond measure", b"N\x7f\xff\xff\xff", [0]),
        endless("an error beyond measure", b"E\x7f\xff\xff\xff", [0]),
        endless("an error without end", b"E\0\0\x40\x04", b"M"),
        endless("a length below measure", b"N\0\0\0\0", [0]),
    ];
    talk.then(Step::HearMessage)
        .reply("demand of a password", message(b'R', b"\0\0\0\x05salt"), &units)
        .then(Step::HearMessage)
        .reply("answer to the password", message(b'R', &[0; 4]), &units)
        .reply("end of the login", message(b'Z', b"I"), &units)
        .then(Step::HearMessage)
        .reply("columns", message(b'T', &[&b"\0\x01x\0"[..], &[0; 18]].concat()), &units)
        // That one comes is enough.
        .reply("row", b"D\0\0\0\x0b", &units)
}

const PGSQL: &str = "service = pgsql
    login = monitor
    passwd = secret
    database = monitor
    request = SELECT 1";

pub(crate) fn pgsql() -> Subject {
    Subject::new("pgsql", PGSQL, pgsql_query(Talk::new([])).places())
}

pub(crate) fn pgsql_upgraded() -> Subject {
    let lines = "service = pgsql
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        login = monitor
        passwd = secret
        database = monitor
        request = SELECT 1";
    let asked = Talk::new([Step::HearMessage]);
    let upgrade = Upgrade {
        agreed: b"S".to_vec(),
        refused: b"N".to_vec(),
        injected: [message(b'R', &[0; 4]), message(b'Z', b"I")].concat(),
    };
    let handshake = Handshake::after(&asked, upgrade);
    let talk = asked.reply("answer to the wish for TLS", "S", &[]).then(Step::Secure);
    Subject::new("pgsql, upgraded", lines, pgsql_query(talk).places()).with_handshake(handshake)
}

/// A packet of TNS.
fn tns_packet(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&length[..], &[0, 0, kind, 0, 0, 0], content].concat()
}

pub(crate) fn oracle() -> Subject {
    let refusal = tns_packet(4, b"\x22\0\0\x0b(ERR=12505)");
    let units = [endless("wishes to hear it again without end", "", tns_packet(11, b""))];
    let talk = Talk::new([Step::HearMessage])
        .reply("answer", &refusal, &units)
        .then(Step::NextConnection)
        .then(Step::HearMessage)
        .reply("answer to the second question", tns_packet(4, b"\x22\0\0\x0b(ERR=12514)"), &units);
    Subject::new("oracle", "service = oracle\nlogin = monitor\ndatabase = ORCL", talk.places())
}
