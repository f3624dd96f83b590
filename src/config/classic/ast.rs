//! A file as its author divided it: global directives and sections, each with its places, values unread. Both grammars
//! come to this form.

use super::directives::Directive;
use crate::config::{Span, Spanned};

/// A whole file.
#[derive(Debug, Default)]
pub(crate) struct Ast<'s> {
    pub(crate) globals: Vec<Entry<'s>>,
    pub(crate) sections: Vec<Section<'s>>,
}

/// A virtual service.
#[derive(Debug)]
pub(crate) struct Section<'s> {
    /// The `virtual` or `virtual6` line.
    pub(crate) head: Entry<'s>,
    /// The lines that belong to it.
    pub(crate) body: Vec<Entry<'s>>,
}

/// One directive with its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'s> {
    pub(crate) directive: &'s Directive,
    /// Where its name stands.
    pub(crate) name: Span,
    /// Its value, without comment and blanks around.
    pub(crate) value: Spanned<&'s str>,
    /// A comment follows the value without a blank between.
    pub(crate) glued_comment: bool,
}
