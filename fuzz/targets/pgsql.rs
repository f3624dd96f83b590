//! What a server says that is taken for PostgreSQL: message after message.
#![no_main]

use ldirectord::{
    check::pgsql::message::{HEADER, Start, body_length, refusal, understand},
    health::Stage,
};

libfuzzer_sys::fuzz_target!(|input: (bool, &[u8])| {
    let (protected, mut bytes) = input;
    while let Some((start, rest)) = bytes.split_at_checked(HEADER) {
        let start = Start::try_from(start).expect("so many were split off");
        let Ok(length) = body_length(&start) else { return };
        let Some((body, rest)) = rest.split_at_checked(length) else { return };
        bytes = rest;
        let Ok(message) = understand(&start, body) else { return };
        if let Some(failure) = refusal(Stage::Login, &message, protected) {
            assert!(failure.to_string().chars().all(|c| !c.is_control()), "{failure:?}");
        }
    }
});
