use std::sync::Arc;

use ldirectord::{
    health::{Certificate, Evidence, Failure, Verdict},
    model::{CheckKind, Security, TlsVerify},
};

use crate::{
    ask,
    certificates::{EXPIRED, Pair, VALID},
    failure,
    https::trusting,
    server::{Act, LOOPBACKS, Server, say},
};

fn tls(verify: TlsVerify) -> CheckKind {
    let server_name = Some("www.example.com".into());
    CheckKind::Tls(Arc::new(Security { verify, server_name, ..Security::default() }))
}

#[tokio::test]
async fn the_handshake_is_enough_and_the_certificate_is_seen() {
    let authority = Pair::authority();
    let probes = trusting(&authority);
    let context = authority.issue("www.example.com", VALID).server();
    for ip in LOOPBACKS {
        // It says nothing inside.
        let server = Server::acting_in_tls(ip, context.clone(), vec![Act::Hold]).await;
        let verdict = ask(&probes, server.address, tls(TlsVerify::Full)).await;
        let Verdict::Pass(Evidence { certificate: Some(Certificate { name_matches: true, .. }), .. }) =
            verdict
        else {
            panic!("{verdict:?}")
        };
    }
}

#[tokio::test]
async fn a_handshake_that_fails_says_why() {
    let authority = Pair::authority();
    let probes = trusting(&authority);
    let expired = authority.issue("www.example.com", EXPIRED).server();
    for ip in LOOPBACKS {
        let server = Server::acting_in_tls(ip, expired.clone(), vec![Act::Hold]).await;
        let verdict = ask(&probes, server.address, tls(TlsVerify::Chain)).await;
        assert_eq!(failure(verdict), Failure::Tls("certificate has expired".into()));
        let server = Server::acting(ip, vec![say("220 plain\r\n"), Act::Hold]).await;
        let verdict = ask(&probes, server.address, tls(TlsVerify::Chain)).await;
        assert_eq!(failure(verdict), Failure::Tls("server does not speak TLS".into()));
    }
}
