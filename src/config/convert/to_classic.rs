//! TOML to the classic grammar.

use std::{collections::BTreeMap, sync::Arc};

use toml_parser::lexer::TokenKind;

use super::lines::{Comments, Out, comment};
use crate::config::{
    Source, Span,
    diagnostic::Report,
    native::{
        document::{self, Item},
        keys::KEYS,
    },
    places::Composer,
};

/// Writes a document without errors in the classic grammar.
pub(super) fn write(source: &Arc<Source>) -> String {
    let mut report = Report::new(Arc::clone(source));
    let mut composer = Composer::new(source.text().len());
    let sections = document::read(source, &mut composer, &mut report);
    let mut targets: BTreeMap<usize, usize> = BTreeMap::new();
    for item in sections.globals.iter().chain(sections.virtuals.iter().flat_map(|service| &service.body)) {
        targets.insert(item.name.start, item.name.start);
    }
    for service in &sections.virtuals {
        targets.insert(service.begins.start, service.head.name.start);
        targets.insert(service.head.name.start, service.head.name.start);
    }
    let (mut comments, tail) = comments(source, &targets);
    let mut out = Out::default();
    if let Some(first) = targets.values().next().and_then(|first| comments.get_mut(first)) {
        out.header(first);
    }
    let mut line = |out: &mut Out, indent: &str, item: &Item| {
        let value = composer.text(item.text).value;
        let mut comments = comments.remove(&item.name.start).unwrap_or_default();
        comments.before.retain(|line| !line.is_empty());
        let text = format!("{} = {value}", KEYS[item.row].directive);
        // An odd quote would take the comment for a part of the value.
        out.line(indent, &text, &comments, value.matches('"').count().is_multiple_of(2));
    };
    for item in &sections.globals {
        line(&mut out, "", item);
    }
    for service in &sections.virtuals {
        out.gap();
        line(&mut out, "", &service.head);
        for item in &service.body {
            line(&mut out, "\t", item);
        }
    }
    out.tail(&tail);
    out.finish()
}

/// The comments by what they belong to, and those that nothing follows.
fn comments(source: &Source, targets: &BTreeMap<usize, usize>) -> (BTreeMap<usize, Comments>, Vec<String>) {
    let mut all: BTreeMap<usize, Comments> = BTreeMap::new();
    let mut tail = Vec::new();
    let text = source.text();
    let mut last_line = 0;
    for token in toml_parser::Source::new(text).lex().filter(|token| token.kind() == TokenKind::Comment) {
        let span = Span::new(token.span().start(), token.span().end());
        let line = source.position(span.start).line;
        let start = source.line_span(line).start;
        let before = text[start..span.start].trim();
        let words = comment(&text[span.start..span.end]);
        let begins = targets.range(start..span.start).next_back();
        // Behind the heading of a table stands what is said about the table.
        if before.is_empty() || (before.starts_with('[') && begins.is_none()) {
            let gap = line > last_line + 1 && last_line > 0;
            match targets.range(span.end..).next() {
                Some((_, target)) => {
                    let lines = &mut all.entry(*target).or_default().before;
                    lines.extend((gap && !lines.is_empty()).then(String::new));
                    lines.push(words);
                    // A blank line below sets it apart from what follows.
                    if source.line(line + 1).trim().is_empty() {
                        lines.push(String::new());
                    }
                }
                None => tail.push(words),
            }
            last_line = line;
        } else if let Some((_, target)) = targets.range(..span.start).next_back() {
            all.entry(*target).or_default().add_behind(words);
        } else {
            tail.push(words);
        }
    }
    (all, tail)
}
