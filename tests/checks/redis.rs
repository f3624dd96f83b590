use ldirectord::{
    health::{Evidence, Failure, Stage, Verdict},
    model::{CheckKind, Expected, RedisCheck, Secret, TlsStart},
};

use crate::{
    ask,
    certificates::{Pair, VALID},
    content, failure,
    https::trusting,
    mail::{NAME, secured},
    passed, pattern, probes,
    server::{LOOPBACKS, Server, nobody},
    talk::{Turn, converse},
};

const PING: &str = "*1\r\n$4\r\nPING\r\n";

fn check() -> RedisCheck {
    RedisCheck { tls: None, user: None, passwd: None, request: None, expected: Expected::default() }
}

fn login(user: Option<&str>, passwd: &str) -> RedisCheck {
    RedisCheck { user: user.map(str::to_owned), passwd: Some(Secret::new(passwd)), ..check() }
}

fn asking(request: &str, receive: Option<&str>) -> RedisCheck {
    RedisCheck { request: Some(request.into()), expected: content(receive), ..check() }
}

/// Commands as they are heard, and what is said to each.
fn talk(exchanges: &[(&str, &str)]) -> Vec<Turn> {
    let turns = exchanges
        .iter()
        .flat_map(|(heard, said)| [Turn::HearBytes(heard.len()), Turn::Say((*said).to_owned())]);
    turns.collect()
}

/// What is found at such a server, the same on both loopbacks.
async fn found(check: &RedisCheck, exchanges: &[(&str, &str)]) -> (Verdict, Server) {
    let mut both = Vec::new();
    for ip in LOOPBACKS {
        let server = converse(ip, None, talk(exchanges)).await;
        both.push((ask(&probes(), server.address, CheckKind::from(check.clone())).await, server));
    }
    assert_eq!(both[0].0, both[1].0);
    both.remove(0)
}

/// The failure at a server that answers the first command like this.
async fn bad(check: &RedisCheck, command: &str, said: &str) -> Failure {
    failure(found(check, &[(command, said)]).await.0)
}

async fn good(check: &RedisCheck, exchanges: &[(&str, &str)]) {
    let (verdict, server) = found(check, exchanges).await;
    assert_eq!(verdict, Verdict::Pass(Evidence::default()));
    assert_eq!(server.heard(), exchanges.iter().map(|(heard, _)| *heard).collect::<Vec<_>>());
}

fn unavailable(words: &str) -> Failure {
    Failure::Unavailable(words.into())
}

#[tokio::test]
async fn ping_is_answered() {
    good(&check(), &[(PING, "+PONG\r\n")]).await;
    let other = bad(&check(), PING, "+PANG\r\n").await;
    assert_eq!(other, Failure::Mismatch { wanted: "PONG".into(), got: "PANG".into() });
}

#[tokio::test]
async fn a_login_comes_first() {
    let auth = "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n";
    good(&login(None, "secret"), &[(auth, "+OK\r\n"), (PING, "+PONG\r\n")]).await;
    let named = "*3\r\n$4\r\nAUTH\r\n$7\r\nmonitor\r\n$6\r\nsecret\r\n";
    good(&login(Some("monitor"), "secret"), &[(named, "+OK\r\n"), (PING, "+PONG\r\n")]).await;
    let words = "WRONGPASS invalid username-password pair or user is disabled.";
    let wrong = bad(&login(None, "secret"), auth, &format!("-{words}\r\n")).await;
    assert_eq!(wrong, Failure::Login(Failure::excerpt(words.as_bytes())));
    let echo = bad(&login(None, "secret"), auth, auth).await;
    assert_eq!(echo, Failure::Protocol("AUTH is answered, but not by OK".into()));
    let full = bad(&login(None, "secret"), auth, "-ERR max number of clients reached\r\n").await;
    assert_eq!(full, unavailable("ERR max number of clients reached"));
}

#[tokio::test]
async fn errors_are_failures_in_the_server_s_words() {
    let loading = bad(&check(), PING, "-LOADING Redis is loading the dataset in memory\r\n").await;
    assert_eq!(loading, unavailable("LOADING Redis is loading the dataset in memory"));
    let anonymous = bad(&check(), PING, "-NOAUTH Authentication required.\r\n").await;
    assert_eq!(anonymous, Failure::Login("NOAUTH Authentication required.".into()));
    let unknown =
        bad(&asking("NONSENSE", None), "*1\r\n$8\r\nNONSENSE\r\n", "-ERR unknown command\r\n").await;
    assert_eq!(unknown, unavailable("ERR unknown command"));
}

#[tokio::test]
async fn another_command_is_asked_and_its_answer_matched() {
    let sent = "*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n";
    let info = "# Replication\r\nrole:slave\r\nmaster_link_status:up\r\n";
    let answer = format!("${}\r\n{info}\r\n", info.len());
    for receive in [Some("(?m)^master_link_status:up"), None] {
        good(&asking(" INFO  replication", receive), &[(sent, answer.as_str())]).await;
    }
    let failed = bad(&asking("INFO replication", Some("role:master")), sent, &answer).await;
    assert_eq!(failed.kind(), "mismatch");
    let mut check = asking("INFO replication", None);
    check.expected.refuse = Some(pattern("role:slave"));
    assert_eq!(bad(&check, sent, &answer).await.kind(), "unwanted");
}

#[tokio::test]
async fn what_is_no_redis_is_told_apart() {
    for strange in
        ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n", "+PONG\r\n+PONG\r\n", "$3\r\nPONG\r\n"]
    {
        assert_eq!(bad(&check(), PING, strange).await.kind(), "protocol", "{strange}");
    }
    assert_eq!(bad(&check(), PING, "+PON").await, Failure::TimedOut(Stage::Answer));
    assert_eq!(
        bad(&login(None, ""), "*2\r\n$4\r\nAUTH\r\n$0\r\n\r\n", "").await,
        Failure::TimedOut(Stage::Login)
    );
    for ip in LOOPBACKS {
        let verdict = ask(&probes(), nobody(ip).await, CheckKind::from(check())).await;
        assert_eq!(failure(verdict), Failure::Refused);
    }
}

#[tokio::test]
async fn redis_may_speak_tls() {
    let authority = Pair::authority();
    for ip in LOOPBACKS {
        let mut turns = talk(&[(PING, "+PONG\r\n")]);
        turns.insert(0, Turn::Tls);
        let server = converse(ip, Some(authority.issue(NAME, VALID).server()), turns).await;
        let check = RedisCheck { tls: Some(secured(TlsStart::AtOnce)), ..check() };
        let verdict = ask(&trusting(&authority), server.address, CheckKind::from(check)).await;
        assert!(passed(&verdict), "{verdict:?}");
    }
}
