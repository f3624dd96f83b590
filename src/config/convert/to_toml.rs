//! The classic grammar to TOML.

use std::{collections::HashMap, sync::Arc};

use super::lines::{Comments, Out, comment};
use crate::{
    config::{
        Source, Spanned,
        classic::{self, Entry, Section, directives::Scope, server, values},
        diagnostic::Report,
        draft::Given,
        duration::{self, Time},
        native::keys::{Place, Row, Shape, WITHOUT_KEY, of_directive},
    },
    model::Family,
};

/// Writes a text without errors as TOML.
pub(super) fn write(source: &Arc<Source>) -> String {
    let mut report = Report::new(Arc::clone(source));
    let ast = classic::parse(source, &mut report);
    let (mut comments, tail) = comments(source);
    let mut out = Out::default();
    let first =
        ast.globals.iter().map(|entry| entry.name).chain(ast.sections.iter().map(|s| s.head.name)).min();
    if let Some(first) = first {
        out.header(comments.entry(source.position(first.start).line).or_default());
    }
    let mut writer = Writer { source, comments, report };
    let globals = writer.globals(&ast.globals);
    tables(&mut out, "defaults", &globals);
    for section in &ast.sections {
        writer.section(&mut out, section);
    }
    out.tail(&tail);
    out.finish()
}

/// The comments by the line that they belong to, and those that no line follows.
fn comments(source: &Source) -> (HashMap<usize, Comments>, Vec<String>) {
    let mut all = HashMap::new();
    let mut before = Vec::new();
    for (index, line) in source.text().split('\n').enumerate() {
        let line = line.trim();
        if line.is_empty() {
            if !before.is_empty() {
                before.push(String::new());
            }
        } else if line.starts_with('#') {
            before.push(comment(line));
        } else {
            all.insert(index + 1, Comments { before: std::mem::take(&mut before), behind: None });
        }
    }
    before.retain(|line| !line.is_empty());
    (all, before)
}

/// A key with its value, to be written in the table that it belongs to.
struct Line {
    /// The table below `[defaults]` or `[[virtual]]`; empty for itself, `None` above all tables.
    table: Option<&'static str>,
    text: String,
    comments: Comments,
}

struct Writer<'s> {
    source: &'s Source,
    comments: HashMap<usize, Comments>,
    /// For what the readers remark on again.
    report: Report,
}

