//! Text on its way through mail servers that know ASCII and short lines only (RFC 2045, RFC 2047, RFC 5322 2.1.1).

/// A line may have 998 bytes; this leaves room for what stands in front.
const LONGEST: usize = 900;
/// Bytes of a text that go into one encoded word of at most 75 characters, `=?utf-8?B?` and `?=` included.
const WORD: usize = 45;
/// Bytes that go into one line of base64.
const LINE: usize = 57;

/// A header's text: as it is where that can be, else in encoded words.
pub(super) fn words(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // A word holds whole characters.
        let end = (0..=WORD.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end));
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(format!("=?utf-8?B?{}?=", base64(word.as_bytes())));
        rest = behind;
    }
    words.join("\r\n ")
}

/// A body and the name of its encoding.
pub(super) fn body(text: &str) -> (&'static str, String) {
    if text.lines().all(is_plain) {
        return ("7bit", text.lines().flat_map(|line| [line, "\r\n"]).collect());
    }
    let text = text.replace('\n', "\r\n");
    ("base64", text.as_bytes().chunks(LINE).flat_map(|line| [base64(line), "\r\n".to_owned()]).collect())
}

fn is_plain(line: &str) -> bool {
    line.len() <= LONGEST && line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648, 10.
        for (text, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(words("Deleted real server"), "Deleted real server");
        assert_eq!(body("one\ntwo\n"), ("7bit", "one\r\ntwo\r\n".to_owned()));
    }

    #[test]
    fn other_text_is_short_lines_of_ascii() {
        let long = "\u{df}\u{1f600}".repeat(200);
        for line in words(&long).split("\r\n ") {
            assert!(line.len() <= 75 && line.is_ascii(), "{line}");
        }
        assert_eq!(words("Gro\u{df}"), "=?utf-8?B?R3Jvw58=?=");
        let (encoding, coded) = body(&"x".repeat(2_000));
        assert_eq!(encoding, "base64");
        assert!(coded.lines().all(|line| line.len() <= 76));
        assert_eq!(body("\u{df}\n"), ("base64", "w58NCg==\r\n".to_owned()));
    }
}
