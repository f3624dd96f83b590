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
    of_both, passed,
    pgd::{Method, PASSWORD, Postgres, Tls, USER, columns, complete, data_row, error, message, ready},
    probes,
    server::{LOOPBACKS, nobody},
};

/// Who came, as the server sees it.
const CAME: &str = "user=monitor database=shop application_name=ldirectord client_encoding=UTF8";

fn query() -> SqlCheck {
    SqlCheck {
        server: SqlServer::Pgsql,
        tls: None,
        login: Login { name: USER.into(), passwd: Secret::new(PASSWORD) },
        database: "shop".into(),
        query: Some("select 1".into()),
    }
}

fn tls(start: TlsStart, verify: TlsVerify) -> SqlCheck {
    SqlCheck { tls: Some(Arc::new(Security { start, verify, ..Security::default() })), ..query() }
}

/// What a check finds at such a server.
async fn outcome(server: &Postgres, check: SqlCheck) -> Verdict {
    let serve = async |ip| {
        let server = server.clone().serve(ip).await;
        (server.address, server)
    };
    of_both(serve, &check.into()).await
}

async fn welcoming(welcome: Vec<u8>) -> Failure {
    failure(outcome(&Postgres { welcome, ..Postgres::default() }, query()).await)
}

async fn answering(answer: Vec<u8>) -> Verdict {
    outcome(&Postgres { answer: (answer, false), ..Postgres::default() }, query()).await
}

fn protocol(words: &str) -> Failure {
    Failure::Protocol(words.into())
}

#[tokio::test]
async fn a_row_passes_after_every_kind_of_login() {
    for method in [Method::Trust, Method::Clear, Method::Md5, Method::Scram(4096)] {
        let server = Postgres { method, ..Postgres::default() };
        assert!(passed(&outcome(&server, query()).await), "{method:?}");
    }
}

