//! A document, taken apart: which key stands where, and the text of its value.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    keys::{KEYS, Place, Row, Shape},
    server::Servers,
    unknown, value,
};
use crate::{
    config::{
        Source, Span,
        classic::{
            Ast, Entry, Section,
            directives::{Directive, Scope},
        },
        diagnostic::Report,
        places::Composer,
    },
    model::Family,
};

/// All that a document says, values unread.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    /// What stands above all tables and in `[defaults]`.
    pub(crate) globals: Vec<Item>,
    pub(crate) virtuals: Vec<VirtualItems>,
}

/// A `[[virtual]]`.
#[derive(Debug)]
pub(crate) struct VirtualItems {
    /// Where it begins.
    pub(crate) begins: Span,
    pub(crate) head: Item,
    pub(crate) body: Vec<Item>,
}

/// One key with its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// Its place in [`KEYS`].
    pub(crate) row: usize,
    /// Where the key stands.
    pub(crate) name: Span,
    /// Where its text, as the classic grammar has it, stands in the composer.
    pub(crate) text: Span,
}

/// Reads a document. Syntax, unknown keys and values of the wrong kind are reported.
pub(crate) fn read(source: &Source, composer: &mut Composer, report: &mut Report) -> Sections {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    // What a broken table or value was taken for says nothing about what was meant.
    let broken = errors.iter().any(|error| error.message() != "duplicate key");
    for error in errors {
        let span = error.span().map_or(Span::default(), self::span);
        report.error(span, lower_first(error.message()));
    }
    let mut reader = Reader { source, composer, report, broken };
    let mut sections = Sections::default();
    for (key, value) in in_order(document.get_ref()) {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("defaults", DeValue::Table(table)) => {
                reader.table(table, "", Place::Defaults, &mut sections.globals);
            }
            ("defaults", _) => reader.wrong(value, "defaults", "a table", "write: [defaults]"),
            ("virtual", DeValue::Array(array)) => {
                for service in array {
                    if let Some(table) = service.get_ref().as_table() {
                        sections.virtuals.extend(reader.service(service.span(), table));
                    } else {
                        reader.wrong(service, "virtual", "a list of tables", "write: [[virtual]]");
                    }
                }
            }
            ("virtual", _) => reader.wrong(value, "virtual", "a list of tables", "write: [[virtual]]"),
            _ => reader.key(key, value, "", Place::Top, &mut sections.globals),
        }
    }
    sections
}

struct Reader<'r> {
    source: &'r Source,
    composer: &'r mut Composer,
    report: &'r mut Report,
    /// The document is no TOML.
    broken: bool,
}

impl Reader<'_> {
    /// All keys of a table that lies `prefix` deep.
    fn table(&mut self, table: &DeTable<'_>, prefix: &str, place: Place, items: &mut Vec<Item>) {
        for (key, value) in in_order(table) {
            self.key(key, value, prefix, place, items);
        }
    }

    fn key(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        prefix: &str,
        place: Place,
        items: &mut Vec<Item>,
    ) {
        let name = span(key.span());
        let path = format!("{prefix}{}", key.get_ref());
        let fits = |row: &&Row| row.fits(place);
        if let Some(index) = KEYS.iter().position(|row| row.key == path && row.fits(place)) {
            let row = &KEYS[index];
            let mut put = |name, text| items.push(Item { row: index, name, text });
            let (source, composer, report) = (self.source, &mut *self.composer, &mut *self.report);
            match (row.shape, place) {
                (Shape::Servers, Place::Virtual(family)) => {
                    let servers = Servers { row, family, source, composer, report }.read(value);
                    for (file, text) in servers {
                        put(file, text);
                    }
                }
                _ => {
                    if let Some(text) = value::compose(row, value, place, source, composer, report) {
                        put(name, text);
                    }
                }
            }
            return;
        }
        let below = format!("{path}.");
        if KEYS.iter().filter(fits).any(|row| row.key.starts_with(&below)) {
            if let Some(table) = value.get_ref().as_table() {
                self.table(table, &below, place, items);
            } else {
                self.report.error(span(value.span()), format!("\"{path}\" must be a table"));
            }
            return;
        }
        unknown::unknown(&path, name, place, self.report);
    }

    /// A virtual service; `None` where it cannot be said which.
    fn service(&mut self, begins: Range<usize>, table: &DeTable<'_>) -> Option<VirtualItems> {
        let begins = span(begins);
        let family = self.family(table);
        let mut body = Vec::new();
        for (key, value) in in_order(table) {
            if key.get_ref() != "family" {
                self.key(key, value, "", Place::Virtual(family), &mut body);
            }
        }
        let is_head = |item: &Item| KEYS[item.row].directive().scope == Scope::Head;
        let given = |name| table.iter().find(|(key, _)| key.get_ref() == name);
        match (given("address"), given("fwmark")) {
            (Some(_), Some((mark, _))) => {
                self.report.error(
                    span(mark.span()),
                    "a virtual service has an address or a firewall mark, not both",
                );
                return None;
            }
            (None, None) => {
                self.report
                    .error(begins, "this virtual service has no address")
                    .help("write: address = \"ADDRESS:PORT\", or fwmark = NUMBER");
                return None;
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        let head = body.remove(body.iter().position(is_head)?);
        Some(VirtualItems { begins, head, body })
    }

    /// The family that is given, else the one that the address shows.
    fn family(&mut self, table: &DeTable<'_>) -> Family {
        if let Some(value) = table.get("family") {
            match value.get_ref().as_str() {
                Some("ipv4") => return Family::V4,
                Some("ipv6") => return Family::V6,
                _ => {
                    self.report.error(span(value.span()), "\"family\" must be \"ipv4\" or \"ipv6\"");
                }
            }
        }
        let address = table.get("address").and_then(|value| value.get_ref().as_str());
        if address.is_some_and(|address| address.starts_with('[')) { Family::V6 } else { Family::V4 }
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, name: &str, what: &str, help: &str) {
        if !self.broken {
            self.report.error(span(value.span()), format!("\"{name}\" must be {what}")).help(help);
        }
    }
}

impl Sections {
    /// The form in which values are read.
    pub(crate) fn ast<'s>(&self, directives: &'s [Directive], composer: &'s Composer) -> Ast<'s> {
        let entry = |item: &Item| Entry {
            directive: &directives[item.row],
            name: item.name,
            value: composer.text(item.text),
            glued_comment: false,
        };
        Ast {
            globals: self.globals.iter().map(entry).collect(),
            sections: self
                .virtuals
                .iter()
                .map(|service| Section {
                    head: entry(&service.head),
                    body: service.body.iter().map(entry).collect(),
                })
                .collect(),
        }
    }
}

/// The keys of a table in the order of the file.
fn in_order<'t, 'd>(
    table: &'t DeTable<'d>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'d, str>>, &'t Spanned<DeValue<'d>>)> {
    let mut keys: Vec<_> = table.iter().collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    keys
}

pub(super) fn span(range: Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

/// Sentences of diagnostics begin in lower case.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
