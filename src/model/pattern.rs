//! Regular expressions of the configuration, compiled once when it is loaded.

use std::{cmp::Ordering, fmt, hash};

/// How much work one match may do before it is given up (PCRE2 `LIMIT_MATCH`). A pathological pattern on a page of
/// some kilobytes ends in fractions of a millisecond with this; ordinary patterns stay a hundred times below it.
const MATCH_LIMIT: u32 = 10_000;
/// Memory one match may use, in KiB (PCRE2 `LIMIT_HEAP`).
const HEAP_LIMIT_KIB: u32 = 1_024;
/// Stack of the JIT code, in bytes: nested groups on long pages need more than the default 32 KiB.
const JIT_STACK: usize = 1 << 20;

/// A Perl-compatible regular expression over bytes (PCRE2), with limits on time and memory since the text it is
/// matched against comes from the network. Two patterns are equal when their texts are.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: pcre2::bytes::Regex,
}

/// Why a text is not a regular expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What PCRE2 says, without position or code.
    pub message: String,
    /// Byte offset in the pattern at which it was noticed.
    pub offset: usize,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern is not a valid Perl-compatible regular expression.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let prefix = format!("(*LIMIT_MATCH={MATCH_LIMIT})(*LIMIT_HEAP={HEAP_LIMIT_KIB})");
        let regex = pcre2::bytes::RegexBuilder::new()
            .jit_if_available(true)
            .max_jit_stack_size(Some(JIT_STACK))
            .build(&format!("{prefix}{text}"))
            .map_err(|e| PatternError {
                message: words(&e),
                offset: e.offset().unwrap_or(0).saturating_sub(prefix.len()).min(text.len()),
            })?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern occurs anywhere in `text`.
    ///
    /// # Errors
    /// The match was given up at a limit; this is neither a match nor its absence.
    pub fn is_match(&self, text: &[u8]) -> Result<bool, PatternError> {
        self.regex.is_match(text).map_err(|e| PatternError { message: words(&e), offset: 0 })
    }
}

/// What PCRE2 says, without the crate's words before it ("PCRE2: error compiling pattern at offset 6: ").
fn words(error: &pcre2::Error) -> String {
    let text = error.to_string();
    text.splitn(3, ": ").last().unwrap_or(&text).to_owned()
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl hash::Hash for Pattern {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perl_look_around_works_on_bytes_that_are_not_utf8() {
        let pattern = Pattern::new(r"(?<!not )caf.(?= open)").unwrap();
        assert_eq!(pattern.is_match(b"the caf\xe9 open"), Ok(true));
        assert_eq!(pattern.is_match(b"not caf\xe9 open"), Ok(false));
    }

    #[test]
    fn a_bad_pattern_says_where() {
        let error = Pattern::new("page (").unwrap_err();
        assert_eq!(error.offset, 6);
        assert!(error.message.contains("parenthesis"), "{error}");
    }

    #[test]
    fn a_pathological_pattern_is_given_up_and_is_no_mismatch() {
        let pattern = Pattern::new("^(a+)+$").unwrap();
        let mut text = vec![b'a'; 5_000];
        text.push(b'b');
        assert!(pattern.is_match(&text).is_err());
    }
}
