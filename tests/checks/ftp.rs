use std::time::Duration;

use futures_util::future::join;
use ldirectord::{
    health::{Evidence, Failure, Stage, Verdict},
    model::{CheckKind, FtpCheck, Login, Secret},
};
use tokio::time::{sleep, timeout};

use crate::{
    PATIENT, ask, ask_within, content, failure,
    ftpd::{Fault, PASSWORD, USER, serve},
    of_both, passed, probes,
    server::{LOOPBACKS, nobody},
};

const MIB: usize = 1 << 20;

fn login(passwd: &str) -> Login {
    Login { name: USER.into(), passwd: Secret::new(passwd) }
}

fn fetch(receive: Option<&str>) -> FtpCheck {
    FtpCheck { tls: None, login: login(PASSWORD), request: Some("/file".into()), expected: content(receive) }
}

/// What the check finds at a server with this fault.
async fn outcome(check: FtpCheck, fault: Fault, file: &[u8]) -> Verdict {
    let serve = async |ip| {
        let server = serve(ip, fault, file).await;
        (server.address, server)
    };
    of_both(serve, &check.into()).await
}

async fn bad(fault: Fault) -> Failure {
    let with = outcome(fetch(Some("good")), fault, b"a good file");
    let without = outcome(fetch(None), fault, b"a good file");
    let (with, without) = join(with, without).await;
    let (with, without) = (failure(with), failure(without));
    assert_eq!(with, without, "a pattern makes no difference");
    with
}

fn status(code: u16, text: &str) -> Failure {
    Failure::Status { code, text: text.into() }
}

#[tokio::test]
async fn a_good_file_passes() {
    for receive in [Some("good"), None] {
        let verdict = outcome(fetch(receive), Fault::None, b"a good file").await;
        assert_eq!(verdict, Verdict::Pass(Evidence::default()));
    }
    assert!(
        passed(&outcome(fetch(None), Fault::None, b"").await),
        "an empty one, if nothing is wanted of it"
    );
}

#[tokio::test]
async fn the_dialogue_is_passive_binary_and_polite() {
    for (ip, passive) in LOOPBACKS.into_iter().zip(["PASV", "EPSV"]) {
        let server = serve(ip, Fault::None, "a good file").await;
        assert!(passed(&ask(&probes(), server.address, CheckKind::from(fetch(Some("good")))).await));
        let wanted = ["USER monitor", "PASS secret", "TYPE I", passive, "RETR /file", "QUIT"];
        // The farewell is not waited for by the check.
        let all_heard = async {
            while server.heard().len() < wanted.len() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENT, all_heard).await.unwrap();
        assert_eq!(server.heard(), wanted);
    }
}

#[tokio::test]
async fn a_server_that_hangs_at_the_farewell_passes() {
    assert!(passed(&outcome(fetch(Some("good")), Fault::SilentAt("QUIT"), b"good").await));
}

#[tokio::test]
async fn a_wrong_file_is_a_mismatch() {
    let failed = failure(outcome(fetch(Some("good")), Fault::None, b"bad").await);
    assert_eq!(failed, Failure::Mismatch { wanted: "good".into(), got: "bad".into() });
}

#[tokio::test]
async fn a_large_file_is_matched_up_to_a_limit_and_read_to_its_end() {
    let mut file = vec![b'x'; MIB - 4];
    file.extend_from_slice(b"good1234");
    let end = vec![b'x'; MIB];
    assert!(passed(&outcome(fetch(Some("good")), Fault::None, &[&file[..], &end].concat()).await));
    let failed = failure(outcome(fetch(Some("1234")), Fault::None, &[&file[..], &end].concat()).await);
    assert_eq!(failed.kind(), "mismatch", "behind the limit");
    assert!(passed(&outcome(fetch(None), Fault::None, &[&file[..], &end].concat()).await));
}

#[tokio::test]
async fn a_file_without_end_is_cut_off_or_times_out() {
    for ip in LOOPBACKS {
        let server = serve(ip, Fault::EndlessFile, &[b'x'; 4096]).await;
        let check = CheckKind::from(fetch(Some("good")));
        let endless = failure(ask_within(&probes(), server.address, check, PATIENT).await);
        assert_eq!(endless.kind(), "mismatch");
    }
    let never_complete = failure(outcome(fetch(None), Fault::EndlessFile, &[b'x'; 4096]).await);
    assert_eq!(never_complete, Failure::TimedOut(Stage::Transfer));
}

