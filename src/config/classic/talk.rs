//! What is said to a server and expected of it, where that has a form of its own: statuses and fields of HTTP, dialogues,
//! and characters that cannot be written as they are.

use super::{
    ast::Entry,
    values::{self, text},
};
use crate::{
    config::{
        Spanned,
        diagnostic::Report,
        draft::{Given, Step},
        escape::unescape,
    },
    model::{Bytes, HttpField, StatusSet},
};

/// `200-299, 401`.
pub(super) fn statuses(entry: &Entry<'_>, report: &mut Report) -> Given<StatusSet> {
    let value = values::unquoted(entry.value);
    let mut ranges = Vec::new();
    for part in value.listed() {
        let (first, last) = part.value.split_once('-').unwrap_or((part.value, part.value));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if StatusSet::new([first..=last]).is_some() => ranges.push(first..=last),
            _ => {
                report
                    .error(part.span, "this is no status of HTTP, and no range of them")
                    .help("statuses are from 200 to 599: 200-299, 401");
                return None;
            }
        }
    }
    let set = StatusSet::new(ranges);
    if set.is_none() {
        values::expected(entry, "statuses of HTTP, e.g. 200-299, 401", report);
    }
    set.map(|set| Spanned::new(set, value.span))
}

/// Fields that are sent.
pub(super) fn fields(entry: &Entry<'_>, report: &mut Report) -> Given<Vec<HttpField>> {
    let given = text(entry, report)?;
    let mut fields: Vec<HttpField> = Vec::new();
    for (name, value) in parts(&given, report)? {
        let is = |other: &str| name.value.eq_ignore_ascii_case(other);
        if is("Content-Length") || is("Transfer-Encoding") {
            report
                .error(name.span, format!("{} is not yours to send: it follows from the body", name.value))
                .help("leave it out, and write the body as \"request-body\"");
            return None;
        }
        if is("Host") && fields.iter().any(|field| field.name.eq_ignore_ascii_case("Host")) {
            report.error(name.span, "a request has one Host (RFC 9112, 3.2)");
            return None;
        }
        fields.push(HttpField { name: name.value.to_owned(), value: value.value.to_owned() });
    }
    Some(Spanned::new(fields, given.span))
}

/// Fields that are expected: names, and what their values must match.
pub(super) fn expected_fields(
    entry: &Entry<'_>,
    report: &mut Report,
) -> Given<Vec<(String, Spanned<String>)>> {
    let given = text(entry, report)?;
    let field =
        |(name, value): (Spanned<&str>, Spanned<&str>)| (name.value.to_owned(), value.map(str::to_owned));
    let fields = parts(&given, report)?.into_iter().map(field).collect();
    Some(Spanned::new(fields, given.span))
}

/// The fields of a text, of which `\n` stands between several.
fn parts<'t>(
    given: &'t Spanned<String>,
    report: &mut Report,
) -> Option<Vec<(Spanned<&'t str>, Spanned<&'t str>)>> {
    let mut fields = Vec::new();
    for line in split(Spanned::new(given.value.as_str(), given.span), "\\n") {
        let line = line.trim();
        let Some(colon) = line.value.find(':') else {
            report.error(line.span, "a field of a head has a name, a colon and a value");
            return None;
        };
        let (name, value) = (line.part(0, colon), line.part(colon + 1, line.value.len()).trim());
        // A token (RFC 9110, 5.6.2), and nothing that would end the line.
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.value.is_empty() || !name.value.chars().all(is_token) {
            report.error(line.span, "a name is letters, digits and hyphens, with a colon right behind it");
            return None;
        }
        if value.value.contains(|c: char| c.is_control() && c != '\t') {
            report.error(value.span, "a value has no control characters");
            return None;
        }
        fields.push((name, value));
    }
    Some(fields)
}

/// `expect PATTERN ; send TEXT ; ...`.
pub(super) fn dialogue(entry: &Entry<'_>, report: &mut Report) -> Given<Vec<Step>> {
    let given = text(entry, report)?;
    let mut steps = Vec::new();
    for step in split(Spanned::new(given.value.as_str(), given.span), " ; ") {
        let (word, rest) = step.split_word();
        let step = match word.value {
            "send" | "expect" if rest.value.is_empty() => {
                report.error(word.span, format!("\"{}\" of what?", word.value));
                return None;
            }
            "send" => Step::Send(bytes(rest, report)?),
            "expect" => Step::Expect(rest.map(str::to_owned)),
            _ => {
                report
                    .error(word.span, "a step of a dialogue begins with send or expect")
                    .help("expect ^220 ; send QUIT\\r\\n ; expect ^221");
                return None;
            }
        };
        steps.push(step);
    }
    if !steps.iter().any(|step| matches!(step, Step::Expect(_))) {
        report.error(given.span, "a dialogue in which nothing is expected proves nothing");
        return None;
    }
    Some(Spanned::new(steps, given.span))
}

/// A text with escapes, as bytes.
fn bytes(given: Spanned<&str>, report: &mut Report) -> Option<Bytes> {
    match unescape(given.value) {
        Ok(bytes) => Some(Bytes::new(bytes)),
        Err(at) => {
            let end = (at + 2).min(given.value.len());
            report
                .error(given.span.part(at, end), "this escape is not known")
                .help(crate::config::escape::KNOWN);
            None
        }
    }
}

/// The parts of a text between which this stands.
fn split<'t>(whole: Spanned<&'t str>, between: &str) -> Vec<Spanned<&'t str>> {
    let mut from = 0;
    let part = |part: &str| {
        let at = from;
        from += part.len() + between.len();
        whole.part(at, at + part.len())
    };
    whole.value.split(between).map(part).collect()
}
