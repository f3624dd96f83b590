//! The head of an HTTP answer (RFC 9112, 4 and 6): status, framing of the body, redirect. Pure.

use crate::health::Failure;

/// The longest head that is accepted, interim answers included.
pub const LIMIT: usize = 16 * 1024;
/// The most header fields that are accepted.
const FIELDS: usize = 128;
const START: &[u8] = b"HTTP/";

/// Why bytes are not an HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// They do not begin as HTTP does; with their beginning.
    #[error("not HTTP: \"{0}\"")]
    NotHttp(String),
    /// The head does not end.
    #[error("header longer than {} KiB", LIMIT / 1024)]
    TooLong,
    /// The head cannot be read.
    #[error("malformed header: {0}")]
    Header(httparse::Error),
    /// The length of the body is no number, or two.
    #[error("malformed Content-Length")]
    Length,
    /// The body's coding is broken.
    #[error(transparent)]
    Chunk(#[from] super::chunked::Malformed),
}

/// How the end of a body is known (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// By the chunked coding.
    Chunked,
    /// When the connection closes.
    Close,
}

/// A head, as far as a check needs it.
#[derive(Debug)]
pub struct Head<'r, 'a> {
    /// The status code.
    pub status: u16,
    /// The words beside it; empty where they are odd.
    pub reason: &'a str,
    /// How the end of the body is known.
    pub framing: Framing,
    fields: &'r [httparse::Header<'a>],
}

impl<'a> Head<'_, 'a> {
    /// The values of the fields with this name, in any case.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        values(self.fields, name)
    }
}

/// Room for the fields of a head, where [`parse`] puts them.
#[must_use]
pub fn room<'a>() -> [httparse::Header<'a>; FIELDS] {
    [httparse::EMPTY_HEADER; FIELDS]
}

/// Looks for the end of a head: the offset behind its empty line. What stands before `seen` was looked at before.
///
/// # Errors
/// These bytes do not begin an answer, or their head is longer than [`LIMIT`].
pub fn end(bytes: &[u8], seen: usize) -> Result<Option<usize>, Malformed> {
    let start = bytes.len().min(START.len());
    if bytes[..start] != START[..start] {
        return Err(Malformed::NotHttp(Failure::excerpt(bytes)));
    }
    // An empty line is "\n\r\n" or "\n\n"; its beginning may stand up to two bytes before what is new.
    let from = seen.saturating_sub(2);
    let line_ends = bytes.iter().enumerate().skip(from).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let mut found = None;
    for at in line_ends {
        match bytes[at + 1..] {
            [b'\n', ..] => found = Some(at + 2),
            [b'\r', b'\n', ..] => found = Some(at + 3),
            _ => continue,
        }
        break;
    }
    match found {
        Some(end) if end <= LIMIT => Ok(Some(end)),
        None if bytes.len() < LIMIT => Ok(None),
        _ => Err(Malformed::TooLong),
    }
}

/// Reads a whole head, of which [`end`] has found the end.
///
/// # Errors
/// It cannot be read.
pub fn parse<'r, 'a>(
    bytes: &'a [u8],
    room: &'r mut [httparse::Header<'a>],
) -> Result<Head<'r, 'a>, Malformed> {
    let mut response = httparse::Response::new(room);
    // As lenient as browsers are: a check asks whether the server works, not whether it is tidy.
    let parsed = httparse::ParserConfig::default()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut response, bytes)
        .map_err(Malformed::Header)?;
    let (true, Some(status)) = (parsed.is_complete(), response.code) else {
        return Err(Malformed::Header(httparse::Error::NewLine));
    };
    Ok(Head {
        status,
        reason: response.reason.unwrap_or_default(),
        framing: framing(status, response.headers)?,
        fields: response.headers,
    })
}

