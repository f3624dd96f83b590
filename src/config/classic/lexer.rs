//! Text to lines: indentation, name, value; comments cut off.

use crate::config::{Source, Span, Spanned, diagnostic::Report, source::BLANK};

/// What stands on a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'s> {
    /// Nothing that can be seen.
    Blank,
    /// A comment and nothing else.
    Comment,
    /// Anything else.
    Directive(Words<'s>),
}

/// A line of the form `name = value # comment`, or what is there of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Words<'s> {
    /// Columns before the name; a tab counts as four, as in the reference.
    pub(crate) indent: usize,
    /// What stands before the `=`, or the first word.
    pub(crate) name: Spanned<&'s str>,
    /// What stands behind it; `None` if there is no `=`.
    pub(crate) value: Option<Spanned<&'s str>>,
    /// A comment follows the value without a blank between.
    pub(crate) glued_comment: bool,
}

/// The lines of a text, one by one: a large file has many.
pub(crate) fn lines(source: &Source) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    source.text().split_inclusive('\n').map(move |raw| {
        let text = raw.trim_end_matches(['\n', '\r']);
        let line = line(Spanned::new(text, Span::new(start, start + text.len())));
        start += raw.len();
        line
    })
}

fn line(whole: Spanned<&str>) -> Line<'_> {
    let text = whole.value.trim_start_matches(BLANK);
    let lead = whole.value.len() - text.len();
    if text.is_empty() {
        return Line::Blank;
    }
    if text.starts_with('#') {
        return Line::Comment;
    }
    let indent = whole.value[..lead].bytes().map(|byte| if byte == b'\t' { 4 } else { 1 }).sum();
    let all = whole.part(lead, whole.value.len());
    let comment = comment_start(text, indent > 0);
    let said = all.part(0, comment.unwrap_or(text.len()));
    let glued_comment = comment.is_some() && !said.value.ends_with(BLANK);
    let said = said.trim();
    match said.value.find('=') {
        Some(equals) => Line::Directive(Words {
            indent,
            name: said.part(0, equals).trim(),
            value: Some(said.part(equals + 1, said.value.len()).trim()),
            glued_comment,
        }),
        None => Line::Directive(Words { indent, name: said.split_word().0, value: None, glued_comment }),
    }
}

/// Where a comment begins: at the first `#` that does not stand in quotes. In column 0, where the reference knows no
/// comments behind a value, it must follow a blank, so that values with a `#` in them keep it.
fn comment_start(text: &str, in_body: bool) -> Option<usize> {
    let last_quote = text.rfind('"').unwrap_or(0);
    let mut quoted = false;
    let mut before = b' ';
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'#' if !(quoted && offset < last_quote) && (in_body || matches!(before, b' ' | b'\t')) => {
                return Some(offset);
            }
            _ => {}
        }
        before = byte;
    }
    None
}

/// Whether all of a line can be read; reports a character that can stand in no name and no value.
pub(crate) fn is_clean(words: &Words<'_>, source: &Source, report: &mut Report) -> bool {
    for text in std::iter::once(words.name).chain(words.value) {
        let odd = |c: char| (c.is_control() && c != '\t') || (c == '\u{fffd}' && source.is_repaired());
        if let Some((offset, c)) = text.value.char_indices().find(|&(_, c)| odd(c)) {
            let place = text.span.part(offset, offset + c.len_utf8());
            if c == '\u{fffd}' {
                report
                    .error(place, "a byte that is not UTF-8")
                    .help("save the file as UTF-8; in \"receive\" a single byte can be written as \\xE9");
            } else {
                report.error(place, format!("a control character ({})", c.escape_unicode()));
            }
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &str) -> (usize, String, Option<String>) {
        match line(Spanned::new(text, Span::new(0, text.len()))) {
            Line::Directive(words) => {
                (words.indent, words.name.value.to_owned(), words.value.map(|value| value.value.to_owned()))
            }
            Line::Blank | Line::Comment => panic!("nothing is said in {text:?}"),
        }
    }

    fn value(text: &str) -> String {
        lexed(text).2.unwrap()
    }

    #[test]
    fn a_line_is_indent_name_and_value() {
        assert_eq!(
            lexed("\t  real = 1.2.3.4:80 gate \t"),
            (6, "real".into(), Some("1.2.3.4:80 gate".into()))
        );
        assert_eq!(lexed("real 1.2.3.4"), (0, "real".into(), None));
        assert_eq!(lexed("=x"), (0, String::new(), Some("x".into())));
    }

    #[test]
    fn comments_begin_outside_of_quotes() {
        assert_eq!(value("    request=\"/a#b\" # \"c\""), "\"/a#b\"");
        assert_eq!(value("    quiescent=yes# x"), "yes");
        assert_eq!(value("    receive=\"a\"b\" # c"), "\"a\"b\"");
        assert_eq!(value("quiescent=yes # x"), "yes");
        assert_eq!(value("emailalertfrom=a#b"), "a#b");
    }

    #[test]
    fn what_is_not_seen_is_blank() {
        assert_eq!(line(Spanned::new(" \t ", Span::new(0, 3))), Line::Blank);
        assert_eq!(line(Spanned::new("  # x", Span::new(0, 5))), Line::Comment);
    }
}
