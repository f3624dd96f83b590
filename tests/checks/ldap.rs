use std::sync::Arc;

use ldirectord::{
    health::{Failure, Stage, Verdict},
    model::{CheckKind, LdapCheck, Login, Secret, Security, TlsStart, TlsVerify},
};

use crate::{
    ask,
    certificates::{Pair, VALID},
    content, failure,
    https::trusting,
    ldapd::{
        BOUND, DONE, Directory, ENTRY, EXTENDED, PASSWORD, REFERENCE, USER, element, entry, found, message,
        outcome as said,
    },
    of_both, passed, probes, protected,
    server::{LOOPBACKS, nobody},
};

fn search() -> LdapCheck {
    LdapCheck {
        tls: None,
        login: None,
        base: "dc=example,dc=com".into(),
        expected: content(Some("^dc=example,")),
    }
}

fn as_user(passwd: &str) -> LdapCheck {
    LdapCheck { login: Some(Login { name: USER.into(), passwd: Secret::new(passwd) }), ..search() }
}

/// What a check finds at such a server.
async fn outcome(server: &Directory, check: LdapCheck) -> Verdict {
    let serve = async |ip| {
        let server = server.clone().serve(ip).await;
        (server.address, server)
    };
    of_both(serve, &check.into()).await
}

async fn binding(answer: Vec<u8>) -> Failure {
    failure(outcome(&Directory { bound: Some(answer), ..Directory::default() }, search()).await)
}

async fn answering(answer: Vec<u8>) -> Verdict {
    outcome(&Directory { answer: (answer, false), ..Directory::default() }, search()).await
}

fn protocol(words: &str) -> Failure {
    Failure::Protocol(words.into())
}

fn error(code: &str, text: &str) -> Failure {
    Failure::Error { code: code.into(), text: text.into() }
}

#[tokio::test]
async fn an_entry_passes_with_and_without_a_login() {
    for check in [search(), as_user(PASSWORD)] {
        assert!(passed(&outcome(&Directory::default(), check).await));
    }
}

#[tokio::test]
async fn the_dialogue_is_short_and_polite() {
    for ip in LOOPBACKS {
        for (check, bind) in [(search(), "bind"), (as_user(PASSWORD), "bind with a name")] {
            let server = Directory::default().serve(ip).await;
            assert!(passed(&ask(&probes(), server.address, CheckKind::from(check)).await));
            server.has_heard(&[bind, "search dc=example,dc=com", "unbind"]).await;
        }
    }
}

#[tokio::test]
async fn another_name_is_a_mismatch() {
    let failed = failure(answering(found("dc=other,dc=com")).await);
    assert_eq!(failed, Failure::Mismatch { wanted: "^dc=example,".into(), got: "dc=other,dc=com".into() });
}

#[tokio::test]
async fn a_refused_login_is_told_from_other_errors() {
    let failed = failure(outcome(&Directory::default(), as_user("wrong")).await);
    assert_eq!(failed, Failure::Login("49 invalidCredentials".into()));
    assert_eq!(
        binding(said(2, BOUND, 48, "anonymous bind disallowed", b"")).await.to_string(),
        "login refused: 48 inappropriateAuthentication anonymous bind disallowed"
    );
    let busy = binding(said(2, BOUND, 51, "", b"")).await;
    assert_eq!(busy, error("51 busy", ""));
    let plain = binding(said(2, BOUND, 13, "TLS confidentiality required", b"")).await;
    assert_eq!(plain, error("13 confidentialityRequired", "TLS confidentiality required"));
    assert_eq!(binding(said(2, BOUND, 99, "", b"")).await, error("99", ""), "one without a name");
}

#[tokio::test]
async fn no_entry_or_another_place_for_it_fails() {
    let missing = answering(said(3, DONE, 32, "", b"")).await;
    assert_eq!(failure(missing), error("32 noSuchObject", ""));
    let nothing = answering(said(3, DONE, 0, "", b"")).await;
    assert_eq!(failure(nothing), Failure::Absent("no such entry".into()));
    let address = element(4, b"ldap://other.example.com/");
    let elsewhere = answering(said(3, DONE, 10, "", &element(0xa3, &address))).await;
    assert_eq!(failure(elsewhere), error("10 referral", "ldap://other.example.com/"));
    let reference = [message(3, REFERENCE, &address), said(3, DONE, 0, "", b"")].concat();
    let words = "no such entry here, but perhaps at ldap://other.example.com/";
    assert_eq!(failure(answering(reference).await), Failure::Absent(words.into()));
}

#[tokio::test]
async fn a_second_entry_is_one_too_many() {
    let name = "dc=example,dc=com";
    let two = protocol("more than one entry of one name");
    assert_eq!(failure(answering([entry(name), found(name)].concat()).await), two);
    let endless = Directory { answer: (entry(name), true), ..Directory::default() };
    assert_eq!(failure(outcome(&endless, search()).await), two);
}

#[tokio::test]
async fn of_an_entry_no_more_is_held_than_its_name() {
    let attributes = element(0x30, &vec![0; 500_000]);
    let long = message(3, ENTRY, &[element(4, b"dc=example,dc=com"), attributes].concat());
    assert!(passed(&answering([long, said(3, DONE, 0, "", b"")].concat()).await));
    let name = "dc=example,".to_owned() + &"x".repeat(20_000);
    assert_eq!(failure(answering(found(&name)).await), protocol("no LDAP message"));
}

