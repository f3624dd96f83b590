//! What a server has said in a dialogue, as far as no step was met by it yet. Pure.

use super::answer::without_end;
use crate::{check::content, health::Failure, model::Pattern};

/// What was heard and has met nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    bytes: Vec<u8>,
    /// The lines before this have been looked at by the step at hand.
    seen: usize,
}

impl Heard {
    /// So much may come before a step is met.
    pub const LIMIT: usize = 16 * 1024;

    /// Hears more.
    pub fn hear(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether too much came that met nothing.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= Self::LIMIT
    }

    /// Something is said to the server: what it said before is no answer to that.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether this meets an expectation: one of its lines does (the last one needs no end), or all of it together. What
    /// met it is taken, up to the end of its line, and what came before: it meets nothing else.
    ///
    /// # Errors
    /// The match was given up.
    pub fn meets(&mut self, wanted: &Pattern) -> Result<bool, Failure> {
        while let Some(length) = self.bytes[self.seen..].iter().position(|&byte| byte == b'\n') {
            let end = self.seen + length + 1;
            if content::is_match(wanted, without_end(&self.bytes[self.seen..end]))? {
                self.bytes.drain(..end);
                self.seen = 0;
                return Ok(true);
            }
            self.seen = end;
        }
        let rest = &self.bytes[self.seen..];
        let met = !self.bytes.is_empty()
            && (!rest.is_empty() && content::is_match(wanted, rest)?
                || content::is_match(wanted, &self.bytes)?);
        if met {
            self.forget();
        }
        Ok(met)
    }

    /// What it is if nothing more comes; nothing where nothing came.
    #[must_use]
    pub fn so_far(&self, wanted: &Pattern) -> Option<Failure> {
        let got = || Failure::excerpt(&self.bytes);
        (!self.bytes.is_empty()).then(|| Failure::Mismatch { wanted: wanted.as_str().to_owned(), got: got() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    /// Whether each of the patterns is met in turn by this, and what is left.
    fn talk(text: &str, wanted: &[&str]) -> (Vec<bool>, String) {
        let mut heard = Heard::default();
        heard.hear(text.as_bytes());
        let met = wanted.iter().map(|wanted| heard.meets(&pattern(wanted)).unwrap()).collect();
        (met, String::from_utf8(heard.bytes).unwrap())
    }

    #[test]
    fn lines_meet_expectations_one_after_the_other() {
        let table = [
            // Both come at once.
            ("220 hi\r\n221 bye\r\n", vec!["^220", "^221"], vec![true, true], ""),
            // Each line by itself, and only once.
            ("220-a\r\n220 b\r\n", vec!["^220 b$", "^220"], vec![true, false], ""),
            // A prompt has no end.
            ("hello\nlogin: ", vec!["login: $"], vec![true], ""),
            ("login: ", vec!["^hello"], vec![false], "login: "),
            // All of it together, of protocols without lines.
            ("a\nb\0c", vec![r"a\nb\x00"], vec![true], ""),
            ("", vec![".*"], vec![false], ""),
        ];
        for (text, wanted, met, left) in table {
            let (got, rest) = talk(text, &wanted);
            assert_eq!((got, rest.as_str()), (met, left), "{text:?}");
        }
    }

    #[test]
    fn an_answer_in_pieces_meets_what_it_meets_as_a_whole() {
        let mut heard = Heard::default();
        for (piece, met) in [("2", false), ("20 mail.exa", true)] {
            heard.hear(piece.as_bytes());
            assert_eq!(heard.meets(&pattern("^220")), Ok(met), "{piece}");
        }
        // The rest of the line comes late, and is no answer to what was said then.
        heard.forget();
        for (piece, met) in [("mple ESMTP\r\n", false), ("221 b", true)] {
            heard.hear(piece.as_bytes());
            assert_eq!(heard.meets(&pattern("^221")), Ok(met), "{piece}");
        }
    }

    #[test]
    fn what_was_said_before_we_spoke_is_no_answer() {
        let mut heard = Heard::default();
        heard.hear(b"250-a\r\n250 b\r\n");
        assert_eq!(heard.meets(&pattern("^250")), Ok(true));
        heard.forget();
        assert_eq!(heard.meets(&pattern("^250")), Ok(false));
        assert_eq!(heard.so_far(&pattern("^250")), None);
    }
}
