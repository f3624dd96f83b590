//! The chunked transfer coding (RFC 9112, 7.1), taken apart as it comes. Pure.

/// The longest size line that is accepted, extensions included.
const LINE: usize = 1024;

/// The size of a chunk is no number, its line is too long, or its end is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed chunk")]
pub struct Malformed;

/// Where the decoder is. It holds no bytes, so it costs the same whatever the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In the digits of a size; `digits` have been seen.
    Size { size: u64, digits: usize },
    /// After the digits, up to the end of the line; the line is so long by now.
    Extension { size: u64, length: usize },
    /// So many bytes of the chunk are still to come.
    Data(u64),
    /// At the line end after a chunk's bytes.
    DataEnd { return_seen: bool },
    /// The last chunk was seen. What follows, trailers, is not looked at.
    Done,
}

/// A decoder in the middle of a body.
#[derive(Clone, Debug)]
pub struct Decoder(State);

impl Decoder {
    /// A decoder at the start of a body.
    #[must_use]
    pub fn new() -> Self {
        Self(State::Size { size: 0, digits: 0 })
    }

    /// Takes the next bytes apart and hands each stretch of content to `content`. True when the content is complete;
    /// the rest of `bytes` is not looked at then.
    ///
    /// # Errors
    /// This is no chunked body. What came before was handed over.
    pub fn feed(&mut self, mut bytes: &[u8], mut content: impl FnMut(&[u8])) -> Result<bool, Malformed> {
        while let Some((&first, rest)) = bytes.split_first() {
            match self.0 {
                State::Done => break,
                State::Data(left) => {
                    let here = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    content(&bytes[..here]);
                    bytes = &bytes[here..];
                    let left = left - here as u64;
                    self.0 =
                        if left == 0 { State::DataEnd { return_seen: false } } else { State::Data(left) };
                    continue;
                }
                State::Size { size, digits } => self.0 = in_size(size, digits, first)?,
                State::Extension { size, length } => self.0 = in_extension(size, length, first)?,
                State::DataEnd { return_seen } => {
                    self.0 = match first {
                        b'\r' if !return_seen => State::DataEnd { return_seen: true },
                        b'\n' => State::Size { size: 0, digits: 0 },
                        _ => return Err(Malformed),
                    };
                }
            }
            bytes = rest;
        }
        Ok(self.0 == State::Done)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

fn in_size(size: u64, digits: usize, byte: u8) -> Result<State, Malformed> {
    let digit = match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ if digits == 0 => return Err(Malformed),
        b'\n' => return Ok(after_line(size)),
        // Some servers pad the size with spaces.
        b'\r' | b';' | b' ' | b'\t' => return Ok(State::Extension { size, length: digits + 1 }),
        _ => return Err(Malformed),
    };
    let size = size.checked_mul(16).ok_or(Malformed)? + u64::from(digit);
    // Leading zeroes cannot overflow, but may not go on for ever.
    if digits == LINE { Err(Malformed) } else { Ok(State::Size { size, digits: digits + 1 }) }
}

fn in_extension(size: u64, length: usize, byte: u8) -> Result<State, Malformed> {
    match byte {
        b'\n' => Ok(after_line(size)),
        _ if length == LINE => Err(Malformed),
        _ => Ok(State::Extension { size, length: length + 1 }),
    }
}

fn after_line(size: u64) -> State {
    if size == 0 { State::Done } else { State::Data(size) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What came out when the bytes came in pieces of these lengths, over and over.
    fn decode(bytes: &[u8], pieces: &[usize]) -> (Result<bool, Malformed>, Vec<u8>) {
        let (mut decoder, mut content, mut rest) = (Decoder::new(), Vec::new(), bytes);
        let mut done = Ok(false);
        for length in pieces.iter().cycle() {
            let (piece, after) = rest.split_at((*length).clamp(1, rest.len().max(1)).min(rest.len()));
            done = decoder.feed(piece, |stretch| content.extend_from_slice(stretch));
            rest = after;
            if rest.is_empty() || done != Ok(false) {
                break;
            }
        }
        (done, content)
    }

    #[test]
    fn chunks_are_joined_and_the_rest_is_left() {
        let body =
            b"4\r\nWiki\r\n5;name=\"value\"\r\npedia\r\nE \r\n in\r\n\r\nchunks.\r\n0\r\nTrailer: x\r\n\r\n";
        let (done, content) = decode(body, &[usize::MAX]);
        assert_eq!((done, &content[..]), (Ok(true), &b"Wikipedia in\r\n\r\nchunks."[..]));
    }

    #[test]
    fn bare_line_feeds_are_accepted_as_line_ends() {
        assert_eq!(decode(b"3\nabc\n0\n", &[1]), (Ok(true), b"abc".to_vec()));
    }

    #[test]
    fn nonsense_is_refused() {
        for body in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "3\r\nabcd",
            "11111111111111111\r\n",
            "3\r\nabc\r\rx",
            "<html>",
            "3x\r\n",
        ] {
            assert_eq!(decode(body.as_bytes(), &[usize::MAX]).0, Err(Malformed), "{body}");
        }
        assert_eq!(decode(&[b'0'; 5_000], &[7]).0, Err(Malformed), "a size that never ends");
        let endless = [b"1;".as_slice(), &[b'x'; 5_000]].concat();
        assert_eq!(decode(&endless, &[7]).0, Err(Malformed), "an extension that never ends");
    }

    #[test]
    fn the_largest_size_is_no_overflow() {
        assert_eq!(decode(b"ffffffffffffffff\r\nabc", &[1]), (Ok(false), b"abc".to_vec()));
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_out_however_it_is_split(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            pieces in prop::collection::vec(1_usize..20, 1..6),
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(decode(&body, &pieces), (Ok(true), chunks.concat()));
        }

        #[test]
        fn anything_gives_the_same_however_it_is_split(
            body in "[0-9a-f]{1,2}\r\n[0-9a-f\r\n;]{0,60}",
            pieces in prop::collection::vec(1_usize..20, 1..6),
        ) {
            prop_assert_eq!(decode(body.as_bytes(), &pieces), decode(body.as_bytes(), &[usize::MAX]));
        }

        #[test]
        fn no_bytes_make_it_panic(
            body in prop::collection::vec(any::<u8>(), 0..200),
            pieces in prop::collection::vec(1_usize..20, 1..6),
        ) {
            let _ = decode(&body, &pieces);
        }
    }
}
