use ldirectord::{
    health::{Advice, Evidence, Failure, Mode, Stage, Verdict},
    model::{AgentCheck, Bytes, CheckKind},
};

use crate::{
    ask, failure, probes,
    server::{LOOPBACKS, nobody},
    talk::{Turn, converse},
};

fn check(request: &str) -> CheckKind {
    CheckKind::from(AgentCheck { request: Bytes::new(request.as_bytes()) })
}

/// What is found where this is said, the same on both loopbacks.
async fn found(said: &str) -> Verdict {
    let mut both = Vec::new();
    for ip in LOOPBACKS {
        let server = converse(ip, None, vec![Turn::Say(said.to_owned())]).await;
        both.push(ask(&probes(), server.address, check("")).await);
    }
    assert_eq!(both[0], both[1]);
    both.remove(0)
}

fn advice(percent: u8, mode: Mode) -> Verdict {
    Verdict::Pass(Evidence { advice: Some(Advice { percent, mode }), ..Evidence::default() })
}

#[tokio::test]
async fn an_agent_says_how_the_server_is() {
    assert_eq!(found("up\n").await, advice(100, Mode::Ready));
    assert_eq!(found("ready 75%\r\n").await, advice(75, Mode::Ready));
    assert_eq!(found("drain\nmore\n").await, advice(100, Mode::Drain), "the first line counts");
    assert_eq!(found("maint, up\n").await, advice(100, Mode::Maintenance));
    let down = Failure::Unavailable("agent says down: disk full".into());
    assert_eq!(failure(found("down # disk full\n").await), down);
    assert_eq!(failure(found("stopped\n").await), Failure::Unavailable("agent says stopped".into()));
}

#[tokio::test]
async fn an_agent_may_want_to_be_asked() {
    for ip in LOOPBACKS {
        let turns = vec![Turn::Hear, Turn::Say("10%\n".to_owned())];
        let server = converse(ip, None, turns).await;
        let verdict = ask(&probes(), server.address, check("web1\n")).await;
        assert_eq!((verdict, server.heard()), (advice(10, Mode::Ready), vec!["web1".to_owned()]));
    }
}

#[tokio::test]
async fn what_no_agent_says_proves_nothing() {
    for strange in ["\n", "hello\n", "SSH-2.0-OpenSSH_9.2\r\n"] {
        assert_eq!(failure(found(strange).await).kind(), "protocol", "{strange}");
    }
    assert_eq!(failure(found("up").await), Failure::TimedOut(Stage::Answer), "the line may go on");
    for ip in LOOPBACKS {
        assert_eq!(failure(ask(&probes(), nobody(ip).await, check("")).await), Failure::Refused);
    }
}
