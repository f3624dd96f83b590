//! Patterns, compiled once for equal ones.

use std::sync::Arc;

use super::Lowering;
use crate::{
    config::{Resolver, Spanned, draft},
    model::{Expected, Pattern},
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// What the content of an answer must be like, where `receive` is what it must match; reports where that is none.
    pub(super) fn expected(
        &mut self,
        draft: &draft::Virtual,
        receive: Option<&Spanned<String>>,
    ) -> Option<Expected> {
        let receive = match receive.filter(|receive| !receive.value.is_empty()) {
            Some(text) => self.pattern(text).map(Some),
            None => Some(None),
        };
        let refuse = match &draft.receive_not {
            Some(text) => self.pattern(text).map(Some),
            None => Some(None),
        };
        Some(Expected { receive: receive?, refuse: refuse? })
    }

    /// Compiles a pattern, once for equal ones; reports where it is none.
    pub(super) fn pattern(&mut self, given: &Spanned<String>) -> Option<Arc<Pattern>> {
        if let Some(known) = self.patterns.get(&given.value) {
            return Some(Arc::clone(known));
        }
        match Pattern::new(&given.value) {
            Ok(pattern) => {
                let pattern = Arc::new(pattern);
                self.patterns.insert(given.value.clone(), Arc::clone(&pattern));
                Some(pattern)
            }
            Err(error) => {
                let mut at = error.offset.min(given.value.len());
                while !given.value.is_char_boundary(at) {
                    at -= 1;
                }
                let next = given.value[at..].chars().next().map_or(0, char::len_utf8);
                self.report.error(
                    given.span.part(at, at + next),
                    format!("this is no regular expression: {}", error.message),
                );
                None
            }
        }
    }
}
