//! The native grammar: TOML. `docs/configuration.md` is its description.
//!
//! A document ([`document`]) is taken apart by the one table of [`keys`]; each value ([`value`], [`server`]) is written as
//! the classic grammar has it and read by the reader of its directive there, so that both grammars take and refuse the
//! same values. [`vocabulary`] says what those readers and `lower` say in this grammar's words.

pub(super) mod document;
pub(super) mod keys;
pub(super) mod server;
mod unknown;
mod value;
mod vocabulary;

use super::{
    Source,
    classic::{self, Ast},
    diagnostic::Report,
    draft::Draft,
    places::Composer,
};

/// Reads a text. What is wrong with it goes into the report and is left out of the draft.
pub(crate) fn read(source: &Source, report: &mut Report) -> Draft {
    let mut composer = Composer::new(source.text().len());
    let sections = document::read(source, &mut composer, report);
    report.translate(composer.places(), vocabulary::native);
    let directives: Vec<_> = keys::KEYS.iter().map(keys::Row::renamed).collect();
    let ast: Ast<'_> = sections.ast(&directives, &composer);
    classic::fill(&ast, report)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{TableResolver, lower::lower};

    /// Reads and lowers a text, and checks that all diagnostics lie inside it and can be shown.
    fn survives(text: &str) {
        let source = Arc::new(Source::new("x.toml", text.as_bytes()));
        let mut report = Report::new(Arc::clone(&source));
        let draft = read(&source, &mut report);
        let mut none = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let _ = lower(draft, &TableResolver::default(), &mut none, &mut report);
        for diagnostic in report.finish() {
            let span = diagnostic.span.expect("the reader always knows a place");
            assert!(source.text().get(span.start..span.end).is_some(), "{span:?} in {text:?}");
            let _ = diagnostic.to_string();
        }
    }

    /// What fuzzing found.
    #[test]
    fn texts_that_have_no_place_of_their_own_are_read_or_refused() {
        for key in ["tls-ca", "name", "callback", "scheduler", "address", "real"] {
            for value in ["\"x", "", "\"", "'", "\"\"\"", "x", "{", "[", "[\"x", "{ a", "]", ","] {
                survives(&format!("[[virtual]]\n{key} = {value}"));
                survives(&format!("[[virtual]]\n{key} = {value}\nx 10.0.0.1:80\n"));
                survives(&format!("{key} = {value}\n{key} {value}"));
                survives(&format!("virtual.{key} {value}\n[virtual.{key}]\n{key}\n"));
            }
        }
        survives("real = [\"192.0.2.11:443 masts.check]\ntls-ca = \"ca.pem\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn almost_configurations_are_read_or_refused(
            lines in proptest::collection::vec((
                "\\[\\[virtual\\]\\]|\\[defaults\\]|\\[virtual.check\\]|address|fwmark|family|real|check.type|receive|request|callback|\
                netmask|timeout|fallback|[a-z.]{1,9}",
                "( = (true|[0-9-]{1,3}|\"([0-9.:>\\[\\]# a-dé,x-]|\\\\u00e9|\\\\\"){0,20}\"|\"\"\"a\n|'[a(\"]{0,4}'|\\[\"10.0.0.1:80 gate 1\", 'é l:', \\{address='10.0.0.2', \
                forward='masq', request='\\[', receive='\\['\\}\\]))?"), 0..12),
        ) {
            let text = lines.iter().fold(String::new(), |text, (key, value)| format!("{text}{key}{value}\n"));
            survives(&text);
        }
    }
}
