//! The status of a call (gRPC's `statuscodes.md`): its names, and what it means for a check. Pure.

use crate::health::Failure;

/// The names of the codes, from 0 on.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Whether the call was carried out, by the fields `grpc-status` and `grpc-message`.
///
/// # Errors
/// It was not, or nothing readable is said about it.
pub fn judge(status: Option<&[u8]>, message: Option<&[u8]>) -> Result<(), Failure> {
    let Some(status) = status else { return Err(Failure::Protocol("answer without a grpc-status".into())) };
    let code = str::from_utf8(status).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match code.and_then(|digits| digits.parse::<u32>().ok()) {
        Some(0) => Ok(()),
        Some(code) => {
            let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
            Err(Failure::Error {
                code: name.map_or_else(|| code.to_string(), |name| format!("{code} {name}")),
                text: Failure::excerpt(&decoded(message.unwrap_or_default())),
            })
        }
        None => Err(Failure::Protocol(format!("grpc-status \"{}\"", Failure::excerpt(status)))),
    }
}

/// The words without their percent-encoding, as far as they are shown; what is not encoded well stays as it is.
fn decoded(message: &[u8]) -> Vec<u8> {
    let mut rest = &message[..message.len().min(Failure::EXCERPT * 12)];
    let mut words = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let encoded = match after {
            [high, low, ..] if byte == b'%' => char::from(*high)
                .to_digit(16)
                .zip(char::from(*low).to_digit(16))
                .map(|(high, low)| high << 4 | low),
            _ => None,
        };
        if let Some(byte) = encoded.and_then(|byte| u8::try_from(byte).ok()) {
            words.push(byte);
            rest = &after[2..];
        } else {
            words.push(byte);
            rest = after;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(status: &str, message: &str) -> String {
        judge(Some(status.as_bytes()), Some(message.as_bytes())).unwrap_err().to_string()
    }

    #[test]
    fn a_status_has_its_name_and_words() {
        assert_eq!(judge(Some(b"0"), Some(b"ignored")), Ok(()));
        assert_eq!(words("14", "caf%C3%A9 is closed"), "error 14 UNAVAILABLE: café is closed");
        assert_eq!(words("12", ""), "error 12 UNIMPLEMENTED");
        assert_eq!(words("99", "50% off %zz %"), "error 99: 50% off %zz %");
        assert_eq!(words("5", "two%0D%0Alines"), "error 5 NOT_FOUND: two..lines");
    }

    #[test]
    fn no_status_is_no_success() {
        for (status, said) in [
            (None, "not understood: answer without a grpc-status"),
            (Some("ok"), "not understood: grpc-status \"ok\""),
            (Some("+0"), "not understood: grpc-status \"+0\""),
            (Some(""), "not understood: grpc-status \"\""),
        ] {
            assert_eq!(judge(status.map(str::as_bytes), None).unwrap_err().to_string(), said);
        }
    }

    #[test]
    fn words_are_cut() {
        let long = words("2", &"%41".repeat(10_000));
        assert!(long.chars().count() < 90 && long.ends_with('…'), "{long}");
    }
}
