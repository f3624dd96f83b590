//! What the listener of an Oracle database answers, as far as it has come.
#![no_main]

use ldirectord::check::oracle::tns::{Answer, read};

libfuzzer_sys::fuzz_target!(|came: &[u8]| {
    let Ok(Some(answer)) = read(came) else { return };
    // What comes behind it is none of it, and with less it is not there yet.
    let length = usize::from(u16::from_be_bytes([came[0], came[1]]));
    assert_eq!(read(&came[..length]), Ok(Some(answer.clone())));
    assert_eq!(read(&came[..length - 1]), Ok(None));
    if let Answer::Refused(refusal) = answer {
        let _ = (refusal.failure(), refusal.is_unknown_sid());
    }
});
