//! What a server says that is taken for PostgreSQL: message after message.
#![no_main]

use ldirectord::{
    check::pgsql::message::{HEADER, Kind, Message, Start, body_length},
    health::Stage,
};

libfuzzer_sys::fuzz_target!(|input: (bool, &[u8])| {
    let (protected, mut bytes) = input;
    while let Some((start, rest)) = bytes.split_at_checked(HEADER) {
        let start = Start::try_from(start).expect("so many were split off");
        let Ok(length) = body_length(&start) else { return };
        let Some((body, rest)) = rest.split_at_checked(length) else { return };
        bytes = rest;
        if Kind::of(start[0]) == Kind::Body
            && let Ok(Message::Error(error)) = Message::read(start[0], body)
        {
            let words = error.meaning(Stage::Login, protected).to_string();
            assert!(words.chars().all(|c| !c.is_control()), "{words:?}");
        }
    }
});
