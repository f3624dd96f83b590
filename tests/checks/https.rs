use std::sync::Arc;

use ldirectord::{
    check::{Probes, tls::Trust},
    health::{Certificate, Evidence, Failure, Stage, Verdict},
    model::{Authorities, CheckKind, HttpCheck, Security, TlsVerify},
};
use openssl::ssl::SslContext;

use crate::{
    ask,
    certificates::{DAY, EXPIRED, NOT_YET, Pair, Span, VALID, now},
    failure, page, probes, protected,
    server::{Act, LOOPBACKS, Server, say},
};

const NAME: &str = "www.example.com";
const ALL: [TlsVerify; 3] = [TlsVerify::No, TlsVerify::Chain, TlsVerify::Full];

/// Probes that trust this certificate.
pub(crate) fn trusting(pair: &Pair) -> Probes {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    pair.write_pem(&path);
    Probes::trusting(Trust::file(path).unwrap()).unwrap()
}

/// An authority, and probes that trust it.
struct Lab {
    authority: Pair,
    probes: Probes,
}

impl Lab {
    fn new() -> Self {
        let authority = Pair::authority();
        let probes = trusting(&authority);
        Self { authority, probes }
    }

    /// What a check finds at a server with such a certificate, on both loopbacks.
    async fn find(&self, context: &SslContext, verify: TlsVerify, name: Option<&str>) -> Verdict {
        let mut verdicts = Vec::new();
        for ip in LOOPBACKS {
            let server = Server::acting_in_tls(ip, context.clone(), page_of("good")).await;
            verdicts.push(ask(&self.probes, server.address, https(verify, name)).await);
            if verdicts.len() == 2 && !matches!(verdicts[0], Verdict::Fail(_)) {
                assert_eq!(server.heard()[0], format!("sni {}", name.unwrap_or("-")));
            }
        }
        assert_eq!(verdicts[0], verdicts[1]);
        verdicts.remove(0)
    }

    async fn issued(&self, name: &str, span: Span, verify: TlsVerify) -> Verdict {
        self.find(&self.authority.issue(name, span).server(), verify, Some(NAME)).await
    }
}

