//! The classic grammar of `ldirectord.cf`. `GRAMMAR.md` beside this file is its description.
//!
//! Lines ([`lexer`]) are put together to sections ([`parser`], [`ast`]) by the one table of [`directives`]; [`mod@fill`]
//! reads each value ([`values`], [`forms`], [`endpoint`], [`server`]) into the draft.

mod ast;
pub(super) mod directives;
mod endpoint;
mod fill;
mod forms;
mod ipvs_timeouts;
mod lexer;
mod mail;
mod parser;
pub(super) mod server;
mod talk;
mod thresholds;
pub(super) mod values;

pub(super) use ast::{Ast, Entry, Section};
pub(super) use fill::fill;
pub(super) use parser::parse;

use super::{Source, diagnostic::Report, draft::Draft};

/// Reads a text. What is wrong with it goes into the report and is left out of the draft.
pub(crate) fn read(source: &Source, report: &mut Report) -> Draft {
    let ast = parse(source, report);
    fill(&ast, report)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{TableResolver, lower::lower};

    /// Reads and lowers arbitrary bytes and checks that all diagnostics lie inside the text and can be shown.
    fn survives(bytes: &[u8]) {
        let source = Arc::new(Source::new("x", bytes));
        let mut report = Report::new(Arc::clone(&source));
        let draft = read(&source, &mut report);
        let mut none = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let _ = lower(draft, &TableResolver::default(), &mut none, &mut report);
        for diagnostic in report.finish() {
            let span = diagnostic.span.expect("the parser always knows a place");
            assert!(span.start <= span.end && span.end <= source.text().len(), "{span:?}");
            assert!(source.text().get(span.start..span.end).is_some(), "{span:?} splits a character");
            let _ = diagnostic.to_string();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            survives(&bytes);
        }

        #[test]
        fn almost_configurations_are_read_or_refused(
            lines in proptest::collection::vec((0usize..6, "[a-z6]{0,4}|virtual|virtual6|real|real6|fallback|\
                request|receive|checktype|timeout|callback|netmask|persistent|logfile|service|protocol|checkport",
                "[ \t]{0,2}=?[ \t]{0,2}", "[0-9.:>\\[\\]\"# a-dé,x-]{0,30}|[0-9]{1,3}|(\\[::[1-9]\\]|10.0.0.[0-9]{1,2})(->10.0.0.9)?(:[0-9]{2})?\
                ( gate| masq)?( [0-9])?( \"[/#a(]{0,3}\")?(, \"[a)(*?]{0,3}\")?"), 0..20),
        ) {
            let text = lines.iter().fold(String::new(), |text, (indent, name, equals, value)| {
                format!("{text}{:indent$}{name}{equals}{value}\n", "")
            });
            survives(text.as_bytes());
        }
    }
}
