//! The native grammar: TOML. `docs/configuration.md` is its description.
//!
//! A document ([`document`]) is taken apart by the one table of [`keys`]; each value ([`value`], [`server`]) is written as
//! the classic grammar has it and read by the reader of its directive there, so that both grammars take and refuse the
//! same values. [`vocabulary`] says what those readers and `lower` say in this grammar's words.

pub(super) mod document;
pub(super) mod keys;
mod server;
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