#[tokio::test]
async fn a_refused_login_is_told_apart() {
    for ip in LOOPBACKS {
        let server = serve(ip, Fault::None, "good").await;
        let check = FtpCheck { login: login("wrong"), ..fetch(None) };
        let failed = failure(ask(&probes(), server.address, CheckKind::from(check)).await);
        assert_eq!(failed, Failure::Login("Login incorrect.".into()));
    }
    assert_eq!(bad(Fault::Says("USER", "534 no TLS\r\n")).await, Failure::Login("no TLS".into()));
    assert_eq!(bad(Fault::Says("PASS", "421 too many\r\n")).await, status(421, "too many"));
}

#[tokio::test]
async fn a_refused_file_or_session_is_a_status() {
    for ip in LOOPBACKS {
        let server = serve(ip, Fault::None, "good").await;
        let check = FtpCheck { request: Some("/other".into()), ..fetch(None) };
        let failed = failure(ask(&probes(), server.address, CheckKind::from(check)).await);
        assert_eq!(failed, status(550, "Failed to open file."));
    }
    assert_eq!(bad(Fault::Says("", "421 Too many users\r\n")).await, status(421, "Too many users"));
    assert_eq!(bad(Fault::Aborts).await, status(426, "Failure writing network stream."));
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    for (at, stage) in [
        ("", Stage::Login),
        ("USER", Stage::Login),
        ("PASS", Stage::Login),
        ("TYPE", Stage::Answer),
        ("RETR", Stage::Answer),
        ("226", Stage::Transfer),
    ] {
        assert_eq!(bad(Fault::SilentAt(at)).await, Failure::TimedOut(stage), "{at}");
    }
    assert_eq!(bad(Fault::SilentFile).await, Failure::TimedOut(Stage::Transfer));
    assert_eq!(bad(Fault::Drips).await, Failure::TimedOut(Stage::Login));
}

#[tokio::test]
async fn a_server_that_talks_without_end_is_cut_off() {
    assert_eq!(bad(Fault::Endless("x")).await.kind(), "protocol", "one line");
    assert_eq!(bad(Fault::Endless("220-x\r\n")).await.kind(), "protocol", "many lines");
}

#[tokio::test]
async fn garbage_is_not_ftp() {
    let strange = Failure::Protocol("malformed FTP reply".to_owned());
    assert_eq!(bad(Fault::Says("", "SSH-2.0-OpenSSH_9.2\r\n")).await, strange);
    assert_eq!(bad(Fault::Says("RETR", "\r\n")).await, strange);
}

#[tokio::test]
async fn a_connection_that_ends_too_early_is_told_apart() {
    assert_eq!(bad(Fault::Says("", "")).await, Failure::Closed(Stage::Login), "at once");
    assert_eq!(bad(Fault::Says("", "220-We")).await, Failure::Closed(Stage::Login), "in mid-line");
    assert_eq!(bad(Fault::Says("PASS", "")).await, Failure::Closed(Stage::Login));
    assert_eq!(bad(Fault::Says("226", "")).await, Failure::Closed(Stage::Transfer));
    assert_eq!(bad(Fault::ResetInFile).await, Failure::Closed(Stage::Transfer));
}

#[tokio::test]
async fn nobody_listens() {
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody(ip).await, CheckKind::from(fetch(None))).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
    let data = Failure::Unreachable("data connection: connection refused".into());
    assert_eq!(bad(Fault::DataRefused).await, data);
}

#[tokio::test]
async fn a_line_end_in_the_configuration_reaches_no_server() {
    let server = serve(LOOPBACKS[0], Fault::None, "good").await;
    let check = FtpCheck { request: Some("/file\r\nDELE /file".into()), ..fetch(None) };
    let failed = failure(ask(&probes(), server.address, CheckKind::from(check)).await);
    assert_eq!(failed.kind(), "protocol");
    assert!(!server.heard().iter().any(|line| line.starts_with("DELE")));
}