#[tokio::test]
async fn the_dialogue_is_short_and_polite() {
    for ip in LOOPBACKS {
        let server = Postgres::default().serve(ip).await;
        assert!(passed(&ask(&probes(), server.address, CheckKind::from(query())).await));
        server.has_heard(&[CAME, "Q select 1", "X "]).await;

        let server = Postgres::default().serve(ip).await;
        let check = SqlCheck { query: None, database: String::new(), ..query() };
        assert!(passed(&ask(&probes(), server.address, CheckKind::from(check)).await));
        let came = "user=monitor application_name=ldirectord client_encoding=UTF8";
        server.has_heard(&[came, "X "]).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_refused_login() {
    for method in [Method::Clear, Method::Md5, Method::Scram(4096)] {
        let login = Login { passwd: Secret::new("wrong"), ..query().login };
        let server = Postgres { method, ..Postgres::default() };
        let failed = failure(outcome(&server, SqlCheck { login, ..query() }).await);
        let words = "password authentication failed for user \"monitor\"";
        assert_eq!(failed, Failure::Login(words.into()), "{method:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_found_out() {
    let server = Postgres { method: Method::ScramOfAnImpostor, ..Postgres::default() };
    let words = "the server does not prove that it knows the password";
    assert_eq!(failure(outcome(&server, query()).await), Failure::Login(words.into()));
}

#[tokio::test]
async fn logins_that_cannot_be_are_told() {
    let server = Postgres { method: Method::Gss, ..Postgres::default() };
    assert_eq!(failure(outcome(&server, query()).await), protocol("a login by GSSAPI"));
    // As much hashing as the protocol has words for: that would take an hour.
    let server = Postgres { method: Method::Scram(u32::MAX.into()), ..Postgres::default() };
    assert_eq!(failure(outcome(&server, query()).await).kind(), "protocol");
}

#[tokio::test]
async fn errors_have_their_code_and_words() {
    for (code, words) in [
        ("3D000", "database \"shop\" does not exist"),
        ("53300", "sorry, too many clients already"),
        ("57P03", "the database system is starting up"),
    ] {
        let failed = welcoming(error(code, words)).await;
        assert_eq!(failed, Failure::Error { code: code.into(), text: words.into() });
    }
    let missing = [error("42P01", "relation \"x\" does not exist"), ready()].concat();
    assert_eq!(failure(answering(missing).await).to_string(), "error 42P01: relation \"x\" does not exist");
    let late = [columns(), error("22012", "division by zero"), ready()].concat();
    assert_eq!(failure(answering(late).await).kind(), "error");
}

#[tokio::test]
async fn no_row_fails_and_changed_rows_pass() {
    let nothing = Failure::Absent("the request gave no row".into());
    for answer in [
        [columns(), complete("SELECT 0")].concat(),
        [message(b'I', b""), ready()].concat(),
        complete("UPDATE 0"),
        complete("SET"),
    ] {
        assert_eq!(failure(answering(answer).await), nothing);
    }
    assert!(passed(&answering(complete("UPDATE 2")).await));
}

#[tokio::test]
async fn rows_without_end_are_cut_after_the_first() {
    let server = Postgres { answer: (data_row(), true), ..Postgres::default() };
    assert!(passed(&outcome(&server, query()).await));
    // Of a row nothing is held: its announced length does not matter.
    assert!(passed(&answering([columns(), b"D\x7f\xff\xff\xff\0\x01".to_vec()].concat()).await));
}

#[tokio::test]
async fn a_server_that_hangs_after_the_row_passes() {
    assert!(passed(&answering([columns(), data_row()].concat()).await));
}

#[tokio::test]
async fn messages_of_impossible_length_are_refused_at_once() {
    for start in
        [&b"E\xff\xff\xff\xff"[..], b"E\x7f\xff\xff\xff", b"S\x7f\xff\xff\xff", b"Z\0\0\0\0", b"R\0\x10\0\0"]
    {
        assert_eq!(welcoming(start.to_vec()).await.kind(), "protocol", "{start:?}");
    }
    assert_eq!(welcoming(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await.kind(), "protocol");
}

#[tokio::test]
async fn messages_out_of_turn_and_malformed_ones_are_refused() {
    assert_eq!(welcoming(data_row()).await, protocol("a message out of turn"));
    assert_eq!(welcoming(complete("SELECT 1")).await, protocol("a message out of turn"));
    assert_eq!(welcoming(message(b'Z', b"")).await, protocol("a malformed message \"Z\""));
    assert_eq!(welcoming(message(b'?', b"")).await, protocol("a malformed message \"?\""));
    let copy = failure(answering(message(b'H', b"\0\0\0")).await);
    assert_eq!(copy, protocol("a copy instead of rows"));
}

#[tokio::test]
async fn a_server_that_says_nothing_or_ends_is_told_apart() {
    assert_eq!(welcoming(Vec::new()).await, Failure::TimedOut(Stage::Login));
    assert_eq!(welcoming(b"Z\0\0".to_vec()).await, Failure::TimedOut(Stage::Login));
    assert_eq!(failure(answering(Vec::new()).await), Failure::TimedOut(Stage::Answer));
    assert_eq!(failure(answering(columns()).await), Failure::TimedOut(Stage::Answer));
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody(ip).await, CheckKind::from(query())).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}

#[tokio::test]
async fn a_nul_in_the_configuration_reaches_no_server() {
    for check in [
        SqlCheck { query: Some("select 1\0".into()), ..query() },
        SqlCheck { database: "a\0b".into(), ..query() },
    ] {
        let failed = failure(outcome(&Postgres::default(), check).await);
        assert_eq!(failed, protocol("a login, database or request with a NUL in it cannot be sent"));
    }
}

#[tokio::test]
async fn tls_protects_the_login_and_shows_the_certificate() {
    let authority = Pair::authority();
    let pair = authority.issue("db.example.com", VALID);
    let probes = trusting(&authority);
    for (start, at) in [
        (TlsStart::Upgrade, Tls::Upgrade(pair.server())),
        (TlsStart::AtOnce, Tls::AtOnce(pair.speaking_server(b"postgresql"))),
    ] {
        for ip in LOOPBACKS {
            let server = Postgres { tls: at.clone(), method: Method::Scram(4096), ..Postgres::default() };
            let server = server.serve(ip).await;
            let check = CheckKind::from(tls(start, TlsVerify::Chain));
            let Verdict::Pass(evidence) = ask(&probes, server.address, check).await else {
                panic!("{start:?}")
            };
            assert!(evidence.certificate.is_some());
            server.has_heard(&[CAME, "Q select 1", "X "]).await;
        }
    }
}

#[tokio::test]
async fn tls_that_is_refused_or_not_trusted_fails() {
    let upgrade = || tls(TlsStart::Upgrade, TlsVerify::Chain);
    let refused = failure(outcome(&Postgres::default(), upgrade()).await);
    assert_eq!(refused.to_string(), "TLS: the server does not offer it");
    let said = async |bytes| {
        failure(outcome(&Postgres { tls: Tls::Says(bytes), ..Postgres::default() }, upgrade()).await)
    };
    assert_eq!(said(b"E\0\0\0\x05\0").await.kind(), "tls");
    assert_eq!(said(b"?").await, protocol("asked for TLS, the server says \"?\""));
    assert_eq!(said(b"").await, Failure::TimedOut(Stage::Tls));
    // What comes ahead of TLS is no part of what is said under its protection.
    assert_eq!(said(b"SR\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await.kind(), "tls");
    let server = Postgres { tls: Tls::Upgrade(Pair::self_signed("db").server()), ..Postgres::default() };
    let failed = failure(outcome(&server, upgrade()).await);
    assert!(failed.to_string().starts_with("TLS: self-signed certificate"), "{failed}");
    assert!(passed(&outcome(&server, tls(TlsStart::Upgrade, TlsVerify::No)).await));
}
