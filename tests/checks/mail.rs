use std::{sync::Arc, time::Duration};

use ldirectord::{
    health::{Evidence, Failure, Stage, Verdict},
    model::{CheckKind, Login, MailCheck, MailProtocol, Secret, Security, TlsStart, TlsVerify},
};

use crate::{
    ask, ask_within,
    certificates::{Pair, VALID},
    failure,
    https::trusting,
    passed, probes,
    server::{LOOPBACKS, Server, nobody},
    talk::{Turn, answer, conversation, converse, say},
};

/// A handshake may take a while on a busy machine.
const PATIENCE: Duration = Duration::from_secs(3);
pub(super) const NAME: &str = "mail.example.com";

/// TLS that begins like this.
pub(super) fn secured(start: TlsStart) -> Arc<Security> {
    let security =
        Security { start, verify: TlsVerify::Full, server_name: Some(NAME.into()), ..Security::default() };
    security.into()
}

fn check(protocol: MailProtocol) -> MailCheck {
    MailCheck { protocol, tls: None, login: None }
}

fn login(protocol: MailProtocol, name: &str, passwd: &str) -> MailCheck {
    MailCheck { login: Some(Login { name: name.into(), passwd: Secret::new(passwd) }), ..check(protocol) }
}

/// What is found at a server that holds this conversation, the same on both loopbacks, and what the last one heard.
async fn found(check: &MailCheck, turns: Vec<Turn>) -> (Verdict, Server) {
    let mut both = Vec::new();
    for ip in LOOPBACKS {
        let server = converse(ip, None, turns.clone()).await;
        let verdict = ask(&probes(), server.address, CheckKind::from(check.clone())).await;
        both.push((verdict, server));
    }
    assert_eq!(both[0].0, both[1].0);
    both.remove(0)
}

async fn bad(check: &MailCheck, turns: Vec<Turn>) -> Failure {
    failure(found(check, turns).await.0)
}

/// What is heard of a check that passes, up to its farewell.
async fn heard(check: &MailCheck, turns: Vec<Turn>, farewell: &str) -> Vec<String> {
    let (verdict, server) = found(check, turns).await;
    assert_eq!(verdict, Verdict::Pass(Evidence::default()));
    server.heard_up_to(farewell).await
}

/// The same in TLS.
async fn heard_in_tls(check: MailCheck, start: TlsStart, turns: Vec<Turn>, farewell: &str) -> Vec<String> {
    let authority = Pair::authority();
    let context = authority.issue(NAME, VALID).server();
    let mut heard = Vec::new();
    for ip in LOOPBACKS {
        let server = converse(ip, Some(context.clone()), turns.clone()).await;
        let check = MailCheck { tls: Some(secured(start)), ..check.clone() };
        let verdict =
            ask_within(&trusting(&authority), server.address, CheckKind::from(check), PATIENCE).await;
        let Verdict::Pass(Evidence { certificate: Some(certificate), .. }) = verdict else {
            panic!("{verdict:?}")
        };
        assert!(certificate.name_matches);
        heard = server.heard_up_to(farewell).await;
    }
    heard
}

fn unavailable(words: &str) -> Failure {
    Failure::Unavailable(words.into())
}

fn status(code: u16, text: &str) -> Failure {
    Failure::Status { code, text: text.into() }
}

const SMTP: MailProtocol = MailProtocol::Smtp;
const POP: MailProtocol = MailProtocol::Pop;
const IMAP: MailProtocol = MailProtocol::Imap;
const NNTP: MailProtocol = MailProtocol::Nntp;
const ALL: [MailProtocol; 4] = [SMTP, POP, IMAP, NNTP];

#[tokio::test]
async fn smtp_says_hello_and_goodbye() {
    let turns = conversation("220-mx\n220 ESMTP", &["250-mx\n250 SIZE"]);
    assert_eq!(heard(&check(SMTP), turns, "QUIT").await, ["EHLO [127.0.0.1]", "QUIT"]);
    let server = converse(LOOPBACKS[1], None, conversation("220 mx", &["250 mx"])).await;
    assert!(passed(&ask(&probes(), server.address, CheckKind::from(check(SMTP))).await));
    assert_eq!(server.heard_up_to("QUIT").await, ["EHLO [IPv6:::1]", "QUIT"]);
}

