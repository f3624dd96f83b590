//! Answers of Redis (RESP2), as they come in: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.
//!
//! Of an answer its text is kept, up to a limit: strings and numbers as they are, the elements of arrays line by line,
//! nothing for what is not there.

use crate::{
    check::{content, lines::LONGEST},
    health::Failure,
};

/// An answer that comes in.
#[derive(Debug)]
pub struct Answer {
    /// The line that is being read: the head of a value, or all of it.
    line: Vec<u8>,
    /// So many bytes of a string are still to come, and the end of its line.
    string: Option<Left>,
    /// So many values are still to come.
    values: u64,
    text: Vec<u8>,
    /// The text is that of an error.
    is_error: bool,
    /// Some value has been there.
    begun: bool,
}

/// What is still to come of a string.
#[derive(Clone, Copy, Debug)]
struct Left {
    bytes: usize,
    end: usize,
}

/// It is no answer of Redis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// This is no value.
    #[error("\"{0}\" is no answer of Redis")]
    Value(String),
    /// A line has no end.
    #[error("a line of more than {LONGEST} bytes")]
    Line,
    /// A string is longer than its length.
    #[error("a string of Redis that is longer than announced")]
    String,
    /// Something follows the answer.
    #[error("more than one answer of Redis")]
    More,
}

impl Default for Answer {
    fn default() -> Self {
        Self { line: Vec::new(), string: None, values: 1, text: Vec::new(), is_error: false, begun: false }
    }
}

impl Answer {
    /// Takes in what came; true when there is enough: the answer is whole, or its text has reached the limit.
    ///
    /// # Errors
    /// It is no answer of Redis.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<bool, Malformed> {
        while !bytes.is_empty() {
            if self.values == 0 {
                return Err(Malformed::More);
            }
            bytes = match self.string {
                Some(left) => self.string_bytes(left, bytes)?,
                None => self.line_bytes(bytes)?,
            };
            if self.text.len() == content::LIMIT {
                return Ok(true);
            }
        }
        Ok(self.values == 0)
    }

    /// The words of the error that it is.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        self.is_error.then(|| Failure::excerpt(&self.text))
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    fn string_bytes<'b>(&mut self, mut left: Left, bytes: &'b [u8]) -> Result<&'b [u8], Malformed> {
        let (content, rest) = bytes.split_at(left.bytes.min(bytes.len()));
        content::keep(&mut self.text, content);
        left.bytes -= content.len();
        let (end, rest) = rest.split_at(left.end.min(rest.len()));
        if left.bytes == 0 && !b"\r\n"[2 - left.end..].starts_with(end) {
            return Err(Malformed::String);
        }
        left.end -= end.len();
        self.string = Some(left);
        if left.bytes == 0 && left.end == 0 {
            self.string = None;
            self.values -= 1;
        }
        Ok(rest)
    }

    fn line_bytes<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Malformed> {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        if self.line.len() + piece.len() > LONGEST {
            return Err(Malformed::Line);
        }
        self.line.extend_from_slice(piece);
        // Garbage is told from its first byte, before it comes to an end or not.
        if !b"+-:$*".contains(&self.line[0]) || (end.is_some() && !self.line.ends_with(b"\r\n")) {
            return Err(Malformed::Value(Failure::excerpt(&self.line)));
        }
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.value(line[0], &line[1..line.len() - 2])
                .ok_or_else(|| Malformed::Value(Failure::excerpt(&line)))?;
        }
        Ok(rest)
    }

    /// A value, or the head of one.
    fn value(&mut self, kind: u8, line: &[u8]) -> Option<()> {
        if kind != b'*' && self.begun {
            content::keep(&mut self.text, b"\n");
        }
        match kind {
            b'*' => {
                let elements: u64 = match number(line)? {
                    -1 => 0,
                    elements => u32::try_from(elements).ok()?.into(),
                };
                self.values = self.values - 1 + elements;
                return Some(());
            }
            b'$' => match number(line)? {
                -1 => self.values -= 1,
                length => {
                    self.string = Some(Left { bytes: u32::try_from(length).ok()?.try_into().ok()?, end: 2 });
                }
            },
            b':' => {
                number(line)?;
                content::keep(&mut self.text, line);
                self.values -= 1;
            }
            _ => {
                self.is_error = kind == b'-' && !self.begun;
                content::keep(&mut self.text, line);
                self.values -= 1;
            }
        }
        self.begun = true;
        Some(())
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer as a whole, and byte by byte, which must be the same.
    fn read(text: &[u8]) -> Result<(bool, Option<String>, String), Malformed> {
        let pieces = |length: usize| {
            let (mut answer, mut enough) = (Answer::default(), false);
            for piece in text.chunks(length) {
                enough = answer.feed(piece)?;
            }
            Ok((enough, answer.error(), String::from_utf8_lossy(answer.text()).into_owned()))
        };
        let whole = pieces(text.len());
        assert_eq!(whole.is_ok(), pieces(1).is_ok());
        if whole.is_ok() {
            assert_eq!(whole, pieces(1));
        }
        whole
    }

    fn whole(text: &str) -> String {
        let (enough, error, text) = read(text.as_bytes()).unwrap();
        assert!(enough && error.is_none(), "{text}");
        text
    }

    #[test]
    fn values_become_text() {
        assert_eq!(whole("+PONG\r\n"), "PONG");
        assert_eq!(whole(":42\r\n"), "42");
        assert_eq!(whole("$6\r\nab\r\ncd\r\n"), "ab\r\ncd");
        assert_eq!(whole("$0\r\n\r\n"), "");
        assert_eq!(whole("$-1\r\n"), "");
        assert_eq!(whole("*-1\r\n"), "");
        assert_eq!(whole("*0\r\n"), "");
        assert_eq!(whole("*3\r\n$6\r\nmaster\r\n:7\r\n*2\r\n+a\r\n$-1\r\n"), "master\n7\na\n");
    }

    #[test]
    fn errors_are_told_apart() {
        let (enough, error, _) = read(b"-NOAUTH Authentication required.\r\n").unwrap();
        assert_eq!((enough, error.as_deref()), (true, Some("NOAUTH Authentication required.")));
        assert_eq!(whole("*2\r\n+a\r\n-ERR b\r\n"), "a\nERR b", "one inside of an answer is part of it");
    }

    #[test]
    fn what_is_not_whole_is_waited_for() {
        for text in ["+PON", "+PONG\r", "$5\r\nab", "$2\r\nab", "$2\r\nab\r", "*2\r\n:1\r\n", "*1\r\n"] {
            assert!(!read(text.as_bytes()).unwrap().0, "{text}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "HTTP/1.1 400 Bad Request\r\n",
            "\r\n",
            "+PONG\n",
            ":x\r\n",
            "$x\r\n",
            "$-2\r\n",
            "*-2\r\n",
            "$99999999999\r\n",
            "*99999999999\r\n",
            "$2\r\nabc\r\n",
            "+PONG\r\n+PONG\r\n",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(Answer::default().feed(&[b'+'; LONGEST + 1]), Err(Malformed::Line));
    }

    #[test]
    fn a_long_string_is_kept_up_to_the_limit() {
        let mut answer = Answer::default();
        answer.feed(b"$4000000000\r\n").unwrap();
        let mut rounds = 0;
        while !answer.feed(&[b'x'; 8192]).unwrap() {
            rounds += 1;
        }
        assert_eq!((rounds, answer.text().len()), (content::LIMIT / 8192 - 1, content::LIMIT));
    }
}
