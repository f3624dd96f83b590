//! What is to be said about a file: a place, a sentence, and where one is near a way out.

use std::{fmt, sync::Arc};

use super::{Position, Source, Span, places::Places};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file is rejected.
    Error,
    /// The file is accepted; this is how something in it was understood.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing to be said about a file.
///
/// `Display` gives it with the line and a caret, for a person at a terminal; [`headline`](Self::headline) is the one
/// line for a log, and never shows the text of the file.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The place, if it is about one and not about the file as a whole.
    pub span: Option<Span>,
    /// A lower-case sentence without a full stop.
    pub message: String,
    /// What could be written instead, or why.
    pub help: Option<String>,
    source: Arc<Source>,
}

impl Diagnostic {
    /// Adds what could be written instead, or why.
    pub(crate) fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }

    /// The file it is about.
    #[must_use]
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// Line and column, if it is about a place.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.span.map(|span| self.source.position(span.start))
    }

    /// `FILE:LINE:COLUMN: error: message`, on one line.
    #[must_use]
    pub fn headline(&self) -> String {
        let Self { severity, message, .. } = self;
        match self.position() {
            Some(Position { line, column }) => {
                format!("{}:{line}:{column}: {severity}: {message}", self.file())
            }
            None => format!("{}: {severity}: {message}", self.file()),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        let mut margin = 0;
        if let Some(span) = self.span {
            let Position { line, column } = self.source.position(span.start);
            let text = presentable(self.source.line(line));
            let number = line.to_string();
            margin = number.len();
            let length = text.chars().count();
            // Tabs keep their place above the caret, so that both lines shift alike.
            let lead: String =
                text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let last = self.source.text().get(span.start..span.end).unwrap_or_default();
            let wide = last.lines().next().unwrap_or_default().chars().count();
            let carets = "^".repeat(wide.min((length + 1).saturating_sub(column)).max(1));
            write!(f, "\n{:margin$} |\n{number} | {text}\n{:margin$} | {lead}{carets}", "", "")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{:margin$} = help: {help}", "")?;
        }
        Ok(())
    }
}

/// A line as it may be shown: nothing that moves a terminal's cursor, and no password.
fn presentable(line: &str) -> String {
    let mut shown: String =
        line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
    let lower = shown.to_ascii_lowercase();
    let key = ["passw", "secret"].iter().filter_map(|word| lower.find(word)).min();
    if let Some(key) = key
        && let Some(equals) = shown[key..].find('=').map(|equals| key + equals)
    {
        let hidden: String = shown[equals + 1..]
            .chars()
            .map(|c| if c.is_whitespace() || c == '"' { c } else { '*' })
            .collect();
        shown.replace_range(equals + 1.., &hidden);
    }
    if let Some((from, to)) = user_in_url(&shown) {
        let hidden = "*".repeat(shown[from..to].chars().count());
        shown.replace_range(from..to, &hidden);
    }
    shown
}

/// Where in a line the user and password of a URL stand, if there are any.
fn user_in_url(line: &str) -> Option<(usize, usize)> {
    let from = line.find("://")? + "://".len();
    let end = line[from..].find(['/', '"', ' ', '\t']).map_or(line.len(), |end| from + end);
    line[from..end].rfind('@').map(|at| (from, from + at))
}

/// Says a sentence in other words.
pub(crate) type Words = fn(&str) -> String;

/// Collects what is to be said about one file.
#[derive(Debug)]
pub(crate) struct Report {
    source: Arc<Source>,
    list: Vec<Diagnostic>,
    /// Where texts that were put together stand in the file.
    places: Places,
    /// Says things in the words of the file's grammar, from this diagnostic on.
    words: Option<(usize, Words)>,
}

impl Report {
    /// Nothing to say yet.
    pub(crate) fn new(source: Arc<Source>) -> Self {
        Self { source, list: Vec::new(), places: Places::default(), words: None }
    }

    /// From now on, places in a text that was put together are those of its parts, and all is said in other words.
    pub(crate) fn translate(&mut self, places: Places, words: Words) {
        (self.places, self.words) = (places, Some((self.list.len(), words)));
    }

    /// Rejects the file for what stands at `span`.
    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, Some(span), message.into())
    }

    /// Says how what stands at `span` was understood.
    pub(crate) fn warning(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Warning, Some(span), message.into())
    }

    /// Rejects the file as a whole.
    pub(crate) fn reject(&mut self, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, None, message.into())
    }

    fn add(&mut self, severity: Severity, span: Option<Span>, message: String) -> &mut Diagnostic {
        let source = Arc::clone(&self.source);
        let span = span.map(|span| self.places.in_file(span));
        self.list.push(Diagnostic { severity, span, message, help: None, source });
        self.list.last_mut().expect("one was pushed just now")
    }

    /// The number of the line in which a span starts.
    pub(crate) fn line_of(&self, span: Span) -> usize {
        self.source.position(self.places.in_file(span).start).line
    }

    /// Whether the file is rejected.
    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All of them, in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        if let Some((from, words)) = self.words {
            for diagnostic in &mut self.list[from..] {
                diagnostic.message = words(&diagnostic.message);
                diagnostic.help = diagnostic.help.as_deref().map(words);
            }
        }
        self.list.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.severity));
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Report {
        Report::new(Arc::new(Source::new("www.cf", text.as_bytes())))
    }

    #[test]
    fn a_diagnostic_shows_line_and_caret_below_its_headline() {
        let mut report = report("a\n\tfoo=1\n");
        report.error(Span::new(3, 6), "unknown directive \"foo\"").help("did you mean x?");
        assert_eq!(
            report.finish()[0].to_string(),
            "www.cf:2:2: error: unknown directive \"foo\"\n  |\n2 | \tfoo=1\n  | \t^^^\n  = help: did you mean x?"
        );
    }

    #[test]
    fn a_place_at_the_end_of_a_line_still_has_a_caret() {
        let mut report = report("real");
        report.warning(Span::new(4, 4), "expected \"=\"");
        assert!(report.finish()[0].to_string().ends_with("\n1 | real\n  |     ^"));
    }

    #[test]
    fn passwords_and_control_characters_are_not_shown() {
        assert_eq!(presentable(" passwd = \"a b\" "), " passwd = \"* *\" ");
        assert_eq!(presentable("\"http://me:word@host/x@y\""), "\"http://*******@host/x@y\"");
        assert_eq!(presentable("\"http://host/x@y\""), "\"http://host/x@y\"");
        assert_eq!(
            presentable("login = { user = \"x\", password = \"y\" }"),
            "login = { user = \"x\", password = \"*\" *"
        );
        assert_eq!(presentable("x\u{1b}[2J"), "x\u{fffd}[2J");
    }
}