#[tokio::test]
async fn smtp_without_extensions_is_greeted_in_the_older_way() {
    let turns = conversation("220 mx", &["502 what?", "250 hello"]);
    assert_eq!(heard(&check(SMTP), turns, "QUIT").await, ["EHLO [127.0.0.1]", "HELO [127.0.0.1]", "QUIT"]);
    let turns = conversation("220 mx", &["550 no", "550 not you"]);
    assert_eq!(bad(&check(SMTP), turns).await, status(550, "not you"));
}

#[tokio::test]
async fn smtp_that_does_not_serve_fails() {
    assert_eq!(bad(&check(SMTP), conversation("554 no", &[])).await, status(554, "no"));
    assert_eq!(bad(&check(SMTP), conversation("421-too\n421 many", &[])).await, status(421, "too"));
    assert_eq!(
        bad(&check(SMTP), conversation("220 mx", &["421 going down"])).await,
        status(421, "going down")
    );
    for strange in ["SSH-2.0-OpenSSH_9.2", "220-mx\n250 mx", "+OK ready"] {
        assert_eq!(bad(&check(SMTP), conversation(strange, &[])).await.kind(), "protocol", "{strange}");
    }
    let failed = bad(&check(SMTP), vec![say(&"220-mx\n".repeat(300))]).await;
    assert_eq!(failed, Failure::Protocol("an answer of more than 200 lines".into()));
}

#[tokio::test]
async fn smtp_goes_on_in_tls() {
    let ehlo = "EHLO [IPv6:::1]";
    let turns = |offer: &str| {
        let mut turns = conversation("220 mx", &["250-mx\n250 STARTTLS", offer]);
        turns.push(Turn::Tls);
        turns.extend(answer("250 mx"));
        turns
    };
    let heard = heard_in_tls(check(SMTP), TlsStart::Upgrade, turns("220 go on"), "QUIT").await;
    assert_eq!(heard, [ehlo, "STARTTLS", ehlo, "QUIT"]);
    let upgrading = MailCheck { tls: Some(secured(TlsStart::Upgrade)), ..check(SMTP) };
    let failed = bad(&upgrading, turns("454 not now")).await;
    assert_eq!(failed, Failure::Tls("server refuses STARTTLS: 454 not now".into()));
    let failed = bad(&upgrading, turns("220 go on\n250 injected")).await;
    assert_eq!(failed, Failure::Protocol("the server sent more than the answer to STARTTLS".into()));
}

#[tokio::test]
async fn tls_may_begin_at_once() {
    let turns = |protocol: MailProtocol| match protocol {
        MailProtocol::Smtp => (conversation("220 mx", &["250 mx"]), "QUIT"),
        MailProtocol::Pop => (conversation("+OK", &[]), "QUIT"),
        MailProtocol::Imap => (conversation("* OK", &[]), "0 LOGOUT"),
        MailProtocol::Nntp => (conversation("201", &[]), "QUIT"),
    };
    for protocol in ALL {
        let (mut turns, farewell) = turns(protocol);
        turns.insert(0, Turn::Tls);
        heard_in_tls(check(protocol), TlsStart::AtOnce, turns, farewell).await;
    }
}

#[tokio::test]
async fn pop_without_a_login_reads_the_greeting() {
    assert_eq!(heard(&check(POP), conversation("+OK ready", &[]), "QUIT").await, ["QUIT"]);
    assert_eq!(bad(&check(POP), conversation("-ERR too busy", &[])).await, unavailable("too busy"));
    let failed = bad(&check(POP), conversation("* OK IMAP", &[])).await;
    assert_eq!(failed, Failure::Protocol("\"* OK IMAP\" is no answer of POP3".into()));
}

