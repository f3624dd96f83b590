//! What is asked of HTTP servers beyond a page, and what may come back.

use ldirectord::{
    health::{Failure, Verdict},
    model::{Expected, ExpectedField, HttpCheck, HttpField, HttpMethod, StatusSet},
};

use crate::{
    failure, page, passed, pattern, probes,
    redirects::{GOOD, ask, redirecting_with},
    server::{Act, LOOPBACKS, Server, say},
};

fn statuses(first: u16, last: u16) -> Option<StatusSet> {
    StatusSet::new([first..=last])
}

fn field(name: &str, value: &str) -> HttpField {
    HttpField { name: name.into(), value: value.into() }
}

fn wants(name: &str, value: &str) -> HttpCheck {
    HttpCheck {
        expected_headers: [ExpectedField { name: name.into(), value: pattern(value) }].into(),
        ..page(None)
    }
}

/// Asks a server on each loopback that answers with this; both say the same.
async fn answered(check: &HttpCheck, text: &str) -> Result<Option<u16>, String> {
    let (mut outcomes, probes) = (Vec::new(), probes());
    for ip in LOOPBACKS {
        let server = Server::acting(ip, vec![Act::Hear, say(text), Act::Hold]).await;
        outcomes.push(match ask(&probes, server.address, check.clone()).await {
            Verdict::Pass(evidence) => Ok(evidence.status),
            Verdict::Fail(failure) => Err(failure.to_string()),
        });
    }
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes.remove(0)
}

#[tokio::test]
async fn the_statuses_that_are_named_are_good_and_no_others() {
    let check = HttpCheck { status: statuses(401, 404), ..page(None) };
    assert_eq!(answered(&check, "HTTP/1.1 401 Who\r\n\r\n").await, Ok(Some(401)));
    assert_eq!(answered(&check, "HTTP/1.1 200 OK\r\n\r\n").await, Err("status 200 OK".into()));
    let check = HttpCheck { status: statuses(404, 404), ..page(Some("^nothing here$")) };
    let gone = "HTTP/1.1 404 Gone\r\nContent-Length: 12\r\n\r\nnothing here";
    assert_eq!(answered(&check, gone).await, Ok(Some(404)), "its content is matched");
    let check = HttpCheck { status: statuses(200, 599), ..page(None) };
    assert_eq!(answered(&check, "HTTP/1.1 101 What\r\n\r\n").await, Err("status 101 What".into()));
}

#[tokio::test]
async fn a_redirect_that_is_wanted_is_not_followed() {
    let there = "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n";
    let check = HttpCheck { status: statuses(300, 399), ..page(None) };
    assert_eq!(answered(&check, there).await, Ok(Some(302)));
}

#[tokio::test]
async fn the_head_must_have_the_fields_that_are_wanted() {
    let good = "HTTP/1.1 200 OK\r\nX-Node: a\r\nx-node: b7\r\n\r\n";
    assert_eq!(answered(&wants("X-NODE", "^b\\d$"), good).await, Ok(Some(200)));
    let words = "header X-NODE does not match /^c/, got \"a\"";
    assert_eq!(answered(&wants("X-NODE", "^c"), good).await, Err(words.into()));
    assert_eq!(answered(&wants("Via", ""), good).await, Err("answer has no header Via".into()));
}

#[tokio::test]
async fn what_must_not_be_on_a_page_fails_it() {
    let expected = Expected { receive: Some(pattern("page")), refuse: Some(pattern("out of \\w+")) };
    let check = HttpCheck { expected, ..page(None) };
    let whole = |text: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    assert_eq!(answered(&check, &whole("a page")).await, Ok(Some(200)));
    let words = "answer matches /out of \\w+/, got \"a page out of order\"";
    assert_eq!(answered(&check, &whole("a page out of order")).await, Err(words.into()));
}

/// A check that says more than a page needs.
fn posted() -> HttpCheck {
    HttpCheck {
        method: HttpMethod::Post,
        headers: [
            field("Host", "api.example.com"),
            field("Authorization", "Bearer hunter2"),
            field("Content-Type", "text/plain"),
        ]
        .into(),
        body: Some("are you well?".into()),
        ..page(Some("good"))
    }
}

