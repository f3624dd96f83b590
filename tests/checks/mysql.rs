use std::sync::Arc;

use ldirectord::{
    health::{Failure, Stage, Verdict},
    model::{CheckKind, Login, Secret, Security, SqlCheck, SqlServer, TlsStart, TlsVerify},
};

use crate::{
    ask,
    certificates::{Pair, VALID},
    failure,
    https::trusting,
    mysqld::{END, Method, Mysql, PASSWORD, USER, done, error, packet, prepare, row, rows},
    of_both, passed, probes,
    server::{LOOPBACKS, nobody},
};

fn query() -> SqlCheck {
    SqlCheck {
        server: SqlServer::Mysql,
        tls: None,
        login: Login { name: USER.into(), passwd: Secret::new(PASSWORD) },
        database: "shop".into(),
        query: Some("select 1".into()),
    }
}

fn with_password(passwd: &str) -> SqlCheck {
    SqlCheck { login: Login { name: USER.into(), passwd: Secret::new(passwd) }, ..query() }
}

fn upgrade(verify: TlsVerify) -> SqlCheck {
    let security = Security { start: TlsStart::Upgrade, verify, ..Security::default() };
    SqlCheck { tls: Some(Arc::new(security)), ..query() }
}

/// What a check finds at such a server.
async fn outcome(server: &Mysql, check: SqlCheck) -> Verdict {
    let serve = async |ip| {
        let server = server.clone().serve(ip).await;
        (server.address, server)
    };
    of_both(serve, &check.into()).await
}

async fn greeting(bytes: Vec<u8>) -> Failure {
    failure(outcome(&Mysql { greeting: Some(bytes), ..Mysql::default() }, query()).await)
}

async fn welcoming(welcome: Vec<u8>) -> Failure {
    failure(outcome(&Mysql { welcome, ..Mysql::default() }, query()).await)
}

async fn answering(packets: Vec<Vec<u8>>) -> Verdict {
    outcome(&Mysql { answer: (packets, false), ..Mysql::default() }, query()).await
}

fn protocol(words: &str) -> Failure {
    Failure::Protocol(words.into())
}

/// Kinds of login, first as the server proposes it, then as this user's login is.
const METHODS: [(Method, Method); 6] = [
    (Method::Native, Method::Native),
    (Method::CachingSha2, Method::CachingSha2),
    (Method::CachingSha2, Method::CachingSha2Anew),
    (Method::Native, Method::CachingSha2Anew),
    (Method::CachingSha2, Method::Sha256),
    (Method::Ed25519, Method::Native),
];

#[tokio::test]
async fn a_row_passes_after_every_kind_of_login() {
    prepare();
    let context = Pair::self_signed("db.example.com").server();
    for (proposed, method) in METHODS {
        let server = Mysql { proposed, method, ..Mysql::default() };
        assert!(passed(&outcome(&server, query()).await), "{method:?}");
        let server = Mysql { tls: Some(context.clone()), ..server };
        assert!(passed(&outcome(&server, upgrade(TlsVerify::No)).await), "{method:?} in TLS");
    }
    let clear = Mysql { method: Method::Clear, tls: Some(context), ..Mysql::default() };
    assert!(passed(&outcome(&clear, upgrade(TlsVerify::No)).await));
}

