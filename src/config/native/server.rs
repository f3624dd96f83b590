//! Real servers: each a text in short, or a table.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    document::span,
    keys::{Place, Row},
    value::{self, bare, line, whole},
};
use crate::{
    config::{Source, Span, diagnostic::Report, places::Composer, suggest::nearest},
    model::Family,
};

/// The keys of a server, in the order in which the classic grammar has their values.
pub(crate) const SERVER_KEYS: [&str; 7] =
    ["address", "forward", "weight", "request", "receive", "lower-threshold", "upper-threshold"];

/// Writes each server of a list as the classic grammar has it.
pub(super) struct Servers<'r> {
    pub(super) row: &'static Row,
    pub(super) family: Family,
    pub(super) source: &'r Source,
    pub(super) composer: &'r mut Composer,
    pub(super) report: &'r mut Report,
}

impl Servers<'_> {
    /// Gives where each server stands in the file, and where its text stands in the composer.
    pub(super) fn read(&mut self, list: &Spanned<DeValue<'_>>) -> Vec<(Span, Span)> {
        let DeValue::Array(servers) = list.get_ref() else {
            self.report.error(span(list.span()), "\"real\" must be a list of servers").help(
                "write: real = [\"ADDRESS:PORT gate\"], or [[virtual.real]] with address = \"ADDRESS:PORT\"",
            );
            return Vec::new();
        };
        servers.iter().filter_map(|server| Some((span(server.span()), self.server(server)?))).collect()
    }

    fn server(&mut self, server: &Spanned<DeValue<'_>>) -> Option<Span> {
        let file = span(server.span());
        let mark = self.composer.mark();
        let value = server.get_ref();
        if let Some(text) = value.as_str() {
            line(text, file, self.source, self.report)?;
            self.family(text, file)?;
            bare(text, file, self.composer);
        } else if let Some(table) = value.as_table() {
            self.table(table, file)?;
        } else {
            self.report
                .error(file, "a real server is a text or a table")
                .help("write: \"ADDRESS:PORT gate\", or { address = \"ADDRESS:PORT\", forward = \"gate\" }");
            return None;
        }
        Some(self.composer.since(mark))
    }

    fn family(&mut self, text: &str, file: Span) -> Option<()> {
        value::family(text, file, Place::Virtual(self.family), self.row, self.report)
    }

    fn table(&mut self, table: &DeTable<'_>, file: Span) -> Option<()> {
        let mut good = true;
        for (key, _) in table {
            if !SERVER_KEYS.contains(&key.get_ref().as_ref()) {
                let near = nearest(key.get_ref(), SERVER_KEYS);
                self.report
                    .error(span(key.span()), format!("unknown key \"{}\" of a real server", key.get_ref()))
                    .help = near.map(|near| format!("did you mean \"{near}\"?"));
                good = false;
            }
        }
        for key in ["address", "forward"] {
            if table.get(key).is_none() {
                let help = if key == "address" {
                    "\"ADDRESS:PORT\""
                } else {
                    "\"gate\", \"masq\", \"ipip\", \"gre\" or \"gue:PORT\""
                };
                self.report
                    .error(file, format!("this real server has no \"{key}\""))
                    .help(format!("write: {key} = {help}"));
                good = false;
            }
        }
        for (key, before) in [("address", ""), ("forward", " ")] {
            self.composer.glue(before);
            good &= table.get(key).is_none_or(|value| self.word(key, value).is_some());
        }
        if let Some(weight) = table.get("weight") {
            good &= self.number("weight", " ", weight).is_some();
        }
        match (table.get("request"), table.get("receive")) {
            (None, None) => {}
            (request, receive) => {
                self.composer.glue(" ");
                good &= self.quoted("request", request).is_some();
                self.composer.glue(", ");
                good &= self.quoted("receive", receive).is_some();
            }
        }
        for (key, prefix) in [("lower-threshold", " l:"), ("upper-threshold", " u:")] {
            if let Some(number) = table.get(key) {
                good &= self.number(key, prefix, number).is_some();
            }
        }
        good.then_some(())
    }

    fn word(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<()> {
        let file = span(value.span());
        let DeValue::String(text) = value.get_ref() else {
            self.report.error(file, format!("\"{key}\" must be a text"));
            return None;
        };
        line(text, file, self.source, self.report)?;
        if key == "address" {
            self.family(text, file)?;
        }
        if text.is_empty() || text.contains([' ', '\t', '"']) {
            self.report.error(file, format!("\"{key}\" must be one word"));
            return None;
        }
        bare(text, file, self.composer);
        Some(())
    }

    fn number(&mut self, key: &str, prefix: &str, value: &Spanned<DeValue<'_>>) -> Option<()> {
        let file = span(value.span());
        let Some(number) = whole(value.get_ref()) else {
            self.report.error(file, format!("\"{key}\" must be a whole number, zero or more"));
            return None;
        };
        self.composer.glue(prefix);
        self.composer.push(&number.to_string(), file);
        Some(())
    }

    /// A text in quotes; an empty one where there is none.
    fn quoted(&mut self, key: &str, value: Option<&Spanned<DeValue<'_>>>) -> Option<()> {
        let Some(value) = value else {
            self.composer.glue("\"\"");
            return Some(());
        };
        let file = span(value.span());
        let DeValue::String(text) = value.get_ref() else {
            self.report.error(file, format!("\"{key}\" must be a text"));
            return None;
        };
        line(text, file, self.source, self.report)?;
        if text.contains('"') {
            let instead = if key == "request" { "%22" } else { "\\x22" };
            self.report
                .error(file, format!("a double quote cannot stand in the \"{key}\" of one server"))
                .help(format!("write {instead} for it"));
            return None;
        }
        self.composer.push(&format!("\"{text}\""), file);
        Some(())
    }
}
