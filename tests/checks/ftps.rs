use std::time::Duration;

use ldirectord::{
    health::{Evidence, Failure, Verdict},
    model::{CheckKind, FtpCheck, Login, Secret, TlsStart},
};
use openssl::ssl::SslContext;

use crate::{
    ask, ask_within,
    certificates::{EXPIRED, Pair, Span, VALID},
    content, failure,
    ftpd::{Fault, PASSWORD, USER, serve, serve_in},
    https::trusting,
    mail::{NAME, secured},
    server::{LOOPBACKS, Server},
};

/// Two handshakes may take a while on a busy machine.
const PATIENCE: Duration = Duration::from_secs(3);
const BOTH: [TlsStart; 2] = [TlsStart::AtOnce, TlsStart::Upgrade];

fn fetch(start: TlsStart, receive: Option<&str>) -> FtpCheck {
    let login = Login { name: USER.into(), passwd: Secret::new(PASSWORD) };
    FtpCheck { tls: Some(secured(start)), login, request: Some("/file".into()), expected: content(receive) }
}

struct Lab {
    authority: Pair,
}

impl Lab {
    fn new() -> Self {
        Self { authority: Pair::authority() }
    }

    fn server(&self, span: Span) -> SslContext {
        self.authority.issue(NAME, span).server()
    }

    /// What the check finds at a server with this fault, over IPv4 and IPv6; both give the same.
    async fn found(&self, check: FtpCheck, span: Span, fault: Fault) -> (Verdict, Server) {
        let start = check.tls.as_ref().unwrap().start;
        let (context, mut both) = (self.server(span), Vec::new());
        for ip in LOOPBACKS {
            let server = serve_in(Some((context.clone(), start)), ip, fault, "a good file").await;
            let kind = CheckKind::from(check.clone());
            both.push((ask_within(&trusting(&self.authority), server.address, kind, PATIENCE).await, server));
        }
        assert_eq!(both[0].0, both[1].0);
        both.remove(0)
    }

    async fn bad(&self, start: TlsStart, fault: Fault) -> Failure {
        failure(self.found(fetch(start, Some("good")), VALID, fault).await.0)
    }
}

#[tokio::test]
async fn a_good_file_passes_and_the_certificate_is_shown() {
    let lab = Lab::new();
    for start in BOTH {
        for (receive, fault) in
            [(Some("good"), Fault::None), (None, Fault::None), (Some("good"), Fault::HandshakeFirst)]
        {
            let (verdict, server) = lab.found(fetch(start, receive), VALID, fault).await;
            let Verdict::Pass(Evidence { certificate: Some(certificate), .. }) = verdict else {
                panic!("{start:?}: {verdict:?}")
            };
            assert!(certificate.name_matches);
            let wanted =
                ["USER monitor", "PASS secret", "PBSZ 0", "PROT P", "TYPE I", "PASV", "RETR /file", "QUIT"];
            let heard = server.heard_up_to("QUIT").await;
            let auth = usize::from(start == TlsStart::Upgrade);
            assert_eq!(heard[..auth], ["AUTH TLS"][..auth]);
            assert_eq!(heard[auth..], wanted);
        }
    }
}

#[tokio::test]
async fn a_login_alone_needs_no_data_connection() {
    let check = FtpCheck { request: None, ..fetch(TlsStart::Upgrade, None) };
    let (verdict, server) = Lab::new().found(check, VALID, Fault::None).await;
    assert!(matches!(verdict, Verdict::Pass(_)), "{verdict:?}");
    assert_eq!(server.heard_up_to("QUIT").await, ["AUTH TLS", "USER monitor", "PASS secret", "QUIT"]);
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_where_tls_is_refused() {
    for ip in LOOPBACKS {
        let server = serve(ip, Fault::None, "a good file").await;
        let check = CheckKind::from(fetch(TlsStart::Upgrade, None));
        let failed = failure(ask(&trusting(&Pair::authority()), server.address, check).await);
        assert_eq!(failed, Failure::Tls("server refuses AUTH TLS: 502 what?".into()));
        assert_eq!(server.heard(), ["AUTH TLS"]);
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_good_fails() {
    let lab = Lab::new();
    for start in BOTH {
        let (verdict, server) = lab.found(fetch(start, None), EXPIRED, Fault::None).await;
        assert_eq!(failure(verdict), Failure::Tls("certificate has expired".into()));
        assert!(server.heard().iter().all(|line| line == "AUTH TLS"));
    }
}

#[tokio::test]
async fn data_are_protected_or_not_taken() {
    let lab = Lab::new();
    for start in BOTH {
        let bare = lab.bad(start, Fault::BareData).await;
        assert_eq!(bare, Failure::Tls("server does not speak TLS".into()));
        let refused = lab.bad(start, Fault::Says("PROT", "536 no\r\n")).await;
        assert_eq!(refused, Failure::Status { code: 536, text: "no".into() });
        let words = "522 SSL connection failed: session reuse required\r\n";
        let reuse = lab.bad(start, Fault::Says("226", words)).await;
        let text = "SSL connection failed: session reuse required".into();
        assert_eq!(reuse, Failure::Status { code: 522, text });
    }
}
