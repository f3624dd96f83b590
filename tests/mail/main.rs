//! Mails handed to servers on loopback, good and hostile, and to a stand-in for `sendmail`, in real time.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "sockets and certificates live in real time")]

#[path = "../checks/certificates.rs"]
#[expect(dead_code, reason = "made for the checks, which need more of them")]
mod certificates;
mod server;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use certificates::{EXPIRED, Pair, VALID};
use ldirectord::{
    director::{Fact, Mail, MailLine},
    mailer::{self, Options},
    model::{DirectorState, MailAddress, MailRoute, Relay, Secret, SmtpServer, SmtpTls},
};
use server::{Manner, Server};

const SENTENCE: &str = "Deleted real server: 10.0.0.1:80 (192.0.2.1:80)";
/// A deadline that must pass in a test is short; one that must not is long.
const LONG: Duration = Duration::from_secs(30);

fn options() -> Options {
    Options {
        host: "director.example.com".to_owned(),
        deadline: LONG,
        pauses: vec![Duration::from_millis(10); 2],
        ..Options::new(false)
    }
}

fn relay(address: SocketAddr, tls: SmtpTls, login: Option<(&str, &str)>) -> Relay {
    let login = login.map(|(name, password)| (name.to_owned(), Secret::new(password)));
    Relay::Smtp(Arc::new(SmtpServer { host: address.ip().to_string(), port: address.port(), tls, login }))
}

fn plain(server: &Server) -> Relay {
    relay(server.address, SmtpTls::No, None)
}

fn mail(relay: Relay, sentence: &str) -> Mail {
    let to = ["ops@example.com", "jo@example.com"].map(|to| MailAddress::new(to).unwrap()).to_vec();
    let from = Some(MailAddress::new("lvs@example.com").unwrap());
    let line = MailLine {
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_337_880),
        state: DirectorState::Running,
        sentence: sentence.to_owned(),
        name: Some("The shop".into()),
        comment: None,
    };
    Mail { route: Arc::new(MailRoute { to, from, relay }), lines: vec![line], left_out: 0 }
}

/// Sends these, and gives what was told of them.
async fn send(options: Options, mails: Vec<Mail>) -> Vec<String> {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let ear = told.clone();
    let (sender, receiver) = mailer::channel();
    for mail in mails {
        sender.try_send(mail).unwrap();
    }
    drop(sender);
    mailer::serve(options, receiver, move |fact: Fact| ear.lock().unwrap().push(fact.to_string())).await;
    told.lock().unwrap().clone()
}

#[tokio::test]
async fn a_mail_to_several_is_one_with_several_recipients() {
    let server = Server::new(Manner::default()).await;
    assert_eq!(send(options(), vec![mail(plain(&server), SENTENCE)]).await, [""; 0]);
    let heard: Vec<String> =
        server.heard().into_iter().filter(|line| !line.starts_with("Message-ID: ")).collect();
    assert_eq!(
        heard,
        [
            "EHLO director.example.com",
            "MAIL FROM:<lvs@example.com>",
            "RCPT TO:<ops@example.com>",
            "RCPT TO:<jo@example.com>",
            "DATA",
            "Date: Sun, 22 Nov 2026 08:58:00 +0000",
            "From: lvs@example.com",
            &format!("Subject: [The shop] {SENTENCE}"),
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "To: ops@example.com, jo@example.com",
            "Content-Transfer-Encoding: 7bit",
            "Auto-Submitted: auto-generated",
            "",
            "ldirectord host: director.example.com",
            &format!("Log-Message: [The shop] {SENTENCE}"),
            "Daemon-Status: running",
            "",
            "Service name: The shop",
            ".",
            "QUIT",
        ]
    );
}

#[tokio::test]
async fn mails_to_one_server_keep_their_order() {
    let server = Server::new(Manner { busy: 1, ..Manner::default() }).await;
    let mails = (0..20).map(|n| mail(plain(&server), &format!("number {n}"))).collect();
    let told = send(options(), mails).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("421") && told[0].contains("trying again in 10ms"), "{told:?}");
    let expected: Vec<String> = (0..20).map(|n| format!("Subject: [The shop] number {n}")).collect();
    assert_eq!(server.heard_of("Subject: "), expected);
}

#[tokio::test]
async fn a_server_that_hangs_has_one_deadline_and_keeps_no_other_waiting() {
    let (dead, good) = (
        Server::new(Manner { hangs: true, ..Manner::default() }).await,
        Server::new(Manner::default()).await,
    );
    let options = Options { deadline: Duration::from_millis(300), ..options() };
    let start = Instant::now();
    let told = send(options, vec![mail(plain(&dead), "one"), mail(plain(&good), "two")]).await;
    assert!((Duration::from_millis(900)..Duration::from_secs(5)).contains(&start.elapsed()));
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("failed to send SMTP email message: 127.0.0.1: "), "{told:?}");
    assert!(told[2].ends_with("it is lost: [The shop] one"), "{told:?}");
    assert_eq!(good.heard_of("Subject: "), ["Subject: [The shop] two"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_asked_again_and_then_given_up() {
    let server = Server::new(Manner::default()).await;
    let relay = plain(&server);
    drop(server);
    let told = send(options(), vec![mail(relay, SENTENCE)]).await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|told| told.contains("refused")), "{told:?}");
    assert!(told[2].contains("it is lost"), "{told:?}");
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    let server = Server::new(Manner::saying("MAIL", "550 not from you\x1b[2J")).await;
    let told = send(options(), vec![mail(plain(&server), SENTENCE)]).await;
    // Once for all, and once for each alone.
    assert_eq!(server.heard_of("MAIL").len(), 3);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("ops@example.com: 127.0.0.1: permanent error (550): not from you"), "{told:?}");
    assert!(!told[0].contains('\x1b'));
}

