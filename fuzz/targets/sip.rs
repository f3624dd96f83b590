//! What a SIP server says, in a datagram, and over a connection in pieces. The first byte says how it is cut.
#![no_main]

use ldirectord::{
    check::sip::answer::{Answer, Reader, in_datagram},
    health::Failure,
};

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (length, bytes) = input;
    let _ = in_datagram(bytes, "17");
    let whole = read(bytes, bytes.len());
    let pieces = read(bytes, length.into());
    // A head that is too long is noticed sooner or later.
    if bytes.len() < 8192 {
        assert_eq!(whole, pieces, "it depends on the pieces it comes in");
    }
});

fn read(bytes: &[u8], length: usize) -> Result<Option<Answer>, Failure> {
    let mut reader = Reader::new("17");
    for piece in bytes.chunks(length.max(1)) {
        if let Some(answer) = reader.feed(piece)? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}
