//! The text of one file, and places in it.

/// A half-open range of bytes in the text of a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

impl Span {
    /// From `start` up to, not including, `end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The part `from..to` of this span, in bytes from its start, cut off at its end.
    #[must_use]
    pub fn part(self, from: usize, to: usize) -> Self {
        let at = |offset: usize| self.start.saturating_add(offset).min(self.end);
        Self { start: at(from), end: at(to) }
    }
}

/// A value and the place where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value and its place.
    #[must_use]
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Another value at the same place.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

impl<'s> Spanned<&'s str> {
    /// The part `from..to` of a text, in bytes.
    pub(crate) fn part(self, from: usize, to: usize) -> Self {
        Self { value: &self.value[from..to], span: self.span.part(from, to) }
    }

    /// Without blanks at both ends.
    pub(crate) fn trim(self) -> Self {
        let from = self.value.len() - self.value.trim_start_matches(BLANK).len();
        let to = self.value.trim_end_matches(BLANK).len().max(from);
        self.part(from, to)
    }

    /// The first word and what follows it, both without blanks around.
    pub(crate) fn split_word(self) -> (Self, Self) {
        let text = self.trim();
        let end = text.value.find(BLANK).unwrap_or(text.value.len());
        (text.part(0, end), text.part(end, text.value.len()).trim())
    }

    /// The words of a list, between which stand commas or blanks.
    pub(crate) fn listed(self) -> impl Iterator<Item = Spanned<&'s str>> {
        let between = |c: char| c == ',' || BLANK.contains(&c);
        let mut from = 0;
        self.value.split(between).filter_map(move |word| {
            let at = from;
            from += word.len() + 1;
            (!word.is_empty()).then(|| self.part(at, at + word.len()))
        })
    }

    /// The words, in order.
    pub(crate) fn words(self) -> impl Iterator<Item = Spanned<&'s str>> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let (word, behind) = rest.split_word();
            rest = behind;
            (!word.value.is_empty()).then_some(word)
        })
    }
}

/// What separates words.
pub(crate) const BLANK: [char; 2] = [' ', '\t'];

/// Line and column as people count them, from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Character in the line.
    pub column: usize,
}

/// The text of one file and the name it is reported under.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    repaired: bool,
    line_starts: Vec<usize>,
}

impl Source {
    /// Takes the bytes of a file. A byte order mark is dropped; bytes that are not UTF-8 become U+FFFD, which is
    /// allowed in comments and told as an error anywhere else.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let repaired = std::str::from_utf8(bytes).is_err();
        let text = String::from_utf8_lossy(bytes).into_owned();
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect();
        Self { name: name.into(), text, repaired, line_starts }
    }

    /// The name of the file, as it is reported.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of the file were not UTF-8 and stand as U+FFFD in the text.
    #[must_use]
    pub fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// Line and column of a byte.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1);
        let before = self.text.get(self.line_starts[line - 1]..offset).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }

    /// A line, counted from 1, without its end.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let span = self.line_span(line);
        &self.text[span.start..span.end]
    }

    /// Where that line stands.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let end = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        let text = self.text[start..end].trim_end_matches(['\n', '\r']);
        Span::new(start, start + text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("x", "a\nbé=1\r\n".as_bytes());
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(5), Position { line: 2, column: 3 });
        assert_eq!(source.position(99).line, 3);
        assert_eq!(source.line(2), "bé=1");
        assert_eq!(source.line(9), "");
    }

    #[test]
    fn a_byte_order_mark_and_foreign_bytes_do_no_harm() {
        assert_eq!(Source::new("x", b"\xef\xbb\xbfa").text(), "a");
        assert!(Source::new("x", b"# M\xfcller").is_repaired());
    }

    #[test]
    fn words_know_their_places() {
        let text = Spanned::new(" ab\tc ", Span::new(10, 16));
        let words: Vec<_> = text.words().map(|w| (w.value, w.span.start)).collect();
        assert_eq!(words, [("ab", 11), ("c", 14)]);
    }
}
