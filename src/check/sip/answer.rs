//! An answer of SIP (RFC 3261, 7), in a datagram or as it comes over a connection. Pure.

use crate::health::Failure;

/// The longest head of an answer.
const LONGEST: usize = 8 * 1024;

/// A final answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The words behind it.
    pub text: String,
}

/// The head of a message.
struct Head<'b> {
    status: u16,
    text: &'b [u8],
    call: Option<&'b [u8]>,
    content: usize,
}

/// What a datagram answers to the request with this Call-ID; nothing where it is a provisional answer, an answer to another
/// request, a request, or nothing but the ends of lines that keep a way open (RFC 5626, 3.5.1).
///
/// # Errors
/// This is no SIP.
pub fn in_datagram(datagram: &[u8], call: &str) -> Result<Option<Answer>, Failure> {
    let text = skip_ends(datagram);
    if text.is_empty() {
        return Ok(None);
    }
    // The empty line behind the head may be missing: nothing comes after the datagram.
    let end = find_end(text).map_or(text.len(), |(end, _)| end);
    Ok(read(&text[..end])?.and_then(|head| head.final_for(call)))
}

/// An answer over a connection, where others may come before it.
#[derive(Debug)]
pub struct Reader<'c> {
    call: &'c str,
    /// Of a head, what has come.
    head: Vec<u8>,
    /// So much of the content of another answer is still to come.
    skip: usize,
}

impl<'c> Reader<'c> {
    /// Waits for the answer to the request with this Call-ID.
    #[must_use]
    pub fn new(call: &'c str) -> Self {
        Self { call, head: Vec::new(), skip: 0 }
    }

    /// Takes what comes next; the final answer, when its head is there.
    ///
    /// # Errors
    /// This is no SIP, or more than is read of a head.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<Answer>, Failure> {
        self.head.extend_from_slice(bytes);
        loop {
            let skip = self.skip.min(self.head.len());
            self.head.drain(..skip);
            self.skip -= skip;
            if self.head.is_empty() {
                return Ok(None);
            }
            self.head.drain(..self.head.len() - skip_ends(&self.head).len());
            let Some((end, behind)) = find_end(&self.head) else {
                // What cannot be the beginning of an answer or a request needs not be waited for.
                if self.head.len() > LONGEST {
                    return Err(Failure::Protocol(format!("a head of more than {LONGEST} bytes")));
                }
                return Ok(None);
            };
            let head = read(&self.head[..end])?;
            let content = head.as_ref().map_or(0, |head| head.content);
            if let Some(answer) = head.and_then(|head| head.final_for(self.call)) {
                return Ok(Some(answer));
            }
            self.head.drain(..behind);
            self.skip = content;
        }
    }
}

impl Head<'_> {
    /// The answer, if it is a final one to this request. One without a Call-ID is taken for it: some servers answer with
    /// little more than a status, and nobody else speaks here.
    fn final_for(&self, call: &str) -> Option<Answer> {
        let ours = self.call.is_none_or(|theirs| theirs == call.as_bytes());
        (ours && self.status >= 200)
            .then(|| Answer { status: self.status, text: Failure::excerpt(self.text) })
    }
}

/// Reads a head; nothing where it is one of a request.
fn read(head: &[u8]) -> Result<Option<Head<'_>>, Failure> {
    let mut lines = head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    if first.ends_with(b" SIP/2.0") {
        return Ok(None);
    }
    let Some((status, text)) = status(first) else {
        return Err(Failure::Protocol(format!("\"{}\" is no answer of SIP", Failure::excerpt(first))));
    };
    let mut head = Head { status, text, call: None, content: 0 };
    for (name, value) in lines.filter_map(field) {
        if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
            head.call = Some(value);
        } else if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            let length = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
            head.content =
                length.ok_or_else(|| Failure::Protocol("a Content-Length that is no number".to_owned()))?;
        }
    }
    Ok(Some(head))
}

/// `SIP/2.0 200 OK`.
fn status(line: &[u8]) -> Option<(u16, &[u8])> {
    let (version, rest) = line.split_at_checked(b"SIP/2.0 ".len())?;
    let (digits, text) = rest.split_at_checked(3)?;
    let is_good = version.eq_ignore_ascii_case(b"SIP/2.0 ") && digits.iter().all(u8::is_ascii_digit);
    let status = std::str::from_utf8(digits).ok()?.parse().ok().filter(|_| is_good)?;
    let text = if text.is_empty() { text } else { text.strip_prefix(b" ")? };
    (100..700).contains(&status).then_some((status, text))
}

fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
}

