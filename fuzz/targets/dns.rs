//! A name server's message, which may answer our question. The first byte says what was asked for.
#![no_main]

use std::sync::{Arc, LazyLock};

use ldirectord::{
    check::dns::answer::Question,
    model::{DnsCheck, Expected, Pattern, RecordType, Transport},
};

static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
    let question = |(_, record)| {
        let name = "www.example.com".to_owned();
        let check = DnsCheck { transport: Transport::Udp, name, record, expected: Expected::default() };
        Question::new(0x1234, &check).expect("it can be asked for")
    };
    RecordType::ALL.into_iter().map(question).collect()
});
static WANTED: LazyLock<Expected> = LazyLock::new(|| Expected {
    receive: Some(Arc::new(Pattern::new("^never$").expect("it is one"))),
    refuse: None,
});

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (record, message) = input;
    let question = &QUESTIONS[usize::from(record) % QUESTIONS.len()];
    let any = question.judge(message, &Expected::default());
    let wanted = question.judge(message, &WANTED);
    assert_eq!(any.is_some(), wanted.is_some(), "whose answer it is has to do with what is wanted");
    // What cannot be read is no better than what is not wanted.
    assert!(wanted.is_none_or(|wanted| wanted.is_err() || any == Some(wanted)));
});
