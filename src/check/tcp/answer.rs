//! The answer to a single question, line by line as it comes. Pure: it is fed bytes, and says when it has enough.

use crate::{
    check::content::{self, LIMIT},
    health::{Failure, Stage},
    model::Expected,
};

/// So much of the beginning is kept to be shown.
const SHOWN: usize = Failure::EXCERPT * 4;

/// An answer, as far as it has come.
#[derive(Debug)]
pub struct Answer<'e> {
    expected: &'e Expected,
    /// The line that has begun, without its end.
    line: Vec<u8>,
    /// The beginning of the answer.
    head: Vec<u8>,
    /// So many bytes have come.
    length: usize,
    /// Some line was what is wanted.
    found: bool,
}

impl<'e> Answer<'e> {
    /// An answer of which nothing has come, and what it must be like: one of its lines what is wanted, and none what is
    /// refused.
    #[must_use]
    pub fn new(expected: &'e Expected) -> Self {
        Self { expected, line: Vec::new(), head: Vec::new(), length: 0, found: false }
    }

    /// Takes the next bytes; true when there is enough, and the rest needs not be waited for. As much of it is looked at
    /// as of all content (`content::LIMIT`).
    ///
    /// # Errors
    /// It is not what it must be like.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        let bytes = &bytes[..bytes.len().min(LIMIT - self.length)];
        self.length += bytes.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(SHOWN - self.head.len())]);
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            content::keep(&mut self.line, piece);
            if piece.ends_with(b"\n") {
                self.judge_line()?;
                if self.found && self.expected.refuse.is_none() {
                    return Ok(true);
                }
            }
        }
        if self.length == LIMIT { self.close().map(|()| true) } else { Ok(false) }
    }

    /// Nothing more comes: the last line needs no end.
    ///
    /// # Errors
    /// It was not what it must be like, or nothing came.
    pub fn close(&mut self) -> Result<(), Failure> {
        if !self.line.is_empty() {
            self.judge_line()?;
        }
        match self.so_far() {
            _ if self.found => Ok(()),
            Some(failure) => Err(failure),
            None => Err(Failure::Closed(Stage::Answer)),
        }
    }

    /// What it is if nothing more comes, as far as that can be told from what came.
    #[must_use]
    pub fn so_far(&self) -> Option<Failure> {
        let wanted = self.expected.receive.as_ref().filter(|_| self.has_begun() && !self.found)?;
        Some(Failure::Mismatch { wanted: wanted.as_str().to_owned(), got: Failure::excerpt(&self.head) })
    }

    /// Whether anything has come.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.length > 0
    }

    fn judge_line(&mut self) -> Result<(), Failure> {
        let Self { expected, line, .. } = self;
        let text = without_end(line);
        if let Some(refused) = &expected.refuse
            && content::is_match(refused, text)?
        {
            return Err(Failure::Unwanted {
                refused: refused.as_str().to_owned(),
                got: Failure::excerpt(text),
            });
        }
        if !self.found {
            self.found = match &expected.receive {
                Some(wanted) => content::is_match(wanted, text)?,
                None => true,
            };
        }
        line.clear();
        Ok(())
    }
}

/// A line without its end (CR LF, or LF alone).
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Pattern;

    fn expected(receive: Option<&str>, refuse: Option<&str>) -> Expected {
        let pattern = |text| Arc::new(Pattern::new(text).unwrap());
        Expected { receive: receive.map(pattern), refuse: refuse.map(pattern) }
    }

    /// What comes of an answer in one piece and in single bytes, which must be the same, at the end of which the
    /// connection ends.
    fn read(expected: &Expected, text: &str) -> Result<(), Failure> {
        let [whole, bytes] = [text.len().max(1), 1].map(|size| {
            let mut answer = Answer::new(expected);
            for piece in text.as_bytes().chunks(size) {
                if answer.feed(piece)? {
                    return Ok(());
                }
            }
            answer.close()
        });
        assert_eq!(whole, bytes, "{text:?} depends on the pieces it comes in");
        whole
    }

    #[test]
    fn one_line_must_be_what_is_wanted_and_none_what_is_refused() {
        let mismatch = |got: &str| Err(Failure::Mismatch { wanted: "^ok$".into(), got: got.into() });
        let unwanted = |got: &str| Err(Failure::Unwanted { refused: "bad".into(), got: got.into() });
        let table = [
            (Some("^ok$"), None, "hi\r\nok\r\n", Ok(())),
            (Some("^ok$"), None, "hi\nok", Ok(())),
            (Some("^ok$"), None, "ok, hi\nhi ok\n", mismatch("ok, hi.hi ok")),
            (Some("^ok$"), None, "", Err(Failure::Closed(Stage::Answer))),
            (None, None, "\n", Ok(())),
            (None, None, "x", Ok(())),
            (None, None, "", Err(Failure::Closed(Stage::Answer))),
            (None, Some("bad"), "hi\n", Ok(())),
            (None, Some("bad"), "hi\nso bad\n", unwanted("so bad")),
            (None, Some("bad"), "", Err(Failure::Closed(Stage::Answer))),
            (Some("^ok$"), Some("bad"), "ok\nbad", unwanted("bad")),
            (Some("^ok$"), Some("bad"), "ok\nfine", Ok(())),
            (Some("^ok$"), Some("bad"), "fine", mismatch("fine")),
        ];
        for (receive, refuse, text, wanted) in table {
            assert_eq!(read(&expected(receive, refuse), text), wanted, "{text:?}");
        }
    }

    #[test]
    fn the_line_that_is_wanted_is_enough_unless_others_are_refused() {
        let mut fine = expected(Some("ok"), None);
        assert_eq!(Answer::new(&fine).feed(b"ok\nand so on"), Ok(true));
        // What has no end yet may go on.
        assert_eq!(Answer::new(&fine).feed(b"ok"), Ok(false));
        fine = expected(Some("ok"), Some("bad"));
        assert_eq!(Answer::new(&fine).feed(b"ok\nand so on"), Ok(false));
    }

    #[test]
    fn an_endless_answer_is_looked_at_up_to_the_limit() {
        let (wanted, lines) = (expected(Some("ok"), None), expected(Some("ok"), Some("bad")));
        let mut answer = Answer::new(&wanted);
        let mut pieces = 0;
        let failure = loop {
            match answer.feed(&[b'x'; 8192]) {
                Ok(enough) => assert!(!enough),
                Err(failure) => break failure,
            }
            pieces += 1;
        };
        assert_eq!((failure.kind(), pieces), ("mismatch", LIMIT / 8192 - 1));
        assert!(answer.line.capacity() <= 2 * LIMIT);
        let mut answer = Answer::new(&lines);
        assert_eq!(answer.feed(b"ok\n"), Ok(false));
        while !answer.feed(b"and\nso\non\n").unwrap() {}
        assert_eq!(answer.length, LIMIT);
    }
}