/// Where the head ends, and where what is behind the empty line begins.
fn find_end(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(length) = bytes[from..].iter().position(|&byte| byte == b'\n') {
        let end = from + length;
        let rest = &bytes[end + 1..];
        for empty in [&b"\n"[..], b"\r\n"] {
            if rest.starts_with(empty) {
                return Some((end, end + 1 + empty.len()));
            }
        }
        from = end + 1;
    }
    None
}

/// Without the ends of lines in front (RFC 3261, 7.5).
fn skip_ends(bytes: &[u8]) -> &[u8] {
    let from = bytes.iter().position(|byte| !b"\r\n".contains(byte));
    from.map_or(&[], |from| &bytes[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = "SIP/2.0 200 OK\r\nVia: x\r\nCall-ID: 17\r\nContent-Length: 0\r\n\r\n";

    fn answer(status: u16, text: &str) -> Answer {
        Answer { status, text: text.into() }
    }

    /// What comes of it in one piece and in single bytes, which must be the same.
    fn over_connection(text: &str) -> Result<Option<Answer>, Failure> {
        let [whole, bytes] = [text.len().max(1), 1].map(|size| {
            let mut reader = Reader::new("17");
            for piece in text.as_bytes().chunks(size) {
                if let Some(answer) = reader.feed(piece)? {
                    return Ok(Some(answer));
                }
            }
            Ok(None)
        });
        assert_eq!(whole, bytes, "{text:?} depends on the pieces it comes in");
        whole
    }

    #[test]
    fn the_final_answer_to_our_own_request_counts() {
        let trying = "SIP/2.0 100 Trying\r\ni: 17\r\nl: 4\r\n\r\nbody";
        let table = [
            (OK.to_owned(), Some(answer(200, "OK"))),
            ("SIP/2.0 200 OK\r\n\r\n".into(), Some(answer(200, "OK"))),
            ("SIP/2.0 200\n\n".into(), Some(answer(200, ""))),
            ("sip/2.0 404 Not here\r\ncall-id : 17\r\n\r\n".into(), Some(answer(404, "Not here"))),
            (trying.into(), None),
            (format!("{trying}{OK}"), Some(answer(200, "OK"))),
            (format!("\r\n\r\n{}{OK}", OK.replace("17", "18").replace("OK", "NO")), Some(answer(200, "OK"))),
            (format!("OPTIONS sip:me SIP/2.0\r\nCall-ID: 17\r\n\r\n{OK}"), Some(answer(200, "OK"))),
            ("\r\n\r\n".into(), None),
        ];
        for (text, wanted) in table {
            assert_eq!(over_connection(&text).unwrap(), wanted, "{text:?}");
        }
        for (text, wanted) in [
            (OK, Some(answer(200, "OK"))),
            ("SIP/2.0 503 Busy", Some(answer(503, "Busy"))),
            (trying, None),
            ("\r\n", None),
            ("", None),
        ] {
            assert_eq!(in_datagram(text.as_bytes(), "17").unwrap(), wanted, "{text:?}");
        }
        assert_eq!(in_datagram(OK.as_bytes(), "18").unwrap(), None);
    }

    #[test]
    fn what_is_no_sip_is_told() {
        let other = [
            "HTTP/1.1 200 OK\r\n\r\n",
            "SIP/2.0 20 OK\r\n\r\n",
            "SIP/2.0 2000 OK\r\n\r\n",
            "SIP/2.0 +20\r\n\r\n",
            "x\n\n",
        ];
        for text in other {
            assert_eq!(over_connection(text).unwrap_err().kind(), "protocol", "{text:?}");
            assert_eq!(in_datagram(text.as_bytes(), "17").unwrap_err().kind(), "protocol", "{text:?}");
        }
        let bad = "SIP/2.0 100 Trying\r\nContent-Length: -1\r\n\r\n";
        assert_eq!(over_connection(bad).unwrap_err().kind(), "protocol");
    }

    #[test]
    fn a_cut_off_answer_is_none_and_an_endless_one_is_ended() {
        for length in 0..OK.len() {
            assert_eq!(over_connection(&OK[..length]), Ok(None), "{length}");
        }
        let mut reader = Reader::new("17");
        let fed = (0..100).find_map(|_| reader.feed(&[b'x'; 1000]).err());
        assert_eq!(fed.unwrap().to_string(), "not understood: a head of more than 8192 bytes");
        // Content that is announced costs nothing.
        let mut reader = Reader::new("17");
        assert_eq!(reader.feed(format!("SIP/2.0 100 T\r\nl: {}\r\n\r\n", usize::MAX).as_bytes()), Ok(None));
        for _ in 0..100 {
            assert_eq!(reader.feed(&[b'x'; 1000]), Ok(None));
        }
        assert_eq!(reader.head, b"");
    }
}
