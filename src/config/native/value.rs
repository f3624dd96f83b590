//! Values to the texts that the classic grammar has for them.

use std::net::{Ipv4Addr, Ipv6Addr};

use toml::{Spanned, de::DeValue};

pub(super) use super::keys::Shape;
use super::{
    document::span,
    keys::{Place, Row},
};
use crate::{
    config::{Source, Span, diagnostic::Report, places::Composer},
    model::Family,
};

/// Writes the value of a key as the classic grammar has it, and gives where; reports where it is of the wrong kind.
pub(super) fn compose(
    row: &Row,
    value: &Spanned<DeValue<'_>>,
    place: Place,
    source: &Source,
    composer: &mut Composer,
    report: &mut Report,
) -> Option<Span> {
    let file = span(value.span());
    let mark = composer.mark();
    match (row.shape, value.get_ref()) {
        (Shape::Switch, DeValue::Boolean(on)) => composer.push(if *on { "yes" } else { "no" }, file),
        (Shape::Number | Shape::Time | Shape::NumberOrWord, DeValue::Integer(_)) => {
            match whole(value.get_ref()) {
                Some(number) => composer.push(&number.to_string(), file),
                None => return wrong(row, value, report),
            }
        }
        (Shape::Word | Shape::Time | Shape::NumberOrWord | Shape::Server, DeValue::String(text)) => {
            line(text, file, source, report)?;
            if row.shape == Shape::Word && row.key == "address" || row.shape == Shape::Server {
                family(text, file, place, row, report)?;
            }
            bare(text, file, composer);
        }
        (Shape::Text | Shape::Program, DeValue::String(text)) => {
            line(text, file, source, report)?;
            composer.push(&format!("\"{text}\""), file);
        }
        (Shape::Program, DeValue::Array(list)) => {
            composer.glue("\"");
            for (index, part) in list.iter().enumerate() {
                let DeValue::String(text) = part.get_ref() else { return wrong(row, part, report) };
                line(text, span(part.span()), source, report)?;
                composer.glue(if index > 0 { " " } else { "" });
                composer.push(&argument(text), span(part.span()));
            }
            composer.glue("\"");
        }
        (Shape::Words(_), DeValue::String(text)) => {
            line(text, file, source, report)?;
            bare(text, file, composer);
        }
        (Shape::Words(between), DeValue::Array(list)) => {
            for (index, part) in list.iter().enumerate() {
                let DeValue::String(text) = part.get_ref() else { return wrong(row, part, report) };
                line(text, span(part.span()), source, report)?;
                composer.glue(if index > 0 { between } else { "" });
                bare(text, span(part.span()), composer);
            }
        }
        _ => return wrong(row, value, report),
    }
    Some(composer.since(mark))
}

/// A whole number that is not negative.
pub(super) fn whole(value: &DeValue<'_>) -> Option<u64> {
    let DeValue::Integer(number) = value else { return None };
    u64::from_str_radix(number.as_str().trim_start_matches('+'), number.radix()).ok()
}

/// Adds a text without its quotes.
pub(super) fn bare(text: &str, file: Span, composer: &mut Composer) {
    // Other quotes, an escape, or a text that the parser made up for one that is missing: the places do not match.
    let plain = file.end - file.start == text.len() + 2;
    composer.push(text, if plain { file.part(1, text.len() + 1) } else { file });
}

/// Reports a text that is no line: nobody could read it in a log, and the classic grammar cannot say it.
pub(super) fn line(text: &str, file: Span, source: &Source, report: &mut Report) -> Option<()> {
    if text.contains('\u{fffd}') && source.is_repaired() {
        report.error(file, "a byte that is not UTF-8").help("save the file as UTF-8");
        return None;
    }
    let Some(odd) = text.chars().find(|c| c.is_control() && *c != '\t') else { return Some(()) };
    let what = if odd == '\n' { "an end of line" } else { "a control character" };
    report.error(file.part(0, 1), format!("{what} cannot stand in a value"));
    None
}

/// Reports an address that is not of the family that its place is for.
pub(super) fn family(text: &str, file: Span, place: Place, row: &Row, report: &mut Report) -> Option<()> {
    let word = text.split([' ', '\t']).next().unwrap_or_default();
    let host = word.rsplit_once(':').map_or(word, |(host, _)| host);
    let shown = if word.strip_prefix('[').is_some_and(|rest| rest.split(']').next().is_some_and(is_six)) {
        Family::V6
    } else if host.parse::<Ipv4Addr>().is_ok() {
        Family::V4
    } else {
        return Some(());
    };
    let (wanted, help) = match place {
        Place::Virtual(family) => (family, "all addresses of a virtual service are of one family"),
        Place::Top | Place::Defaults if row.key.ends_with('6') => (Family::V6, "write fallback for IPv4"),
        Place::Top | Place::Defaults => (Family::V4, "write fallback6 for IPv6"),
    };
    if shown == wanted {
        return Some(());
    }
    let name = if wanted == Family::V4 { "IPv4" } else { "IPv6" };
    report.error(file, format!("\"{}\" takes {name} addresses here", row.key)).help(help);
    None
}

fn is_six(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// An argument of a program, so that it stays one.
fn argument(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn wrong<T>(row: &Row, value: &Spanned<DeValue<'_>>, report: &mut Report) -> Option<T> {
    let help = match (row.shape, value.get_ref()) {
        (Shape::Switch, DeValue::String(text)) if ["yes", "on", "1"].contains(&text.as_ref()) => {
            Some("write true")
        }
        (Shape::Switch, DeValue::String(text)) if ["no", "off", "0"].contains(&text.as_ref()) => {
            Some("write false")
        }
        (Shape::Number, DeValue::String(text)) if text.parse::<u64>().is_ok() => {
            Some("write it without quotes")
        }
        _ => None,
    };
    let message = format!("\"{}\" must be {}", row.key, row.form);
    report.error(span(value.span()), message).help = help.map(str::to_owned);
    None
}
