//! `l:NUMBER` and `u:NUMBER` of a `real` line: how many connections the server takes.

use crate::config::{Spanned, diagnostic::Report, draft::Given};

/// The most that `ipvsadm` takes.
const MOST: u32 = i32::MAX.cast_unsigned();

/// The thresholds of one line, as they are read.
pub(super) struct Thresholds {
    pub(super) upper: Given<u32>,
    pub(super) lower: Given<u32>,
    /// Nothing about them was reported.
    pub(super) good: bool,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { upper: None, lower: None, good: true }
    }
}

impl Thresholds {
    /// Takes a word that is a threshold; says whether it is one.
    pub(super) fn take(&mut self, word: Spanned<&str>, report: &mut Report) -> bool {
        let Some((kind, number)) = split(word.value) else { return false };
        let slot = if kind == 'l' { &mut self.lower } else { &mut self.upper };
        match number.parse().ok().filter(|number| *number <= MOST) {
            Some(number) if slot.is_none() => *slot = Some(Spanned::new(number, word.span)),
            Some(_) => {
                report.error(word.span, format!("\"{kind}:\" again"));
                self.good = false;
            }
            None => {
                report.error(word.span, format!("expected {kind}:NUMBER, from 0 to {MOST}"));
                self.good = false;
            }
        }
        true
    }

    /// Takes quoted texts that are thresholds, as the old manual prints them; says whether they are.
    pub(super) fn take_quoted(&mut self, strings: Spanned<&str>, report: &mut Report) -> bool {
        let mut at = 0;
        let mut texts = Vec::new();
        for (index, piece) in strings.value.split('"').enumerate() {
            // Every second piece is what stands between quotes.
            if index % 2 == 1 {
                texts.push(strings.part(at, at + piece.len()).trim());
            }
            at += piece.len() + 1;
        }
        if texts.is_empty() || !texts.iter().all(|text| split(text.value).is_some()) {
            return false;
        }
        report.warning(strings.span, "thresholds need no quotes around them");
        for text in texts {
            self.take(text, report);
        }
        true
    }
}

fn split(word: &str) -> Option<(char, &str)> {
    let (kind, number) = word.split_once(':')?;
    match kind {
        "l" => Some(('l', number)),
        "u" => Some(('u', number)),
        _ => None,
    }
}