impl Writer<'_> {
    /// The comments of an entry's line.
    fn comments(&mut self, entry: &Entry<'_>) -> Comments {
        let line = self.source.position(entry.name.start).line;
        let mut comments = self.comments.remove(&line).unwrap_or_default();
        comments.before.retain(|line| !line.is_empty());
        let end = entry.value.span.end.max(entry.name.end);
        let rest = &self.source.text()[end..self.source.line_span(line).end.max(end)];
        if let Some(hash) = rest.find('#') {
            comments.behind = Some(comment(&rest[hash..]));
        }
        comments
    }

    fn globals(&mut self, entries: &[Entry<'_>]) -> Vec<Line> {
        let mut lines = Vec::new();
        let given = |name: &str| entries.iter().any(|entry| entry.directive.name == name);
        for (index, entry) in entries.iter().enumerate() {
            if entry.directive.name == "execute" {
                let first = !entries[..index].iter().any(|before| before.directive.name == "execute");
                lines.extend(if first { self.executed(entries) } else { None });
                continue;
            }
            let comments = self.comments(entry);
            let place = if entry.directive.scope == Scope::Global { Place::Top } else { Place::Defaults };
            let again = entries[index + 1..].iter().any(|later| later.directive.name == entry.directive.name);
            if entry.directive.name == "timeout" && !again {
                // It sets both, each where it is not set itself.
                let mut comments = Some(comments);
                for name in ["checktimeout", "negotiatetimeout"].into_iter().filter(|name| !given(name)) {
                    let row = of_directive(name, Place::Defaults);
                    lines.extend(row.map(|row| self.key(row, entry, comments.take().unwrap_or_default())));
                }
                lines.extend(
                    comments.map(|comments| left_out(Some("check"), entry, "both are given", comments)),
                );
            } else {
                lines.push(self.line(entry, place, again, comments));
            }
        }
        lines
    }

    /// The lines of `execute`, each of which adds some names, as one list.
    fn executed(&mut self, entries: &[Entry<'_>]) -> Option<Line> {
        let row = of_directive("execute", Place::Top)?;
        let (mut names, mut comments): (Vec<String>, _) = (Vec::new(), Comments::default());
        for entry in entries.iter().filter(|entry| entry.directive.name == row.directive) {
            let own = self.comments(entry);
            comments.before.extend(own.before);
            own.behind.into_iter().for_each(|behind| comments.add_behind(behind));
            for name in values::unquoted(entry.value).listed().map(|name| quoted(name.value)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        Some(Line { table: None, text: format!("{} = [{}]", row.key, names.join(", ")), comments })
    }

    /// One directive as a key; as a comment where it has none, or does not count.
    fn line(&mut self, entry: &Entry<'_>, place: Place, again: bool, comments: Comments) -> Line {
        let name = entry.directive.name;
        let row = of_directive(name, place).or_else(|| of_directive(name, Place::Defaults));
        let without = WITHOUT_KEY.iter().find(|(other, _)| *other == name).map(|(_, why)| *why);
        match row {
            Some(row) if !again => self.key(row, entry, comments),
            Some(row) => left_out(table(row, place), entry, "it is given again below", comments),
            None => {
                let table = if place == Place::Top { None } else { Some("") };
                left_out(table, entry, without.unwrap_or("it has no key"), comments)
            }
        }
    }

    fn key(&mut self, row: &'static Row, entry: &Entry<'_>, comments: Comments) -> Line {
        let place = if entry.directive.scope == Scope::Global { Place::Top } else { Place::Defaults };
        let key = row.key.rsplit('.').next().unwrap_or(row.key);
        Line { table: table(row, place), text: format!("{key} = {}", self.value(row, entry)), comments }
    }

    fn section(&mut self, out: &mut Out, section: &Section<'_>) {
        let head = &section.head;
        let six = head.directive.name.ends_with('6');
        let place = Place::Virtual(if six { Family::V6 } else { Family::V4 });
        let comments = self.comments(head);
        out.gap();
        for line in &comments.before {
            out.raw("", line);
        }
        out.raw("", "[[virtual]]");
        let at = values::unquoted(head.value).split_word().0.value;
        let mark = at.bytes().all(|byte| byte.is_ascii_digit());
        let text =
            if mark { format!("fwmark = {}", integer(at)) } else { format!("address = {}", quoted(at)) };
        out.line("", &text, &Comments { before: Vec::new(), behind: comments.behind }, true);
        if six && !at.starts_with('[') {
            out.raw("", "family = \"ipv6\"");
        }
        let (reals, body): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) =
            section.body.iter().partition(|entry| matches!(entry.directive.name, "real" | "real6"));
        let mut lines: Vec<Line> = Vec::new();
        for (index, entry) in body.iter().enumerate() {
            let again = body[index + 1..].iter().any(|later| later.directive.name == entry.directive.name);
            let comments = self.comments(entry);
            lines.push(self.line(entry, place, again, comments));
        }
        let (own, deeper): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.table == Some(""));
        for line in &own {
            out.line("", &line.text, &line.comments, true);
        }
        if !reals.is_empty() {
            out.raw("", "real = [");
            for entry in reals {
                let comments = self.comments(entry);
                let server = format!("{},", self.server(entry, six));
                out.line("    ", &server, &comments, true);
            }
            out.raw("", "]");
        }
        tables(out, "virtual", &deeper);
    }

    fn value(&mut self, row: &Row, entry: &Entry<'_>) -> String {
        let plain = values::unquoted(entry.value);
        let word = plain.split_word().0.value;
        match row.shape {
            Shape::Switch => values::switch(entry, &mut self.report).is_some_and(|on| on.value).to_string(),
            Shape::Number => number(plain.value),
            Shape::Time => match duration::read(plain.value) {
                Time::Plain(_) if plain.value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    integer(plain.value)
                }
                Time::Plain(time) | Time::Worded(time, _) => quoted(&duration::written(time)),
                Time::Odd(_) | Time::Not => number(plain.value),
            },
            Shape::NumberOrWord if word.bytes().all(|byte| byte.is_ascii_digit()) => integer(word),
            Shape::NumberOrWord | Shape::Word => quoted(word),
            Shape::Words(_) => {
                let words: Vec<String> = plain.listed().map(|word| quoted(word.value)).collect();
                format!("[{}]", words.join(", "))
            }
            Shape::Server => {
                let (address, method) = plain.split_word();
                let method = method.value.trim_end_matches([',', ';']).to_ascii_lowercase();
                quoted(format!("{} {method}", address.value).trim_end())
            }
            Shape::Text | Shape::Program | Shape::Servers => quoted(text(entry)),
        }
    }

    /// A real server in short, or as a table where it has an exchange of its own.
    fn server(&mut self, entry: &Entry<'_>, six: bool) -> String {
        let family = if six { Family::V6 } else { Family::V4 };
        let Some(real) = server::real(entry, family, &mut self.report) else {
            return quoted(entry.value.value);
        };
        let whole = values::unquoted(entry.value).value;
        let open = whole.find('"').unwrap_or(whole.len());
        let close = whole.rfind('"').map_or(whole.len(), |quote| quote + 1);
        let mut words = whole[..open].split([' ', '\t']).filter(|word| !word.is_empty());
        let address = words.next().unwrap_or_default();
        let rest: Vec<&str> = words.skip(1).chain(whole[close..].split([' ', '\t'])).collect();
        let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let weight = rest.iter().find(|word| is_number(word));
        // As they were understood: the old manual prints them in quotes.
        let threshold = |given: Given<u32>| given.map(|number| number.value.to_string());
        let (lower, upper) = (threshold(real.value.lower), threshold(real.value.upper));
        let (lower, upper) = (lower.as_deref(), upper.as_deref());
        let forward = real.value.forward;
        let Some((request, receive)) = &real.value.exchange else {
            let mut short = format!("{address} {forward}");
            let parts = [("", weight.copied()), ("l:", lower), ("u:", upper)];
            for (prefix, value) in parts.into_iter().filter_map(|(prefix, value)| Some((prefix, value?))) {
                short.extend([" ", prefix, value]);
            }
            return quoted(&short);
        };
        let mut table = format!("{{ address = {}, forward = \"{forward}\"", quoted(address));
        for (key, value) in
            [("weight", weight.copied()), ("lower-threshold", lower), ("upper-threshold", upper)]
        {
            if let Some(value) = value {
                table.extend([", ", key, " = ", &integer(value)]);
            }
        }
        for (key, value) in [("request", request), ("receive", receive)] {
            if !value.value.is_empty() {
                table.extend([", ", key, " = ", &quoted(&value.value)]);
            }
        }
        table + " }"
    }
}

