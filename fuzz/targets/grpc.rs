//! An answer of gRPC's health service from a server that means no good. The first byte says how long the status is, and
//! what stands behind status and words is the message.
#![no_main]

use ldirectord::check::grpc::{message, status};

libfuzzer_sys::fuzz_target!(|input: (u8, u8, &[u8])| {
    let (status_length, words_length, bytes) = input;
    let (status, rest) = bytes.split_at(bytes.len().min(status_length.into()));
    let (words, message) = rest.split_at(rest.len().min(words_length.into()));
    if let Err(failure) = status::judge(Some(status), Some(words)) {
        assert!(failure.to_string().chars().all(|c| !c.is_control()), "unfit to show");
    }
    if message::response(message).is_ok() {
        assert!(message.len() >= 5, "there was no message");
    }
});
