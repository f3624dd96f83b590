//! A datagram that may answer our Access-Request.
#![no_main]

use ldirectord::check::radius::answer::{Asked, read};

libfuzzer_sys::fuzz_target!(|datagram: &[u8]| {
    let asked = |secret| Asked { identifier: 7, authenticator: [3; 16], secret };
    let ours = read(datagram, &asked(b"s3cret"));
    // Nobody has both secrets.
    if matches!(ours, Ok(Some(_))) {
        assert!(read(datagram, &asked(b"other")).is_err());
    }
});
