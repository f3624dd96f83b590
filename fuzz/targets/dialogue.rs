//! What a server says over TCP, in pieces as they come: as the answer to one question, and step by step. The first byte says
//! how it is cut.
#![no_main]

use std::sync::{Arc, LazyLock};

use ldirectord::{
    check::tcp::{answer::Answer, heard::Heard},
    health::Failure,
    model::{Expected, Pattern},
};

static EXPECTED: LazyLock<[Expected; 3]> = LazyLock::new(|| {
    [(Some("^2[0-9]+ "), None), (Some("(o|n)g$"), Some("^5")), (None, None)]
        .map(|(receive, refuse)| Expected { receive: receive.map(pattern), refuse: refuse.map(pattern) })
});
static STEPS: LazyLock<[Arc<Pattern>; 3]> = LazyLock::new(|| [r"^220 ", r": $", r"\n\x00"].map(pattern));

fn pattern(text: &str) -> Arc<Pattern> {
    Arc::new(Pattern::new(text).expect("it is one"))
}

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (length, bytes) = input;
    for expected in &*EXPECTED {
        let whole = read(expected, bytes, bytes.len());
        let pieces = read(expected, bytes, length.into());
        assert_eq!(whole, pieces, "it depends on the pieces it comes in");
    }
    let mut heard = Heard::default();
    let mut steps = STEPS.iter();
    let mut step = steps.next();
    for piece in bytes.chunks(usize::from(length).max(1)) {
        heard.hear(piece);
        while let Some(wanted) = step {
            match heard.meets(wanted) {
                Ok(true) => step = steps.next(),
                Ok(false) if heard.is_full() => return,
                Ok(false) => break,
                Err(_) => return,
            }
        }
    }
});

fn read(expected: &Expected, bytes: &[u8], length: usize) -> Result<(), Failure> {
    let mut answer = Answer::new(expected);
    for piece in bytes.chunks(length.max(1)) {
        if answer.feed(piece)? {
            return Ok(());
        }
    }
    answer.close()
}
