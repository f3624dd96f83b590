//! Texts that are put together from parts of a file, and where in the file each part stands.
//!
//! The native grammar gives a value in pieces, or with escapes; whoever reads the value counts bytes in one plain text.
//! Such texts lie behind the end of the file, so to say: a [`Span`] there is told from one in the file, and leads back.

use super::{Span, Spanned};

/// Where parts of texts stand in the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The first byte that is not the file's.
    base: Option<usize>,
    /// In their order, without overlaps.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    /// Behind the end of the file.
    at: Span,
    /// In the file.
    file: Span,
    /// Byte for byte the same.
    exact: bool,
}

impl Places {
    /// The place in the file that a span means.
    pub(crate) fn in_file(&self, span: Span) -> Span {
        if self.base.is_none_or(|base| span.start < base) {
            return span;
        }
        let Some(start) = self.before(span.start) else { return Span::default() };
        let end = self.before(span.end.saturating_sub(1).max(span.start)).unwrap_or(start);
        let from = if start.exact { start.to_file(span.start) } else { start.file.start };
        let to = if end.exact { end.to_file(span.end) } else { end.file.end };
        // Parts may stand in the file in another order.
        Span::new(from, if to < from { start.file.end } else { to })
    }

    /// The last part that begins at a byte or before.
    fn before(&self, at: usize) -> Option<Part> {
        let index = self.parts.partition_point(|part| part.at.start <= at);
        self.parts.get(index.saturating_sub(1)).copied()
    }
}

impl Part {
    /// A byte of the text as one of the file.
    fn to_file(self, at: usize) -> usize {
        (self.file.start + at.saturating_sub(self.at.start)).min(self.file.end)
    }
}

/// Puts texts together, one behind the other.
#[derive(Debug)]
pub(crate) struct Composer {
    text: String,
    base: usize,
    parts: Vec<Part>,
}

impl Composer {
    /// For parts of a file of that many bytes.
    pub(crate) fn new(length: usize) -> Self {
        Self { text: String::new(), base: length + 1, parts: Vec::new() }
    }

    /// Where the next byte will stand.
    pub(crate) fn mark(&self) -> usize {
        self.base + self.text.len()
    }

    /// Everything since a mark.
    pub(crate) fn since(&self, mark: usize) -> Span {
        Span::new(mark, self.mark())
    }

    /// Adds a part and where it stands; places in it are exact where it stands there with just these bytes.
    pub(crate) fn push(&mut self, text: &str, file: Span) {
        let mark = self.mark();
        self.text.push_str(text);
        let exact = text.len() == file.end - file.start;
        self.parts.push(Part { at: self.since(mark), file, exact });
    }

    /// Adds what the file does not say: a blank, a quote.
    pub(crate) fn glue(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The text at a place that [`since`](Self::since) gave.
    pub(crate) fn text(&self, span: Span) -> Spanned<&str> {
        let text = self.text.get(span.start - self.base..span.end - self.base).unwrap_or_default();
        Spanned::new(text, span)
    }

    /// What leads back to the file.
    pub(crate) fn places(&self) -> Places {
        Places { base: Some(self.base), parts: self.parts.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_file() {
        let mut composer = Composer::new(100);
        let mark = composer.mark();
        composer.push("10.0.0.1:80", Span::new(20, 31));
        composer.glue(" ");
        composer.push("ma\"sq", Span::new(50, 58));
        let whole = composer.since(mark);
        let (text, places) = (composer.text(whole), composer.places());
        assert_eq!(text.value, "10.0.0.1:80 ma\"sq");
        assert_eq!(places.in_file(text.part(9, 11).span), Span::new(29, 31));
        assert_eq!(places.in_file(text.part(13, 14).span), Span::new(50, 58), "escapes cannot be counted");
        assert_eq!(places.in_file(text.part(0, 17).span), Span::new(20, 58));
        assert_eq!(places.in_file(Span::new(3, 5)), Span::new(3, 5), "a place in the file is itself");
    }
}
