//! Characters in what is sent to a server that cannot be written as they are.

/// What is known, for people.
pub(crate) const KNOWN: &str = r"known are \n, \r, \t, \0, \\ and \xHH";

/// The bytes of a text; where an escape is not known, its place.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let behind = &rest[at + 1..];
        let place = text.len() - rest.len() + at;
        let (byte, length) = match behind.bytes().next().ok_or(place)? {
            b'n' => (b'\n', 1),
            b'r' => (b'\r', 1),
            b't' => (b'\t', 1),
            b'0' => (0, 1),
            b'\\' => (b'\\', 1),
            b'x' => {
                let digits = behind.get(1..3).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                (digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or(place)?, 3)
            }
            _ => return Err(place),
        };
        bytes.push(byte);
        rest = &behind[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_bytes() {
        assert_eq!(unescape(r"HELO x\r\n\x00\xfF\t\0\\"), Ok(b"HELO x\r\n\0\xff\t\0\\".to_vec()));
        assert_eq!(unescape("plain é"), Ok("plain é".into()));
        for (text, at) in [(r"a\q", 1), (r"ab\", 2), (r"\x1", 0), (r"\xgg", 0), (r"é\x+1", 2), (r"\é", 0)] {
            assert_eq!(unescape(text), Err(at), "{text}");
        }
    }
}
