//! What is spoken in lines or datagrams of one's own: simpletcp, dialogues, udp, tls, redis, the agent.

use crate::{
    datagrams::Answers,
    handshakes::Handshake,
    script::{Step, say},
    subject::{Subject, Talk, endless},
};

/// Nothing is said: whoever listens is well.
pub(crate) fn none() -> Subject {
    Subject::new("none", "service = none", Vec::new())
}

/// A handshake, and no more.
pub(crate) fn tls() -> Subject {
    let lines = "service = tls
        tls-verify = full
        tls-servername = www.example.com";
    Subject::new("tls", lines, Vec::new()).with_handshake(Handshake::at_once())
}

pub(crate) fn simpletcp() -> Subject {
    let lines = "service = simpletcp
        request = \"hello\\n\"
        receive = good";
    let unit = [endless("lines without end", "", "and so on\r\n")];
    let talk = Talk::new([Step::HearTo("hello\n")]).reply("answer", "well\r\n", &unit).reply(
        "second line",
        "then\r\n",
        &unit,
    );
    Subject::new("simpletcp", lines, talk.places()).with_content()
}

pub(crate) fn simpletcp_in_tls() -> Subject {
    let lines = "service = simpletcp
        tls = yes
        tls-verify = full
        tls-servername = www.example.com
        request = \"hello\\n\"
        receive = good";
    simpletcp().in_tls("simpletcp, in TLS", lines)
}

pub(crate) fn dialogue() -> Subject {
    let lines = r#"service = simpletcp
        dialogue = "expect ^220 ready$ ; send QUIT\r\n ; expect ^221 bye$""#;
    let unit = [endless("lines without end", "", "and so on\r\n")];
    let talk = Talk::new([]).reply("greeting", "220 ready\r\n", &unit).then(Step::HearTo("\r\n")).reply(
        "answer to QUIT",
        "221 bye\r\n",
        &unit,
    );
    Subject::new("simpletcp, a dialogue", lines, talk.places())
}

pub(crate) fn udp() -> Subject {
    let lines = "protocol = udp
        service = udp
        request = ping
        receive = ^pong";
    let answers = Answers {
        good: |_| b"pong".to_vec(),
        other: |_| b"gong".to_vec(),
        passes: &["answers", "an answer with much behind it"],
    };
    Subject::new("udp", lines, Vec::new()).with_answers(answers)
}

pub(crate) fn redis() -> Subject {
    let units = [
        endless("a string beyond measure", "$4294967296\r\n", "x"),
        endless("an array beyond measure", "*4294967296\r\n", ":1\r\n"),
        endless("arrays in arrays without end", "", "*1\r\n"),
        endless("nothing without end", "*4294967296\r\n", "$-1\r\n"),
    ];
    let command = Step::HearMessage;
    let talk = Talk::new([command.clone()]).reply("answer to AUTH", "+OK\r\n", &units).then(command);
    let talk = talk.reply("answer to PING", "+PONG\r\n", &units);
    Subject::new("redis", "service = redis\npasswd = secret", talk.places()).with_content()
}

pub(crate) fn redis_in_tls() -> Subject {
    let lines = "service = redis
        tls = yes
        tls-verify = full
        tls-servername = www.example.com
        passwd = secret";
    redis().in_tls("redis, in TLS", lines)
}

/// One line, which is all; the server speaks when it has been greeted.
pub(crate) fn agent() -> Subject {
    let talk = Talk::new([Step::HearTo("\n")])
        .reply("line", "up 75%", &[endless("blanks without end", "up", " ")])
        .then(say("\n"));
    Subject::new("agent", "service = agent\nrequest = \"hello\\n\"", talk.places())
}
