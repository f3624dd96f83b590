use std::time::Duration;

use futures_util::future::{join, join_all};
use ldirectord::{
    health::{Failure, Stage, Verdict},
    model::{CheckKind, HttpCheck, TlsVerify},
};

use crate::{
    DEADLINE, PATIENT, ask, ask_within,
    certificates::Pair,
    failure, page, passed, probes, protected,
    server::{Act, LOOPBACKS, Server, nobody, say},
};

const MIB: usize = 1 << 20;

/// Asks a server that does this, over IPv4 and IPv6, plain and in TLS; all give the same.
async fn outcome(check: HttpCheck, acts: Vec<Act>) -> Verdict {
    outcome_within(check, acts, DEADLINE).await
}

async fn outcome_within(check: HttpCheck, acts: Vec<Act>, deadline: Duration) -> Verdict {
    let (probes, context) = (probes(), Pair::self_signed("www.example.com").server());
    let secure = HttpCheck { tls: Some(protected(TlsVerify::No, None)), ..check.clone() };
    let asked = LOOPBACKS.map(async |ip| {
        let plain = Server::acting(ip, acts.clone()).await;
        let tls = Server::acting_in_tls(ip, context.clone(), acts.clone()).await;
        join(
            ask_within(&probes, plain.address, CheckKind::from(check.clone()), deadline),
            ask_within(&probes, tls.address, CheckKind::from(secure.clone()), deadline),
        )
        .await
    });
    let mut verdicts: Vec<_> = join_all(asked).await.into_iter().flat_map(<[_; 2]>::from).collect();
    let of_first = if passed(&verdicts[0]) { None } else { Some(verdicts[0].clone()) };
    for verdict in &verdicts {
        match &of_first {
            None => assert!(passed(verdict), "{verdicts:?}"),
            Some(first) => assert_eq!(verdict, first, "{verdicts:?}"),
        }
    }
    verdicts.remove(0)
}

async fn good(acts: Vec<Act>) -> bool {
    passed(&outcome(page(Some("go+d")), acts).await)
}

async fn bad(acts: Vec<Act>) -> Failure {
    failure(outcome(page(Some("go+d")), acts).await)
}

/// The same where megabytes come before the end: even a busy machine must get there.
async fn cut_off(acts: Vec<Act>) -> Failure {
    failure(outcome_within(page(Some("go+d")), acts, PATIENT).await)
}

/// Hears the request, then says this.
fn answer(text: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Hear, say(text)]
}

/// The same, and does not close.
fn held(text: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Hear, say(text), Act::Hold]
}

fn mismatch(got: &str) -> Failure {
    Failure::Mismatch { wanted: "go+d".into(), got: got.into() }
}

#[tokio::test]
async fn a_good_page_passes_without_waiting_for_the_close() {
    assert!(good(held("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\na good page")).await);
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na go\r\n7\r\nod page\r\n0\r\n\r\n";
    assert!(good(held(chunked)).await);
    assert!(
        good(held("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 203 OK\r\nContent-Length: 4\r\n\r\ngood")).await
    );
}

#[tokio::test]
async fn a_page_may_end_with_the_connection() {
    assert!(good(answer("HTTP/1.0 200 OK\r\n\r\na good page")).await);
    assert!(good(vec![Act::Hear, say("HTTP/1.0 200 OK\n"), say("\na go"), say("od page")]).await);
}

#[tokio::test]
async fn without_a_pattern_a_success_is_enough() {
    for head in ["200 OK", "204 No Content", "299 Odd"] {
        let acts = held(format!("HTTP/1.1 {head}\r\n\r\n"));
        assert!(passed(&outcome(page(None), acts).await), "{head}");
    }
    let endless = vec![Act::Hear, say("HTTP/1.1 200 OK\r\n\r\n"), Act::Forever(vec![b'x'; 4096])];
    assert!(passed(&outcome(page(None), endless).await));
}