#[tokio::test]
async fn a_server_that_ends_the_connection_may_say_why() {
    let oid = element(0x8a, b"1.3.6.1.4.1.1466.20036");
    let notice = said(0, EXTENDED, 52, "shutting down", &oid);
    assert_eq!(failure(answering(notice.clone()).await), error("52 unavailable", "shutting down"));
    assert_eq!(binding(notice).await, error("52 unavailable", "shutting down"));
}

#[tokio::test]
async fn messages_of_impossible_length_are_refused_at_once() {
    for start in [&b"\x30\x84\xff\xff\xff\xff"[..], b"\x30\x84\x7f\xff\xff\xff", b"\x30\x84\x00\x20\x00\x00"]
    {
        // Enough for what is held of any message.
        let bytes = [start, &vec![0x30; 20_000]].concat();
        assert_eq!(binding(bytes).await.kind(), "protocol", "{start:?}");
    }
    for start in [&b"\x30\x80"[..], b"\x30\xff", b"\x30\x88\0\0\0\0\0\0\0\x01", b"220 smtp.example.com\r\n"] {
        assert_eq!(binding(start.to_vec()).await, protocol("no LDAP message"), "{start:?}");
    }
}

#[tokio::test]
async fn messages_out_of_turn_and_malformed_ones_are_refused() {
    let turn = protocol("a message out of turn");
    assert_eq!(binding(said(1, BOUND, 0, "", b"")).await, turn, "the number of another request");
    assert_eq!(binding(said(2, DONE, 0, "", b"")).await, turn);
    assert_eq!(failure(answering(said(3, BOUND, 0, "", b"")).await), turn);
    // Ten thousand elements, each inside of the one before.
    let nested = (0..5_000).fold(Vec::new(), |inner, _| element(0x30, &inner));
    assert_eq!(binding(nested).await, protocol("no LDAP message"));
}

#[tokio::test]
async fn a_server_that_says_nothing_or_ends_is_told_apart() {
    assert_eq!(binding(Vec::new()).await, Failure::TimedOut(Stage::Login));
    assert_eq!(binding(b"\x30".to_vec()).await, Failure::TimedOut(Stage::Login));
    assert_eq!(failure(answering(Vec::new()).await), Failure::TimedOut(Stage::Answer));
    assert_eq!(
        failure(answering(entry("dc=example,dc=com")).await),
        Failure::TimedOut(Stage::Answer),
        "the search is not over"
    );
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody(ip).await, CheckKind::from(search())).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}

#[tokio::test]
async fn tls_protects_the_login_and_shows_the_certificate() {
    let authority = Pair::authority();
    let context = authority.issue("ldap.example.com", VALID).server();
    let probes = trusting(&authority);
    let verified = |start| {
        let security = Security { start, ..(*protected(TlsVerify::Full, Some("ldap.example.com"))).clone() };
        CheckKind::from(LdapCheck { tls: Some(Arc::new(security)), ..as_user(PASSWORD) })
    };
    let dialogue = ["bind with a name", "search dc=example,dc=com", "unbind"];
    for ip in LOOPBACKS {
        let server = Directory { upgrade: Some(context.clone()), ..Directory::default() }.serve(ip).await;
        let verdict = ask(&probes, server.address, verified(TlsStart::Upgrade)).await;
        let Verdict::Pass(evidence) = verdict else { panic!("{verdict:?}") };
        assert!(evidence.certificate.is_some());
        server.has_heard(&[&["starttls"], &dialogue[..]].concat()).await;

        let server = Directory { protected: Some(context.clone()), ..Directory::default() }.serve(ip).await;
        let verdict = ask(&probes, server.address, verified(TlsStart::AtOnce)).await;
        let Verdict::Pass(evidence) = verdict else { panic!("{verdict:?}") };
        assert!(evidence.certificate.is_some());
        server.has_heard(&dialogue).await;
    }
}

#[tokio::test]
async fn tls_that_is_refused_or_not_trusted_fails() {
    let upgrade = |verify| {
        let security = Security { start: TlsStart::Upgrade, verify, ..Security::default() };
        LdapCheck { tls: Some(Arc::new(security)), ..as_user(PASSWORD) }
    };
    let refused = failure(outcome(&Directory::default(), upgrade(TlsVerify::Chain)).await);
    assert_eq!(
        refused.to_string(),
        "TLS: StartTLS is refused: 2 protocolError unsupported extended operation"
    );
    let context = Pair::self_signed("ldap.example.com").server();
    let server = Directory { upgrade: Some(context), ..Directory::default() };
    let failed = failure(outcome(&server, upgrade(TlsVerify::Chain)).await);
    assert!(failed.to_string().starts_with("TLS: self-signed certificate"), "{failed}");
    assert!(passed(&outcome(&server, upgrade(TlsVerify::No)).await));
    // The password goes to nobody who refuses to protect it.
    for ip in LOOPBACKS {
        let server = Directory::default().serve(ip).await;
        failure(ask(&probes(), server.address, CheckKind::from(upgrade(TlsVerify::No))).await);
        assert_eq!(server.heard(), ["starttls"]);
    }
}