fn framing(status: u16, fields: &[httparse::Header<'_>]) -> Result<Framing, Malformed> {
    if matches!(status, 100..=199 | 204 | 304) {
        return Ok(Framing::Empty);
    }
    if let Some(coding) = values(fields, "Transfer-Encoding").last() {
        // Only the last coding frames the body; any other than chunked ends with the connection.
        let last = coding.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
        let chunked = last.eq_ignore_ascii_case(b"chunked");
        return Ok(if chunked { Framing::Chunked } else { Framing::Close });
    }
    let mut framing = Framing::Close;
    for value in values(fields, "Content-Length") {
        // The same length more than once is tolerated (RFC 9112, 6.3, 5), in one field or in several.
        for item in value.split(|byte| *byte == b',') {
            let length = Framing::Length(length(item.trim_ascii()).ok_or(Malformed::Length)?);
            if framing != Framing::Close && framing != length {
                return Err(Malformed::Length);
            }
            framing = length;
        }
    }
    Ok(framing)
}

fn length(digits: &[u8]) -> Option<u64> {
    // `parse` alone would accept a sign.
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn values<'a>(fields: &[httparse::Header<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of(fields: &str) -> Result<Framing, Malformed> {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        parse(head.as_bytes(), &mut room()).map(|head| head.framing)
    }

    #[test]
    fn the_end_is_found_wherever_the_pieces_end() {
        for head in ["HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200\n\r\n"] {
            let bytes = [head.as_bytes(), b"body\n\n"].concat();
            for seen in 0..head.len() {
                assert_eq!(end(&bytes, seen), Ok(Some(head.len())), "{head:?} {seen}");
                assert_eq!(end(&bytes[..seen], 0), Ok(None), "{head:?} {seen}");
            }
        }
    }

    #[test]
    fn what_is_not_http_is_known_at_once() {
        assert_eq!(end(b"SSH-2.0-OpenSSH", 0), Err(Malformed::NotHttp("SSH-2.0-OpenSSH".into())));
        assert_eq!(end(b"HTT", 0), Ok(None));
        assert_eq!(end(b"", 0), Ok(None));
    }

    #[test]
    fn a_head_without_end_is_too_long() {
        let mut bytes = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        bytes.resize(LIMIT - 1, b'x');
        assert_eq!(end(&bytes, 0), Ok(None));
        bytes.push(b'x');
        assert_eq!(end(&bytes, 0), Err(Malformed::TooLong));
        bytes.extend_from_slice(b"\r\n\r\n");
        assert_eq!(end(&bytes, 0), Err(Malformed::TooLong));
    }

    #[test]
    fn framing_follows_the_rfc() {
        assert_eq!(framing_of(""), Ok(Framing::Close));
        assert_eq!(framing_of("content-length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(framing_of("Content-Length: 12, 12\r\nContent-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(framing_of("Content-Length: 12\r\nContent-Length: 13\r\n"), Err(Malformed::Length));
        for nonsense in ["+12", "-1", "", "12x", "99999999999999999999"] {
            assert_eq!(
                framing_of(&format!("Content-Length: {nonsense}\r\n")),
                Err(Malformed::Length),
                "{nonsense}"
            );
        }
        let both = "Transfer-Encoding: gzip, Chunked\r\nContent-Length: 3\r\n";
        assert_eq!(framing_of(both), Ok(Framing::Chunked));
        assert_eq!(framing_of("Transfer-Encoding: gzip\r\n"), Ok(Framing::Close));
        let mut fields = room();
        let empty = parse(b"HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\n", &mut fields).unwrap();
        assert_eq!(empty.framing, Framing::Empty);
    }

    #[test]
    fn untidy_heads_are_read() {
        let mut fields = room();
        let bytes = b"HTTP/1.0  302\r\nbad line\r\nLocation : /a\r\n folded\r\n\r\n";
        let head = parse(bytes, &mut fields).unwrap();
        assert_eq!((head.status, head.reason), (302, ""));
        assert!(head.values("location").next().is_some_and(|location| location.starts_with(b"/a")));
    }
}
