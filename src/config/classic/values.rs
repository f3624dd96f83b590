//! Values that are one thing: a switch, a number, a time, a word, a text.
//!
//! Each function reads the value of one entry, reports what is wrong or odd about it, and gives nothing where there is
//! nothing to go on with.

use std::time::Duration;

use super::ast::Entry;
use crate::config::{
    Spanned,
    diagnostic::Report,
    draft::Given,
    duration::{self, Time},
    suggest::nearest,
};

/// What can stand behind the number of a time.
const UNITS: &str = "a bare number is seconds; the units are ms, s, m, h and d";

/// The shortest time between checks, and for one: starts are on ticks of ten milliseconds.
pub(crate) const SHORTEST: Duration = Duration::from_millis(10);

/// `yes` or `no`. The reference wants exactly these; another case or quotes are as clear.
pub(crate) fn switch(entry: &Entry<'_>, report: &mut Report) -> Given<bool> {
    let value = word(entry, &["yes", "no"], report)?;
    Some(value.map(|word| word == "yes"))
}

/// One of a few words. Case and quotes are forgiven, with a remark.
pub(crate) fn word(entry: &Entry<'_>, words: &[&'static str], report: &mut Report) -> Given<&'static str> {
    let text = unquoted(entry.value);
    if let Some(&exact) = words.iter().find(|&&word| word == entry.value.value) {
        return Some(Spanned::new(exact, text.span));
    }
    let (first, rest) = text.split_word();
    if let Some(&meant) = words.iter().find(|word| word.eq_ignore_ascii_case(first.value)) {
        if rest.value.is_empty() {
            report
                .warning(entry.value.span, format!("read as {meant}"))
                .help(format!("write: {} = {meant}", entry.directive.name));
        } else {
            ignored(rest, report);
        }
        return Some(Spanned::new(meant, first.span));
    }
    let near = match text.value.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "enable" | "enabled" if words.contains(&"yes") => Some("yes"),
        "0" | "false" | "off" | "disable" | "disabled" if words.contains(&"yes") => Some("no"),
        other => nearest(other, words.iter().copied()),
    };
    expected(entry, &one_of(words), report).help = near.map(|near| format!("did you mean {near}?"));
    None
}