#[tokio::test]
async fn pop_logs_in_and_opens_the_mailbox() {
    let monitor = login(POP, "monitor", "a secret");
    let wanted = ["CAPA", "USER monitor", "PASS a secret", "STAT", "QUIT"];
    for capabilities in ["+OK\nTOP\nUSER\n.", "-ERR what?"] {
        let turns = conversation("+OK", &[capabilities, "+OK", "+OK in", "+OK 0 0"]);
        assert_eq!(heard(&monitor, turns, "QUIT").await, wanted);
    }
    let said = |user, pass, stat| conversation("+OK", &["-ERR", user, pass, stat]);
    let refused = Failure::Login("[AUTH] wrong".into());
    assert_eq!(bad(&monitor, said("+OK", "-ERR [AUTH] wrong", "")).await, refused);
    let repeated = Failure::Login("(words that repeat the password)".into());
    assert_eq!(bad(&monitor, said("+OK", "-ERR \"a secret\" is wrong", "")).await, repeated);
    assert_eq!(bad(&monitor, said("-ERR nobody", "", "")).await, Failure::Login("nobody".into()));
    assert_eq!(
        bad(&monitor, said("+OK", "-ERR [SYS/TEMP] later", "")).await,
        unavailable("[SYS/TEMP] later")
    );
    assert_eq!(bad(&monitor, said("+OK", "+OK", "-ERR no mailbox")).await, unavailable("no mailbox"));
}

#[tokio::test]
async fn pop_goes_on_in_tls() {
    let mut turns = conversation("+OK", &["+OK go on"]);
    turns.push(Turn::Tls);
    turns.extend(["+OK\nUSER\n.", "+OK", "+OK", "+OK 1 320"].map(answer).concat());
    let heard = heard_in_tls(login(POP, "u", "p"), TlsStart::Upgrade, turns, "QUIT").await;
    assert_eq!(heard, ["STLS", "CAPA", "USER u", "PASS p", "STAT", "QUIT"]);
    let upgrading = MailCheck { tls: Some(secured(TlsStart::Upgrade)), ..check(POP) };
    let failed = bad(&upgrading, conversation("+OK", &["-ERR no"])).await;
    assert_eq!(failed, Failure::Tls("server refuses STLS: no".into()));
}

#[tokio::test]
async fn a_password_is_not_sent_where_only_tls_lets_it_in() {
    let turns = conversation("+OK", &["+OK\nSTLS\n."]);
    let (verdict, server) = found(&login(POP, "u", "p"), turns).await;
    assert_eq!((failure(verdict).kind(), server.heard()), ("login", vec!["CAPA".to_owned()]));
    let turns = conversation("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready", &[]);
    let (verdict, server) = found(&login(IMAP, "u", "p"), turns).await;
    assert_eq!((failure(verdict).kind(), server.heard()), ("login", vec![]));
}

#[tokio::test]
async fn imap_without_a_login_reads_the_greeting() {
    for greeting in ["* OK ready", "* PREAUTH hello"] {
        assert_eq!(heard(&check(IMAP), conversation(greeting, &[]), "0 LOGOUT").await, ["0 LOGOUT"]);
    }
    assert_eq!(bad(&check(IMAP), conversation("* BYE full", &[])).await, unavailable("full"));
    for strange in ["+OK ready", "220 mx", "* CAPABILITY IMAP4rev1", "0 OK"] {
        assert_eq!(bad(&check(IMAP), conversation(strange, &[])).await.kind(), "protocol", "{strange}");
    }
}

