//! The content a server sent: kept up to a limit, and matched.

use crate::{
    health::Failure,
    model::{Expected, Pattern},
};

/// The most that is kept of a page or file: what stands behind it is not matched.
pub(super) const LIMIT: usize = 1 << 20;

/// Appends as much of `bytes` as there is room for; false when the limit is reached. There is never room for more than
/// the limit, and a move to more room is from half of that at most.
pub(super) fn keep(content: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(LIMIT - content.len())];
    let length = content.len() + bytes.len();
    if length > content.capacity() {
        let capacity = if length > LIMIT / 2 { LIMIT } else { length.next_power_of_two() };
        content.reserve_exact(capacity - content.len());
    }
    content.extend_from_slice(bytes);
    content.len() < LIMIT
}

/// Whether the content is what is expected.
pub(super) fn judge(expected: &Expected, content: &[u8]) -> Result<(), Failure> {
    if let Some(wanted) = &expected.receive {
        matches(wanted, content)?;
    }
    match &expected.refuse {
        Some(refused) if is_match(refused, content)? => {
            Err(Failure::Unwanted { refused: refused.as_str().to_owned(), got: Failure::excerpt(content) })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether the content is what was wanted.
pub(super) fn matches(wanted: &Pattern, content: &[u8]) -> Result<(), Failure> {
    if is_match(wanted, content)? {
        return Ok(());
    }
    Err(Failure::Mismatch { wanted: wanted.as_str().to_owned(), got: Failure::excerpt(content) })
}

/// Whether a pattern is found. Given up is neither a match nor its absence, and no fault of the server: the words name the
/// pattern.
pub(super) fn is_match(pattern: &Pattern, content: &[u8]) -> Result<bool, Failure> {
    pattern
        .is_match(content)
        .map_err(|gave_up| Failure::Protocol(format!("pattern {pattern:?} given up: {gave_up}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_kept_up_to_the_limit() {
        let mut content = vec![0; LIMIT - 3];
        assert!(keep(&mut content, b"ab"));
        assert!(!keep(&mut content, b"cdef"));
        assert!(!keep(&mut content, b"g"));
        assert_eq!((content.len(), &content[LIMIT - 3..]), (LIMIT, &b"abc"[..]));
    }

    #[test]
    fn there_is_room_for_the_limit_at_most() {
        for piece in [1_000, 8_192, 70_001] {
            let (mut content, mut before) = (Vec::new(), 0);
            while keep(&mut content, &vec![0; piece]) {
                assert!(content.capacity() == before || before <= LIMIT / 2, "{before}");
                before = content.capacity();
            }
            assert_eq!(content.capacity(), LIMIT);
        }
    }

    #[test]
    fn a_pattern_that_is_given_up_has_words_of_its_own() {
        let pattern = Pattern::new("^(a+)+$").unwrap();
        let mut content = vec![b'a'; 5_000];
        content.push(b'b');
        let failure = matches(&pattern, &content).unwrap_err();
        assert_eq!(failure.kind(), "protocol");
        assert!(
            failure.to_string().contains("pattern /^(a+)+$/ given up: match limit exceeded"),
            "{failure}"
        );
    }
}