#[tokio::test]
async fn any_other_status_fails_with_its_words() {
    let failed = |code, text: &str| Failure::Status { code, text: text.into() };
    assert_eq!(bad(held("HTTP/1.1 500 Oops\r\n\r\ngood")).await, failed(500, "Oops"));
    assert_eq!(bad(held("HTTP/1.1 404\r\n\r\ngood")).await, failed(404, ""));
    assert_eq!(bad(held("HTTP/1.1 304 Not Modified\r\n\r\n")).await, failed(304, "Not Modified"));
    assert_eq!(bad(held("HTTP/1.1 302 Found\r\n\r\n")).await, failed(302, "Found"), "nowhere to go");
    assert_eq!(bad(held("HTTP/1.1 101 Upgrade\r\n\r\n")).await, failed(101, "Upgrade"));
}

#[tokio::test]
async fn a_wrong_page_is_a_mismatch() {
    assert_eq!(bad(held("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")).await, mismatch("bad"));
    assert_eq!(bad(held("HTTP/1.1 204 None\r\n\r\n")).await, mismatch(""));
}

#[tokio::test]
async fn a_page_is_matched_as_bytes_up_to_a_limit() {
    let check = page(Some("^caf\\xe9$"));
    let acts = held(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ncaf\xe9");
    assert!(passed(&outcome(check, acts).await));

    let mut long = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    long.extend(vec![b'x'; MIB - 4]);
    long.extend(b"goodgood");
    assert!(good(held(&long)).await, "within the limit");
    let end = long.len() - 8;
    long.splice(end..end, *b"1234");
    assert_eq!(bad(held(&long)).await.kind(), "mismatch", "behind the limit");
}

#[tokio::test]
async fn a_pattern_that_is_given_up_is_no_mismatch() {
    let check = page(Some("^(a+)+$"));
    let body = "a".repeat(5_000);
    let acts = held(format!("HTTP/1.1 200 OK\r\nContent-Length: 5001\r\n\r\n{body}b"));
    let Failure::Protocol(words) = failure(outcome(check, acts).await) else { panic!("no protocol failure") };
    assert!(words.contains("given up"), "{words}");
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    assert_eq!(bad(vec![Act::Hold]).await, Failure::TimedOut(Stage::Answer));
    assert_eq!(bad(vec![Act::Hear, Act::Hold]).await, Failure::TimedOut(Stage::Answer));
}

#[tokio::test]
async fn a_server_that_drips_times_out() {
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ngood, but far too late";
    assert_eq!(bad(vec![Act::Hear, Act::Drip(page.into())]).await, Failure::TimedOut(Stage::Answer));
    let (head, body) = page.split_at(page.find("good").unwrap());
    let acts = vec![Act::Hear, say(head), Act::Drip(body.into())];
    assert_eq!(bad(acts).await, Failure::TimedOut(Stage::Transfer));
}

#[tokio::test]
async fn a_server_that_sends_without_end_is_cut_off() {
    let head = say("HTTP/1.1 200 OK\r\n\r\n");
    let acts = vec![Act::Hear, head, Act::Forever(vec![b'x'; 16 * 1024])];
    assert_eq!(cut_off(acts).await.kind(), "mismatch");
    let too_long = Failure::Protocol("header longer than 16 KiB".into());
    let acts = vec![Act::Hear, say("HTTP/1.1 200 OK\r\nX: "), Act::Forever(vec![b'x'; 1024])];
    assert_eq!(cut_off(acts).await, too_long, "one line");
    let acts = vec![Act::Hear, say("HTTP/1.1 200 OK\r\n"), Act::Forever(b"X: y\r\n".to_vec())];
    assert_eq!(cut_off(acts).await, too_long, "many lines");
    let acts = vec![Act::Hear, Act::Forever(b"HTTP/1.1 100 Go\r\n\r\n".to_vec())];
    assert_eq!(cut_off(acts).await, too_long, "many heads");
    let acts = vec![
        Act::Hear,
        say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"),
        Act::Forever(vec![b'x'; 1024]),
    ];
    assert_eq!(cut_off(acts).await, Failure::Protocol("malformed chunk".into()));
}

#[tokio::test]
async fn garbage_is_not_http() {
    let ssh = Failure::Protocol("not HTTP: \"SSH-2.0-OpenSSH_9.2\"".into());
    assert_eq!(bad(held("SSH-2.0-OpenSSH_9.2\r\n")).await, ssh);
    // HTTP/0.9: the reference took any text for a page.
    let page = Failure::Protocol("not HTTP: \"<html>good</html>\"".into());
    assert_eq!(bad(answer("<html>good</html>")).await, page);
    for (text, words) in [
        ("HTTP/1.1 OK\r\n\r\n", "malformed header: invalid response status"),
        ("HTTP/3.0 200 OK\r\n\r\n", "malformed header: invalid HTTP version"),
        ("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "malformed Content-Length"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ngood", "malformed chunk"),
    ] {
        assert_eq!(bad(held(text)).await, Failure::Protocol(words.into()), "{text:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_too_early_is_told_apart() {
    assert_eq!(bad(answer("")).await, Failure::Closed(Stage::Answer), "at once");
    assert_eq!(bad(answer("HTTP/1.1 200 O")).await, Failure::Closed(Stage::Answer), "in mid-line");
    let short = answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ngood");
    assert_eq!(bad(short).await, Failure::Closed(Stage::Transfer), "in mid-page");
    let short = answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n");
    assert_eq!(bad(short).await, Failure::Closed(Stage::Transfer), "between chunks");
}

#[tokio::test]
async fn a_reset_is_told_apart() {
    assert_eq!(bad(vec![Act::Hear, Act::Reset]).await, Failure::Closed(Stage::Answer));
    // The client takes the head in before the reset can overtake it.
    let acts = vec![Act::Hear, say("HTTP/1.1 200 OK\r\n\r\n"), Act::Drip(b"good".to_vec()), Act::Reset];
    assert_eq!(bad(acts).await, Failure::Closed(Stage::Transfer));
}

#[tokio::test]
async fn nobody_listens() {
    for (ip, tls) in LOOPBACKS.into_iter().zip([None, Some(protected(TlsVerify::Chain, None))]) {
        let check = CheckKind::from(HttpCheck { tls, ..page(None) });
        assert_eq!(failure(ask(&probes(), nobody(ip).await, check).await), Failure::Refused);
    }
}

#[tokio::test]
async fn the_request_names_the_virtual_host_or_the_address() {
    for (ip, bare) in LOOPBACKS.into_iter().zip(["127.0.0.1", "[::1]"]) {
        let server = Server::acting(ip, held("HTTP/1.1 200 OK\r\n\r\n")).await;
        let named = HttpCheck { virtual_host: Some("www.example.com".into()), ..page(None) };
        assert!(passed(&ask(&probes(), server.address, CheckKind::from(named)).await));
        assert!(passed(&ask(&probes(), server.address, CheckKind::from(page(None))).await));
        // Asked in the stead of another one, as the older ldirectord does it (vector 212).
        for own in ["192.0.2.1", "2001:db8::1"] {
            let check = HttpCheck { server: Some(own.parse().unwrap()), ..page(None) };
            assert!(passed(&ask(&probes(), server.address, CheckKind::from(check)).await));
        }
        let heard = server.heard();
        assert!(heard[2].contains("\r\nHost: 192.0.2.1\r\n"), "{}", heard[2]);
        assert!(heard[3].contains("\r\nHost: [2001:db8::1]\r\n"), "{}", heard[3]);
        assert!(
            heard[0].starts_with("GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n"),
            "{}",
            heard[0]
        );
        assert!(heard[1].contains(&format!("\r\nHost: {bare}\r\n")), "{}", heard[1]);
    }
}

#[tokio::test]
async fn a_certificate_is_no_part_of_a_plain_check() {
    let server = Server::acting(LOOPBACKS[0], held("HTTP/1.1 200 OK\r\n\r\n")).await;
    let verdict = ask(&probes(), server.address, CheckKind::from(page(None))).await;
    assert_eq!(
        verdict,
        Verdict::Pass(ldirectord::health::Evidence { status: Some(200), ..Default::default() })
    );
}