#[tokio::test]
async fn a_wrong_password_is_a_refused_login() {
    prepare();
    for (proposed, method) in METHODS {
        let server = Mysql { proposed, method, ..Mysql::default() };
        for wrong in ["wrong", ""] {
            // A user who has no password does not ask for the key.
            if wrong.is_empty() && matches!(method, Method::CachingSha2Anew | Method::Sha256) {
                continue;
            }
            let failed = failure(outcome(&server, with_password(wrong)).await);
            assert_eq!(
                failed,
                Failure::Login("Access denied for user 'monitor'@'localhost'".into()),
                "{method:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_dialogue_is_short_and_polite() {
    for ip in LOOPBACKS {
        let server = Mysql::default().serve(ip).await;
        assert!(passed(&ask(&probes(), server.address, CheckKind::from(query())).await));
        server.has_heard(&["monitor shop mysql_native_password", "3 select 1", "1 "]).await;

        let server = Mysql::default().serve(ip).await;
        let check = SqlCheck { query: None, database: String::new(), ..query() };
        assert!(passed(&ask(&probes(), server.address, CheckKind::from(check)).await));
        server.has_heard(&["monitor mysql_native_password", "1 "]).await;
    }
}

#[tokio::test]
async fn errors_have_their_number_and_words() {
    let full = greeting(packet(0, &error(1040, "", "Too many connections"))).await;
    assert_eq!(full.to_string(), "error 1040: Too many connections");
    let host = greeting(packet(0, &error(1130, "", "Host '192.0.2.1' is not allowed"))).await;
    assert_eq!(host, Failure::Login("Host '192.0.2.1' is not allowed".into()));
    let unknown = welcoming(error(1049, "42000", "Unknown database 'shop'")).await;
    assert_eq!(unknown.to_string(), "error 1049: Unknown database 'shop'");
    let plain = welcoming(error(3159, "HY000", "Connections using insecure transport are prohibited")).await;
    assert_eq!(plain.kind(), "error");
    let expired = welcoming(error(1862, "HY000", "Your password has expired.")).await;
    assert_eq!(expired.kind(), "login");
    let missing = answering(vec![error(1146, "42S02", "Table 'shop.x' doesn't exist")]).await;
    assert_eq!(failure(missing).to_string(), "error 1146: Table 'shop.x' doesn't exist");
    let mut late = rows(&[error(1317, "70100", "Query execution was interrupted")]);
    late.pop();
    assert_eq!(failure(answering(late).await).kind(), "error");
}

#[tokio::test]
async fn no_row_fails_and_changed_rows_pass() {
    let nothing = Failure::Absent("the request gave no row".into());
    for packets in [rows(&[]), vec![done(0)]] {
        assert_eq!(failure(answering(packets).await), nothing);
    }
    assert!(passed(&answering(vec![done(2)]).await));
    assert!(passed(&answering(rows(&[b"\xfb".to_vec()])).await), "a row of nothing is a row");
}

#[tokio::test]
async fn rows_without_end_are_cut_after_the_first() {
    let mut packets = rows(&[row()]);
    packets.pop();
    let server = Mysql { answer: (packets, true), ..Mysql::default() };
    assert!(passed(&outcome(&server, query()).await));
    let long = [&[0xfd, 0xf0, 0xff, 0x0f][..], &vec![b'x'; 0x0f_fff0]].concat();
    assert!(passed(&answering(rows(&[long])).await));
}

#[tokio::test]
async fn a_server_that_hangs_after_the_row_passes() {
    let mut packets = rows(&[row()]);
    packets.pop();
    assert!(passed(&answering(packets).await));
}

#[tokio::test]
async fn packets_of_impossible_length_are_refused_or_time_out() {
    // The longest that can be announced, and nothing of it comes.
    assert_eq!(greeting(b"\xff\xff\xff\0".to_vec()).await, Failure::TimedOut(Stage::Login));
    let long = [&b"\xff\xff\xff\0\x0a"[..], &vec![0; 20_000]].concat();
    assert_eq!(greeting(long).await, protocol("no packet of MySQL"));
    let columns = answering(vec![b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f".to_vec()]).await;
    assert_eq!(failure(columns), protocol("no packet of MySQL"));
}

#[tokio::test]
async fn what_is_no_mysql_is_told() {
    let strange = protocol("no packet of MySQL");
    assert_eq!(greeting(packet(0, b"")).await, strange);
    assert_eq!(greeting(packet(0, b"\x09old\0")).await, strange);
    assert_eq!(greeting(b"\x03\0\0\0abc".to_vec()).await, strange);
    assert_eq!(welcoming(b"\x02".to_vec()).await, strange);
    assert_eq!(welcoming(b"\x01\x04".to_vec()).await, strange, "more of a login that has no more");
    assert_eq!(welcoming(b"\xfeclient_ed25519\0x\0".to_vec()).await, protocol("a login by client_ed25519"));
    let file = failure(answering(vec![b"\xfb/etc/passwd".to_vec()]).await);
    assert_eq!(file, protocol("the server asks for a file"));
    assert_eq!(failure(answering(vec![vec![1], row(), row()]).await), strange, "columns without end");
    assert_eq!(failure(answering(vec![END.to_vec()]).await), strange);
}

#[tokio::test]
async fn a_login_without_end_is_cut() {
    let switch = b"\xfemysql_native_password\0ABCDEFGHIJKLMNOPQRST\0";
    let mut bytes = packet(0, &Mysql::default().hello());
    (0..30).for_each(|number| bytes.extend(packet(2 * number + 2, switch)));
    assert_eq!(greeting(bytes).await, protocol("a login without end"));
}

#[tokio::test]
async fn a_password_is_not_sent_in_clear_without_tls() {
    let server = Mysql { method: Method::Clear, ..Mysql::default() };
    let words = "the server asks for the password in clear, without TLS";
    assert_eq!(failure(outcome(&server, query()).await), protocol(words));
}

#[tokio::test]
async fn a_server_that_says_nothing_or_ends_is_told_apart() {
    assert_eq!(greeting(Vec::new()).await, Failure::TimedOut(Stage::Login));
    assert_eq!(failure(answering(Vec::new()).await), Failure::TimedOut(Stage::Answer));
    assert_eq!(failure(answering(vec![vec![1]]).await), Failure::TimedOut(Stage::Answer));
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody(ip).await, CheckKind::from(query())).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}

#[tokio::test]
async fn a_nul_in_the_configuration_reaches_no_server() {
    let failed = failure(outcome(&Mysql::default(), SqlCheck { database: "a\0b".into(), ..query() }).await);
    assert_eq!(failed, protocol("a login or database with a NUL in it cannot be sent"));
}

#[tokio::test]
async fn tls_protects_the_login_and_shows_the_certificate() {
    let authority = Pair::authority();
    let context = authority.issue("db.example.com", VALID).server();
    let probes = trusting(&authority);
    for ip in LOOPBACKS {
        let server = Mysql { tls: Some(context.clone()), ..Mysql::default() }.serve(ip).await;
        let check = CheckKind::from(upgrade(TlsVerify::Chain));
        let verdict = ask(&probes, server.address, check).await;
        let Verdict::Pass(evidence) = verdict else { panic!("{verdict:?}") };
        assert!(evidence.certificate.is_some());
        server.has_heard(&["monitor shop mysql_native_password", "3 select 1", "1 "]).await;
    }
}

#[tokio::test]
async fn tls_that_is_refused_or_not_trusted_fails() {
    let refused = failure(outcome(&Mysql::default(), upgrade(TlsVerify::No)).await);
    assert_eq!(refused.to_string(), "TLS: the server does not offer it");
    let context = Pair::self_signed("db.example.com").server();
    let server = Mysql { tls: Some(context), ..Mysql::default() };
    let failed = failure(outcome(&server, upgrade(TlsVerify::Chain)).await);
    assert!(failed.to_string().starts_with("TLS: self-signed certificate"), "{failed}");
    // What comes ahead of TLS is no part of what is said under its protection.
    let hello = packet(0, &server.hello());
    let ahead = [hello, packet(2, &done(0))].concat();
    let server = Mysql { greeting: Some(ahead), ..Mysql::default() };
    let failed = failure(outcome(&server, upgrade(TlsVerify::No)).await);
    assert_eq!(failed, protocol("the server sent more than its consent to TLS"));
}
