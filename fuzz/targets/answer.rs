//! An HTTP answer from a server that means no good, in pieces as they come. The first two bytes say how it is cut.
#![no_main]

use ldirectord::check::http::answer::{Answer, Want};

libfuzzer_sys::fuzz_target!(|input: (u8, bool, &[u8])| {
    let (length, content, bytes) = input;
    let want = if content { Want::Content } else { Want::Status };
    let whole = read(want, bytes, bytes.len());
    let pieces = read(want, bytes, length.into());
    assert_eq!(whole, pieces, "it depends on the pieces it comes in");
});

/// What came of it: whether there was enough, then status, words, place and content.
type Read = Option<(bool, u16, String, Option<String>, Vec<u8>)>;

fn read(want: Want, bytes: &[u8], length: usize) -> Read {
    let mut answer = Answer::new(want);
    let mut enough = false;
    for piece in bytes.chunks(length.max(1)) {
        enough = answer.feed(piece).ok()?;
        if enough {
            break;
        }
    }
    let enough = enough || answer.close();
    let (text, location) = (answer.text().to_owned(), answer.location().map(str::to_owned));
    Some((enough, answer.status(), text, location, answer.content().to_vec()))
}