#[tokio::test]
async fn imap_logs_in_and_expunges_nothing() {
    let turns = conversation("* OK", &["* CAPABILITY IMAP4rev1\n0 OK in"]);
    let quoted = login(IMAP, "moni\\tor", "a \"secret\"");
    let wanted = [r#"0 LOGIN "moni\\tor" "a \"secret\"""#, "1 LOGOUT"];
    assert_eq!(heard(&quoted, turns, "1 LOGOUT").await, wanted);
    let known = conversation("* PREAUTH", &[]);
    assert_eq!(heard(&login(IMAP, "u", "p"), known, "0 LOGOUT").await, ["0 LOGOUT"]);
    let said = |line| conversation("* OK", &[line]);
    let monitor = login(IMAP, "u", "p");
    assert_eq!(bad(&monitor, said("0 NO wrong")).await, Failure::Login("wrong".into()));
    assert_eq!(bad(&monitor, said("0 NO [UNAVAILABLE] later")).await, unavailable("[UNAVAILABLE] later"));
    assert_eq!(bad(&monitor, said("* BYE going down")).await, unavailable("going down"));
    assert_eq!(bad(&monitor, said("1 OK in")).await.kind(), "protocol", "the answer to another command");
}

#[tokio::test]
async fn imap_takes_passwords_that_are_not_ascii() {
    let mut turns = conversation("* OK", &["+ go on"]);
    turns.extend([Turn::HearBytes(4), Turn::Hear, say("0 OK in")]);
    let monitor = login(IMAP, "u", "pä1");
    assert_eq!(heard(&monitor, turns, "1 LOGOUT").await, [r#"0 LOGIN "u" {4}"#, "pä1", "", "1 LOGOUT"]);
    let refused = conversation("* OK", &["0 BAD no literals"]);
    assert_eq!(bad(&monitor, refused).await, Failure::Login("no literals".into()));
}

#[tokio::test]
async fn imap_goes_on_in_tls() {
    let mut turns = conversation("* OK [CAPABILITY LOGINDISABLED]", &["0 OK go on"]);
    turns.push(Turn::Tls);
    turns.extend(answer("1 OK in"));
    let heard = heard_in_tls(login(IMAP, "u", "p"), TlsStart::Upgrade, turns, "2 LOGOUT").await;
    assert_eq!(heard, ["0 STARTTLS", r#"1 LOGIN "u" "p""#, "2 LOGOUT"]);
    let upgrading = MailCheck { tls: Some(secured(TlsStart::Upgrade)), ..check(IMAP) };
    let failed = bad(&upgrading, conversation("* OK", &["0 BAD no"])).await;
    assert_eq!(failed, Failure::Tls("server refuses STARTTLS: no".into()));
    let failed = bad(&upgrading, conversation("* PREAUTH", &[])).await;
    assert_eq!(failed.kind(), "tls", "who has not proven who it is knows us already");
}

#[tokio::test]
async fn nntp_reads_the_greeting() {
    for greeting in ["200 posting allowed", "201 no posting"] {
        assert_eq!(heard(&check(NNTP), conversation(greeting, &[]), "QUIT").await, ["QUIT"]);
    }
    assert_eq!(bad(&check(NNTP), conversation("400 not now", &[])).await, status(400, "not now"));
    assert_eq!(bad(&check(NNTP), conversation("220 mx ESMTP", &[])).await, status(220, "mx ESMTP"));
    assert_eq!(bad(&check(NNTP), conversation("hello", &[])).await.kind(), "protocol");
}

#[tokio::test]
async fn nntp_goes_on_in_tls() {
    let mut turns = conversation("200", &["382 go on"]);
    turns.push(Turn::Tls);
    let heard = heard_in_tls(check(NNTP), TlsStart::Upgrade, turns, "QUIT").await;
    assert_eq!(heard, ["STARTTLS", "QUIT"]);
    let upgrading = MailCheck { tls: Some(secured(TlsStart::Upgrade)), ..check(NNTP) };
    let failed = bad(&upgrading, conversation("200", &["580 no"])).await;
    assert_eq!(failed, Failure::Tls("server refuses STARTTLS: 580 no".into()));
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_more_times_out_where_it_stopped() {
    for protocol in ALL {
        assert_eq!(bad(&check(protocol), vec![Turn::Hold]).await, Failure::TimedOut(Stage::Login));
    }
    let hello = bad(&check(SMTP), conversation("220 mx", &[])).await;
    assert_eq!(hello, Failure::TimedOut(Stage::Answer));
    let upgrading = MailCheck { tls: Some(secured(TlsStart::Upgrade)), ..check(NNTP) };
    assert_eq!(bad(&upgrading, conversation("200", &[])).await, Failure::TimedOut(Stage::Tls));
    let stat = conversation("+OK", &["-ERR", "+OK", "+OK"]);
    assert_eq!(bad(&login(POP, "u", "p"), stat).await, Failure::TimedOut(Stage::Answer));
}

#[tokio::test]
async fn nobody_listens() {
    for (ip, protocol) in LOOPBACKS.into_iter().flat_map(|ip| ALL.map(|protocol| (ip, protocol))) {
        let verdict = ask(&probes(), nobody(ip).await, CheckKind::from(check(protocol))).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}

#[tokio::test]
async fn a_line_end_in_a_login_reaches_no_server() {
    for (protocol, greeting) in [(POP, "+OK"), (IMAP, "* OK")] {
        let turns = conversation(greeting, &["-ERR"]);
        let (verdict, server) = found(&login(protocol, "u\r\nDELE 1", "p"), turns).await;
        assert_eq!(failure(verdict).kind(), "protocol");
        assert!(!server.heard().iter().any(|line| line.starts_with("DELE")));
    }
}