#[tokio::test]
async fn a_body_and_headers_are_sent() {
    for ip in LOOPBACKS {
        let server = redirecting_with(ip, "200 OK", "/", GOOD).await;
        assert!(passed(
            &ask(&probes(), server.address, HttpCheck { expected: Expected::default(), ..posted() }).await
        ));
        let asked = server.heard().remove(0);
        assert!(asked.starts_with("POST /index.html HTTP/1.1\r\nHost: api.example.com\r\n"), "{asked}");
        assert!(asked.contains("\r\nAuthorization: Bearer hunter2\r\n"), "{asked}");
        assert!(asked.ends_with("\r\nContent-Length: 13\r\n\r\nare you well?"), "{asked}");
    }
}

#[tokio::test]
async fn a_redirect_on_the_server_is_asked_in_the_same_way() {
    let probes = probes();
    for (status, again) in
        [("307 Again", true), ("308 Again", true), ("302 Found", false), ("303 See", false)]
    {
        let server = redirecting_with(LOOPBACKS[1], status, "/there", GOOD).await;
        let verdict = ask(&probes, server.address, posted()).await;
        assert!(passed(&verdict), "{status}: {verdict:?}");
        let second = server.heard().remove(1).to_lowercase();
        let method = if again { "post" } else { "get" };
        assert!(second.starts_with(&format!("{method} /there http/1.1\r\n")), "{status}: {second}");
        for (line, there) in [
            ("\r\nhost: api.example.com\r\n", true),
            ("\r\nauthorization: bearer hunter2\r\n", true),
            ("\r\ncontent-type: text/plain\r\n", again),
            ("\r\ncontent-length: 13\r\n", again),
        ] {
            assert_eq!(second.contains(line), there, "{status}: {line:?} in {second}");
        }
        assert_eq!(second.ends_with("\r\n\r\nare you well?"), again, "{second}");
        for name in ["host", "connection", "user-agent", "authorization"] {
            assert_eq!(second.matches(&format!("\r\n{name}: ")).count(), 1, "{name} in {second}");
        }
    }
}

#[tokio::test]
async fn another_server_is_told_nothing_of_it() {
    let probes = probes();
    let other = Server::acting(LOOPBACKS[0], vec![Act::Hear, say(GOOD)]).await;
    let place = format!("http://{}", other.address);
    let server = redirecting_with(LOOPBACKS[1], "302 Found", &format!("{place}/"), GOOD).await;
    assert!(passed(&ask(&probes, server.address, posted()).await));
    let asked = other.heard().remove(0).to_lowercase();
    assert!(asked.starts_with("get / http/1.1\r\n"), "{asked}");
    for told in ["hunter2", "api.example.com", "content-", "well"] {
        assert!(!asked.contains(told), "{told} in {asked}");
    }

    let server = redirecting_with(LOOPBACKS[1], "307 Again", &format!("{place}/"), GOOD).await;
    let failed = failure(ask(&probes, server.address, posted()).await);
    let words = format!("redirect to {place}: a POST is for the checked server alone");
    assert_eq!(failed, Failure::Protocol(words));
    assert_eq!(other.heard().len(), 1, "it was not asked");
}

#[tokio::test]
async fn the_page_behind_a_redirect_is_judged_alike() {
    let probes = probes();
    let then = "HTTP/1.1 404 Gone\r\nX-Node: b7\r\nContent-Length: 4\r\n\r\ngone";
    let server = redirecting_with(LOOPBACKS[0], "302 Found", "/there", then).await;
    let check = HttpCheck { status: statuses(404, 404), ..wants("x-node", "^b") };
    let verdict = ask(&probes, server.address, check.clone()).await;
    assert!(matches!(verdict, Verdict::Pass(evidence) if evidence.status == Some(404)), "{verdict:?}");
    let check = HttpCheck { status: None, ..check };
    assert_eq!(failure(ask(&probes, server.address, check).await).kind(), "status");
    let check = HttpCheck { status: statuses(404, 404), ..wants("x-node", "^c") };
    assert_eq!(failure(ask(&probes, server.address, check).await).kind(), "header");
    let expected = Expected { receive: None, refuse: Some(pattern("gone")) };
    let check = HttpCheck { status: statuses(404, 404), expected, ..page(None) };
    assert_eq!(failure(ask(&probes, server.address, check).await).kind(), "unwanted");
}