/// One of a few words, and what it stands for.
pub(crate) fn choice<T: Copy>(
    entry: &Entry<'_>,
    choices: &[(&'static str, T)],
    report: &mut Report,
) -> Given<T> {
    let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
    let given = word(entry, &words, report)?;
    let (_, meant) = choices.iter().find(|(word, _)| *word == given.value)?;
    Some(Spanned::new(*meant, given.span))
}

/// A whole number from `least` to `most`. The reference takes the first digits it finds; what else there is is told.
pub(crate) fn number(entry: &Entry<'_>, least: u32, most: u32, report: &mut Report) -> Given<u32> {
    let text = unquoted(entry.value);
    let range = match most {
        u32::MAX => format!("a whole number, at least {least}"),
        _ => format!("a whole number from {least} to {most}"),
    };
    let Some(digits) = first_digits(text) else {
        expected(entry, &range, report);
        return None;
    };
    let Some(number) = digits.value.parse().ok().filter(|number| (least..=most).contains(number)) else {
        expected(entry, &range, report);
        return None;
    };
    if digits.value.len() != text.value.len() {
        read_as(entry, &number.to_string(), report);
    }
    Some(Spanned::new(number, digits.span))
}

/// A time from `least` to `most`. A text that is none is read as the reference does, by the first digits in it, as far as
/// that is usable, and told.
pub(crate) fn time(
    entry: &Entry<'_>,
    least: Duration,
    most: Duration,
    report: &mut Report,
) -> Given<Duration> {
    let text = unquoted(entry.value);
    let (given, plain) = match duration::read(text.value) {
        Time::Plain(time) => (Some(time), None),
        Time::Worded(time, plain) => (Some(time), Some(plain)),
        Time::Odd(plain) => {
            let help = match plain {
                Some(plain) => format!("write: {} = {plain}", entry.directive.name),
                None => UNITS.to_owned(),
            };
            report.error(text.span, "a time is one whole number and a unit").help(help);
            return None;
        }
        Time::Not => {
            let behind = |digits: Spanned<&str>| &text.value[digits.span.end - text.span.start..];
            let digits = first_digits(text).filter(|digits| !duration::is_other_unit(behind(*digits)));
            let seconds = digits.and_then(|digits| digits.value.parse().ok());
            (seconds.map(Duration::from_secs), seconds.map(|seconds| seconds.to_string()))
        }
    };
    let Some(time) = given.filter(|time| (least..=most).contains(time)) else {
        let (least, most) = (duration::written(least), duration::written(most));
        expected(entry, &format!("a time from {least} to {most}"), report).help(UNITS);
        return None;
    };
    if let Some(plain) = plain {
        read_as(entry, &plain, report);
    }
    Some(Spanned::new(time, text.span))
}

/// A time that a check may take, or that is between two.
pub(crate) fn check_time(entry: &Entry<'_>, report: &mut Report) -> Given<Duration> {
    time(entry, SHORTEST, duration::LONGEST, report)
}

/// A time that somebody else counts in whole seconds, up to `most` of them.
pub(crate) fn seconds(entry: &Entry<'_>, least: u32, most: u32, report: &mut Report) -> Given<Duration> {
    let seconds = |count: u32| Duration::from_secs(count.into());
    let given = time(entry, seconds(least), seconds(most), report)?;
    if given.value.subsec_nanos() != 0 {
        expected(entry, "a time of whole seconds", report);
        return None;
    }
    Some(given)
}

fn read_as(entry: &Entry<'_>, plain: &str, report: &mut Report) {
    report
        .warning(entry.value.span, format!("read as {plain}"))
        .help(format!("write: {} = {plain}", entry.directive.name));
}

/// The first run of digits, which is what the reference takes for the number.
fn first_digits(text: Spanned<&str>) -> Option<Spanned<&str>> {
    let from = text.value.find(|c: char| c.is_ascii_digit())?;
    let digits = text.value[from..].bytes().take_while(u8::is_ascii_digit).count();
    Some(text.part(from, from + digits))
}

/// A text in double quotes, from the first to the last of the line. Without quotes it is one all the same, with a
/// remark, where it is clear what belongs to it.
pub(crate) fn text(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let value = entry.value;
    if let Some(inner) = quoted(value) {
        let behind = value.part(inner.value.len() + 2, value.value.len()).trim();
        if !behind.value.is_empty() {
            ignored(behind, report);
        }
        if inner.value.is_empty() {
            report.error(value.span, format!("\"{}\" is empty", entry.directive.name)).help("leave it out");
            return None;
        }
        return Some(Spanned::new(inner.value.to_owned(), inner.span));
    }
    let help = format!("write: {} = \"...\"", entry.directive.name);
    if value.value.is_empty() {
        expected(entry, entry.directive.form, report);
    } else if value.value.starts_with('"') {
        report.error(value.span, "the closing quote is missing");
    } else if value.value.contains('"') || value.value.starts_with(['\'', '“', '”', '„', '«']) {
        report.error(value.span, "the text must stand in double quotes, all of it").help(help);
    } else if entry.glued_comment {
        report
            .error(value.span, "without quotes the text ends at the \"#\" behind it; is that meant?")
            .help(help);
    } else {
        report.warning(value.span, "the text should stand in double quotes").help(help);
        return Some(Spanned::new(value.value.to_owned(), value.span));
    }
    None
}

/// What stands between the first character and the last quote, if the first is a quote too.
fn quoted(value: Spanned<&str>) -> Option<Spanned<&str>> {
    let last = value.value.rfind('"').filter(|&last| last > 0 && value.value.starts_with('"'))?;
    Some(value.part(1, last))
}

/// The value without quotes around all of it.
pub(crate) fn unquoted(value: Spanned<&str>) -> Spanned<&str> {
    match quoted(value) {
        Some(inner) if inner.value.len() + 2 == value.value.len() => inner.trim(),
        _ => value,
    }
}

/// Reports that the value is not what the directive takes.
pub(crate) fn expected<'r>(
    entry: &Entry<'_>,
    what: &str,
    report: &'r mut Report,
) -> &'r mut crate::config::Diagnostic {
    let name = entry.directive.name;
    let message = if entry.value.value.is_empty() {
        format!("\"{name}\" has no value; expected {what}")
    } else {
        format!("\"{name}\" must be {what}")
    };
    report.error(entry.value.span, message)
}

/// Remarks on text that means nothing, as in the reference.
pub(crate) fn ignored(text: Spanned<&str>, report: &mut Report) {
    report.warning(text.span, "this is ignored");
}

/// `a, b or c`.
pub(crate) fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
