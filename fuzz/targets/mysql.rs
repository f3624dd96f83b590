//! What a server says that is taken for MySQL: a greeting, replies to a login, the beginning of an answer.
#![no_main]

use ldirectord::check::mysql::packet::{Greeting, Reply, is_end, number};

libfuzzer_sys::fuzz_target!(|packet: &[u8]| {
    let _ = Greeting::read(packet);
    let reply = Reply::read(packet);
    if is_end(packet) {
        assert!(!matches!(reply, Ok(Reply::Done(_) | Reply::Error(_))));
    }
    let _ = number(packet);
});
