//! What a server says that is taken for LDAP, whole and cut.
#![no_main]

use ldirectord::check::ldap::message::read;

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (length, bytes) = input;
    // What is understood of the beginning is not understood otherwise when there is more.
    if let Ok(cut) = read(&bytes[..bytes.len().min(length.into())]) {
        assert_eq!(Ok(cut), read(bytes));
    }
});