fn page_of(text: &str) -> Vec<Act> {
    let length = text.len();
    vec![Act::Hear, say(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}")), Act::Hold]
}

fn https(verify: TlsVerify, name: Option<&str>) -> CheckKind {
    let virtual_host = name.map(Arc::from);
    CheckKind::from(HttpCheck { tls: Some(protected(verify, name)), virtual_host, ..page(Some("good")) })
}

fn certificate(verdict: &Verdict) -> Certificate {
    let Verdict::Pass(Evidence { certificate: Some(certificate), .. }) = verdict else {
        panic!("no certificate: {verdict:?}")
    };
    *certificate
}

fn tls(words: &str) -> Failure {
    Failure::Tls(words.into())
}

#[tokio::test]
async fn a_good_certificate_passes_and_is_shown() {
    let lab = Lab::new();
    for verify in ALL {
        let shown = certificate(&lab.issued(NAME, VALID, verify).await);
        assert!(shown.name_matches);
        assert!((shown.not_after - now() - VALID.1).abs() < 60, "{shown:?}");
    }
}

#[tokio::test]
async fn a_wrong_name_passes_unless_verification_is_full() {
    let lab = Lab::new();
    for verify in [TlsVerify::No, TlsVerify::Chain] {
        assert!(!certificate(&lab.issued("other.example.com", VALID, verify).await).name_matches);
    }
    let failed = failure(lab.issued("other.example.com", VALID, TlsVerify::Full).await);
    assert_eq!(failed, tls("certificate is not made out to www.example.com"));
}

#[tokio::test]
async fn an_expired_certificate_fails_where_it_is_verified() {
    let lab = Lab::new();
    for verify in [TlsVerify::Chain, TlsVerify::Full] {
        assert_eq!(failure(lab.issued(NAME, EXPIRED, verify).await), tls("certificate has expired"));
        assert_eq!(failure(lab.issued(NAME, NOT_YET, verify).await), tls("certificate is not yet valid"));
        let both = failure(lab.issued("other.example.com", EXPIRED, TlsVerify::Chain).await);
        assert_eq!(both, tls("certificate has expired"), "a wrong name does not hide it");
    }
    let shown = certificate(&lab.issued(NAME, EXPIRED, TlsVerify::No).await);
    assert!((shown.not_after - now() + DAY).abs() < 60, "{shown:?}");
}

#[tokio::test]
async fn an_unknown_authority_fails_where_it_is_verified() {
    let lab = Lab::new();
    let alone = Pair::self_signed(NAME).server();
    let strange = Pair::authority().issue(NAME, VALID).server();
    for verify in [TlsVerify::Chain, TlsVerify::Full] {
        assert_eq!(failure(lab.find(&alone, verify, Some(NAME)).await), tls("self-signed certificate"));
        let failed = failure(lab.find(&strange, verify, Some(NAME)).await);
        assert_eq!(failed, tls("unable to get local issuer certificate"));
    }
    for context in [alone, strange] {
        assert!(certificate(&lab.find(&context, TlsVerify::No, Some(NAME)).await).name_matches);
    }
}

#[tokio::test]
async fn a_servers_own_certificate_can_be_what_is_trusted() {
    let issued = Pair::authority().issue(NAME, VALID);
    for own in [Pair::self_signed(NAME), issued] {
        let probes = trusting(&own);
        let server = Server::acting_in_tls(LOOPBACKS[0], own.server(), page_of("good")).await;
        assert!(
            certificate(&ask(&probes, server.address, https(TlsVerify::Full, Some(NAME))).await).name_matches
        );
    }
}

#[tokio::test]
async fn nobody_trusted_at_all_says_so() {
    let server = Server::acting_in_tls(LOOPBACKS[0], Pair::self_signed(NAME).server(), page_of("good")).await;
    let failed = failure(ask(&probes(), server.address, https(TlsVerify::Chain, None)).await);
    assert!(failed.to_string().contains("no file of certificate authorities"), "{failed}");
}

#[tokio::test]
async fn without_a_virtual_host_full_verification_wants_the_address() {
    let lab = Lab::new();
    let named = lab.authority.issue(NAME, VALID);
    assert!(
        certificate(&lab.find(&named.server(), TlsVerify::Chain, None).await).name_matches,
        "not asked for"
    );
    let failed = failure(lab.find(&named.server(), TlsVerify::Full, None).await);
    assert_eq!(failed, tls("certificate is not made out to the server's address"));

    let addressed = lab.authority.issue("127.0.0.1", VALID).server();
    let server = Server::acting_in_tls(LOOPBACKS[0], addressed, page_of("good")).await;
    for name in [None, Some("127.0.0.1"), Some("127.0.0.1:443")] {
        assert!(
            certificate(&ask(&lab.probes, server.address, https(TlsVerify::Full, name)).await).name_matches
        );
    }
    assert_eq!(server.heard()[0], "sni -", "an address is no server name");
}

#[tokio::test]
async fn the_file_of_authorities_is_read_again_at_a_reload() {
    let (old, new) = (Pair::authority(), Pair::authority());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    old.write_pem(&path);
    let before = Probes::trusting(Trust::file(&path).unwrap()).unwrap();
    let same = before.refreshed().unwrap();
    new.write_pem(&path);
    let after = before.refreshed().unwrap();

    let server = Server::acting_in_tls(LOOPBACKS[0], new.issue(NAME, VALID).server(), page_of("good")).await;
    for (probes, passes) in [(before, false), (same, false), (after, true)] {
        let verdict = ask(&probes, server.address, https(TlsVerify::Chain, Some(NAME))).await;
        assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
    }
}

/// Authorities of a configuration.
fn private(pair: &Pair) -> Authorities {
    Authorities::new("/etc/ldirectord/ca.pem", pair.certificate.to_pem().unwrap()).unwrap()
}

#[tokio::test]
async fn private_authorities_stand_beside_the_systems() {
    let (ours, theirs) = (Pair::authority(), Pair::authority());
    let server = Server::acting_in_tls(LOOPBACKS[0], ours.issue(NAME, VALID).server(), page_of("good")).await;
    let check = |authorities: Option<Authorities>| {
        let (verify, server_name) = (TlsVerify::Full, Some(NAME.into()));
        let security = Security { verify, server_name, authorities, ..Security::default() };
        CheckKind::from(HttpCheck { tls: Some(security.into()), ..page(Some("good")) })
    };
    let (right, wrong) = (private(&ours), private(&theirs));
    let known = trusting(&theirs).knowing([&right, &wrong, &right]).unwrap();
    // Also those that nobody was told of before: a check must never be wrong for that.
    for probes in [known.clone(), known.knowing([]).unwrap(), trusting(&theirs)] {
        let verdict = ask(&probes, server.address, check(Some(right.clone()))).await;
        assert!(certificate(&verdict).name_matches);
        for untrusted in [None, Some(wrong.clone())] {
            let failed = failure(ask(&probes, server.address, check(untrusted)).await);
            assert_eq!(failed, tls("unable to get local issuer certificate"));
        }
    }
}

#[test]
fn authorities_that_openssl_does_not_take_are_refused_by_name() {
    // Framed like a certificate, and none.
    let framed = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
    let authorities = Authorities::new("/etc/ldirectord/ca.pem", framed.into()).unwrap();
    let words = probes().knowing([&authorities]).err().unwrap().to_string();
    assert!(words.starts_with("the authorities in /etc/ldirectord/ca.pem cannot be used: "), "{words}");
}

#[tokio::test]
async fn a_server_name_is_asked_for_and_verified_in_place_of_the_virtual_host() {
    let lab = Lab::new();
    let context = lab.authority.issue("inner.example.com", VALID).server();
    let server = Server::acting_in_tls(LOOPBACKS[0], context, page_of("good")).await;
    let check = |name: Option<&str>| {
        let tls = Some(protected(TlsVerify::Full, name.or(Some(NAME))));
        CheckKind::from(HttpCheck { tls, virtual_host: Some(NAME.into()), ..page(Some("good")) })
    };
    assert!(
        certificate(&ask(&lab.probes, server.address, check(Some("inner.example.com"))).await).name_matches
    );
    let failed = failure(ask(&lab.probes, server.address, check(None)).await);
    assert_eq!(failed, tls("certificate is not made out to www.example.com"));
    let heard = server.heard();
    assert_eq!(heard[0], "sni inner.example.com");
    assert!(heard[1].contains("\r\nHost: www.example.com\r\n"), "{}", heard[1]);
}

/// What a check finds at a server that does this instead of a handshake.
async fn instead(acts: Vec<Act>) -> Failure {
    let mut failures = Vec::new();
    for ip in LOOPBACKS {
        let server = Server::acting(ip, acts.clone()).await;
        failures.push(failure(ask(&probes(), server.address, https(TlsVerify::Chain, Some(NAME))).await));
    }
    assert_eq!(failures[0], failures[1]);
    failures.remove(0)
}

#[tokio::test]
async fn a_handshake_that_never_ends_times_out() {
    assert_eq!(instead(vec![Act::Hold]).await, Failure::TimedOut(Stage::Tls));
    // The beginning of a record of 16 KiB that holds a ServerHello.
    let hello = [&b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"[..], &[0; 200]].concat();
    assert_eq!(instead(vec![Act::Drip(hello)]).await, Failure::TimedOut(Stage::Tls));
}

#[tokio::test]
async fn plain_text_is_not_tls() {
    let words = tls("server does not speak TLS");
    for text in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "220 ready\r\n", "*******"] {
        assert_eq!(instead(vec![say(text), Act::Hold]).await, words, "{text}");
    }
    assert_eq!(instead(vec![Act::Forever(b"garbage".to_vec())]).await, words);
}

#[tokio::test]
async fn a_handshake_that_is_cut_off_is_told_apart() {
    assert_eq!(instead(vec![]).await, Failure::Closed(Stage::Tls));
    assert_eq!(instead(vec![say(b"\x16\x03\x03\x40")]).await, Failure::Closed(Stage::Tls));
    let hold_a_little = Act::Drip(b"\x16".to_vec());
    assert_eq!(instead(vec![hold_a_little, Act::Reset]).await, Failure::Closed(Stage::Tls));
}

#[tokio::test]
async fn a_refused_handshake_says_why() {
    // A fatal alert, handshake_failure (RFC 8446, 6.2).
    let alert = vec![say(b"\x15\x03\x03\x00\x02\x02\x28"), Act::Hold];
    assert_eq!(instead(alert).await, tls("server refused the handshake: handshake failure"));

    let lab = Lab::new();
    let demanding = lab.authority.issue(NAME, VALID).demanding_server();
    let failed = failure(lab.find(&demanding, TlsVerify::Chain, Some(NAME)).await);
    assert_eq!(failed, tls("server refused the handshake: certificate required"));
}

#[tokio::test]
async fn an_end_without_a_farewell_is_an_end() {
    // Closes the socket under TLS, as many servers do after their page.
    let acts = vec![Act::Hear, say("HTTP/1.0 200 OK\r\n\r\ngood"), Act::Vanish];
    let server = Server::acting_in_tls(LOOPBACKS[0], Pair::self_signed(NAME).server(), acts).await;
    let verdict = ask(&probes(), server.address, https(TlsVerify::No, None)).await;
    assert!(matches!(verdict, Verdict::Pass(_)), "{verdict:?}");
}
