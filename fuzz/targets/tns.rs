//! What the listener of an Oracle database answers, as far as it has come.
#![no_main]

use ldirectord::check::oracle::tns::{Answer, read};

libfuzzer_sys::fuzz_target!(|came: &[u8]| {
    match read(came) {
        Ok(None) => {}
        // With less it is not there yet, or no answer for the same reason.
        other => assert!(
            came.len() < 2
                || matches!(read(&came[..came.len() - 1]), Ok(None))
                || read(&came[..came.len() - 1]) == other
                || other.is_err()
        ),
    }
    if let Ok(Some(Answer::Refused(refusal))) = read(came) {
        let _ = (refusal.failure(), refusal.is_unknown_sid());
    }
});