/// Lines in their tables, below one of this name.
fn tables(out: &mut Out, name: &str, lines: &[Line]) {
    for table in [None, Some(""), Some("check"), Some("mail")] {
        let mut of_table = lines.iter().filter(|line| line.table == table).peekable();
        if of_table.peek().is_none() {
            continue;
        }
        match table {
            None => {}
            Some("") => {
                out.gap();
                out.raw("", &format!("[{name}]"));
            }
            Some(table) => {
                out.gap();
                out.raw("", &format!("[{name}.{table}]"));
            }
        }
        for line in of_table {
            out.line("", &line.text, &line.comments, true);
        }
    }
}

/// The table of a key.
fn table(row: &'static Row, place: Place) -> Option<&'static str> {
    let table = row.key.rsplit_once('.').map_or("", |(table, _)| table);
    if place == Place::Top && table.is_empty() { None } else { Some(table) }
}

/// A directive that is left out, as a comment that says why.
fn left_out(table: Option<&'static str>, entry: &Entry<'_>, why: &str, comments: Comments) -> Line {
    let text = if matches!(entry.directive.name, "passwd" | "secret" | "smtp-passwd") {
        "..."
    } else {
        entry.value.value
    };
    Line { table, text: format!("# {} = {} ({why})", entry.directive.name, comment(text)), comments }
}

/// A text as its directive reads it.
fn text<'s>(entry: &Entry<'s>) -> &'s str {
    let value: Spanned<&'s str> = entry.value;
    let inner = |end: Option<usize>| end.filter(|&end| end > 0 && value.value.starts_with('"'));
    match entry.directive.name {
        "servicename" | "comment" | "fallbackcommand" => values::unquoted(value).value,
        "virtualhost" => match value.value.strip_prefix('"').and_then(|rest| rest.find('"')) {
            Some(length) => value.part(1, 1 + length).trim().value,
            None => value.split_word().0.value,
        },
        _ => inner(value.value.rfind('"')).map_or(value.value, |end| &value.value[1..end]),
    }
}

/// The first whole number in a text.
fn number(text: &str) -> String {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    integer(&digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())])
}

/// Digits as TOML has them: without zeros in front.
fn integer(digits: &str) -> String {
    let bare = digits.trim_start_matches('0');
    if bare.is_empty() { "0".to_owned() } else { bare.to_owned() }
}

/// A text in the quotes that need the fewest escapes.
fn quoted(text: &str) -> String {
    let odd = text.contains(['\\', '"']);
    if odd && !text.contains('\'') {
        return format!("'{text}'");
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_the_quotes_that_suit_them() {
        assert_eq!(quoted("a'b"), "\"a'b\"");
        assert_eq!(quoted(r"\d+"), r"'\d+'");
        assert_eq!(quoted(r#"'\"'"#), r#""'\\\"'""#);
        assert_eq!((integer("007"), number("x05y")), ("7".into(), "5".into()));
    }
}