#[tokio::test]
async fn one_bad_address_does_not_keep_a_mail_from_the_others() {
    let server = Server::new(Manner::saying("RCPT TO:<ops", "550 unknown")).await;
    let told = send(options(), vec![mail(plain(&server), SENTENCE)]).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("ops@example.com: ") && told[0].contains("unknown"), "{told:?}");
    assert_eq!(server.heard_of("DATA").len(), 1);
    assert_eq!(server.heard_of("RCPT").last().unwrap(), "RCPT TO:<jo@example.com>");
}

#[tokio::test]
async fn a_login_is_used_and_its_password_not_shown() {
    let server = Server::new(Manner::default()).await;
    let login = relay(server.address, SmtpTls::No, Some(("lvs", "hunter2")));
    assert_eq!(send(options(), vec![mail(login.clone(), SENTENCE)]).await, [""; 0]);
    // RFC 4616: an empty identity, the name, the password.
    assert_eq!(server.heard_of("AUTH"), ["AUTH PLAIN AGx2cwBodW50ZXIy"]);
    let server = Server::new(Manner::saying("AUTH", "535 no")).await;
    let login = relay(server.address, SmtpTls::No, Some(("lvs", "hunter2")));
    let told = send(options(), vec![mail(login.clone(), SENTENCE)]).await;
    assert!(!format!("{told:?} {login:?}").contains("hunter2"));
    assert!(told.iter().all(|told| told.contains("535")), "{told:?}");
    assert_eq!(server.heard_of("MAIL"), [""; 0]);
}

#[tokio::test]
async fn with_tls_nothing_is_said_in_the_clear() {
    let authority = Pair::authority();
    let good = authority.issue("127.0.0.1", VALID).server();
    let trusting = Options { authorities: vec![authority.certificate.to_pem().unwrap()], ..options() };
    for (tls, wraps) in [(SmtpTls::StartTls, false), (SmtpTls::Yes, true)] {
        let server = Server::new(Manner { tls: Some((good.clone(), wraps)), ..Manner::default() }).await;
        let login = relay(server.address, tls, Some(("lvs", "hunter2")));
        assert_eq!(send(trusting.clone(), vec![mail(login, SENTENCE)]).await, [""; 0], "{tls:?}");
        let heard = server.heard();
        let from = heard.iter().position(|line| line.starts_with("AUTH")).unwrap();
        if !wraps {
            assert_eq!(heard[..3], ["EHLO director.example.com", "STARTTLS", "(in TLS)"]);
            assert!(from > 2);
        }
        assert_eq!(server.heard_of("DATA").len(), 1);
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_good_enough_gets_no_mail() {
    let authority = Pair::authority();
    let trusting = Options { authorities: vec![authority.certificate.to_pem().unwrap()], ..options() };
    let bad = [
        authority.issue("other.example.com", VALID),
        authority.issue("127.0.0.1", EXPIRED),
        Pair::self_signed("127.0.0.1"),
    ];
    for pair in bad {
        for (tls, wraps) in [(SmtpTls::StartTls, false), (SmtpTls::Yes, true)] {
            let server = Server::new(Manner { tls: Some((pair.server(), wraps)), ..Manner::default() }).await;
            let login = relay(server.address, tls, Some(("lvs", "hunter2")));
            let told = send(trusting.clone(), vec![mail(login, SENTENCE)]).await;
            assert!(told.last().unwrap().contains("it is lost"), "{told:?}");
            let heard = server.heard();
            assert!(
                heard
                    .iter()
                    .all(|line| ["EHLO", "STARTTLS", "QUIT"].contains(&line.split(' ').next().unwrap())),
                "{heard:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail_that_wants_it() {
    let server = Server::new(Manner::default()).await;
    let wants = relay(server.address, SmtpTls::StartTls, Some(("lvs", "hunter2")));
    let told = send(options(), vec![mail(wants, SENTENCE)]).await;
    assert!(told.last().unwrap().contains("it is lost"), "{told:?}");
    assert!(server.heard_of("MAIL").is_empty() && server.heard_of("AUTH").is_empty());
}

#[tokio::test]
async fn a_dry_run_sends_nothing() {
    let server = Server::new(Manner::default()).await;
    let dry = Options { dry_run: true, ..options() };
    let told = send(dry, vec![mail(plain(&server), SENTENCE)]).await;
    assert!(told[0].contains("this is a dry run"), "{told:?}");
    assert_eq!(server.heard(), [""; 0]);
}
