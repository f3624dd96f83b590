//! Values that have a form of their own, each for one directive or a few: a program, a place for the log, an address of
//! this machine, a host's name.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use super::{
    ast::Entry,
    values::{self, choice, number, text},
};
use crate::{
    config::{
        Spanned, command_line,
        diagnostic::Report,
        draft::{CheckType, Given, ProtocolName},
        duration,
        suggest::nearest,
    },
    model::{Command, HttpMethod, LogTarget},
};

/// The most jitter, in percent: with more a check could follow at once on the one before.
const MOST_JITTER: u8 = 50;

/// The syslog facilities.
const FACILITIES: [&str; 20] = [
    "auth", "authpriv", "cron", "daemon", "ftp", "kern", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7", "lpr", "mail", "news", "syslog", "user", "uucp",
];

/// How often something must happen, at least once.
pub(super) fn count(entry: &Entry<'_>, report: &mut Report) -> Given<NonZeroU32> {
    let count = number(entry, 1, u32::MAX, report)?;
    Some(Spanned::new(NonZeroU32::new(count.value)?, count.span))
}

/// Zero is never; more often than once a second would be work without end.
pub(super) fn or_never(entry: &Entry<'_>, report: &mut Report) -> Given<Duration> {
    let given = values::time(entry, Duration::ZERO, duration::LONGEST, report)?;
    if !given.value.is_zero() && given.value < Duration::from_secs(1) {
        values::expected(entry, "a time of at least 1s, or 0 for never", report);
        return None;
    }
    Some(given)
}

/// How long before something ends it counts; zero is never.
pub(super) fn lead_time(entry: &Entry<'_>, report: &mut Report) -> Given<Duration> {
    values::time(entry, Duration::ZERO, duration::LONGEST, report)
}

/// A part of the interval, with or without the sign behind it.
pub(super) fn percent(entry: &Entry<'_>, report: &mut Report) -> Given<u8> {
    let value = values::unquoted(entry.value);
    let number = value.value.strip_suffix('%').unwrap_or(value.value).trim_end().parse().ok();
    let percent = number.filter(|percent| *percent <= MOST_JITTER);
    if percent.is_none() {
        values::expected(entry, &format!("a part of the interval from 0% to {MOST_JITTER}%"), report);
    }
    percent.map(|percent| Spanned::new(percent, value.span))
}

pub(super) fn http_method(entry: &Entry<'_>, report: &mut Report) -> Given<HttpMethod> {
    let value = values::unquoted(entry.value);
    // Any case is good, as in the reference.
    let method = HttpMethod::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(value.value));
    if method.is_none() {
        let names = HttpMethod::ALL.map(HttpMethod::name);
        values::expected(entry, &values::one_of(&names), report);
    }
    method.map(|method| Spanned::new(method, value.span))
}

/// A program and its arguments; what only a shell would understand is remarked on.
pub(super) fn command(entry: &Entry<'_>, line: Spanned<&str>, report: &mut Report) -> Given<Command> {
    let split = match command_line::split(line.value) {
        Ok(split) => split,
        Err(at) => {
            report.error(line.span.part(at, at + 1), "this quote is not closed");
            return None;
        }
    };
    if split.argv.first().is_none_or(String::is_empty) {
        values::expected(entry, entry.directive.form, report);
        return None;
    }
    if let Some((at, c)) = split.special {
        report
            .warning(
                line.span.part(at, at + c.len_utf8()),
                format!("no shell sees this: \"{c}\" is passed on as it is"),
            )
            .help("put it into single quotes; to have a shell: sh -c '...'");
    }
    Some(Spanned::new(Command { argv: split.argv }, line.span))
}

pub(super) fn log_target(entry: &Entry<'_>, report: &mut Report) -> Given<LogTarget> {
    let name = text(entry, report)?;
    if name.value.starts_with('/') {
        return Some(name.map(|path| LogTarget::File(path.into())));
    }
    if FACILITIES.contains(&name.value.as_str()) {
        return Some(name.map(LogTarget::Facility));
    }
    let near = nearest(&name.value, FACILITIES);
    report.error(name.span, "expected a path from the root or a syslog facility").help =
        near.map(|near| format!("did you mean {near}?"));
    None
}

pub(super) fn protocol(entry: &Entry<'_>, report: &mut Report) -> Given<ProtocolName> {
    let all = [
        ("tcp", ProtocolName::Tcp),
        ("udp", ProtocolName::Udp),
        ("sctp", ProtocolName::Sctp),
        ("fwm", ProtocolName::Fwm),
    ];
    choice(entry, &all, report)
}

pub(super) fn check_type(entry: &Entry<'_>, report: &mut Report) -> Given<CheckType> {
    let value = values::unquoted(entry.value);
    if value.value.bytes().any(|byte| byte.is_ascii_digit()) {
        // As in the reference, the first number counts, whatever stands around it.
        return number(entry, 0, u32::MAX, report).map(|number| number.map(CheckType::Combined));
    }
    choice(entry, &CheckType::WORDS, report)
}

/// A scheduler of the kernel. More than those we know may be loaded as modules, so that a stranger is only remarked on.
pub(super) fn scheduler(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    const KNOWN: [&str; 14] =
        ["dh", "fo", "lblc", "lblcr", "lc", "mh", "nq", "ovf", "rr", "sed", "sh", "twos", "wlc", "wrr"];
    let word = first_word(entry, report)?;
    let lower = word.value.to_ascii_lowercase();
    if !lower.bytes().all(|byte| byte.is_ascii_lowercase()) {
        let letters: String = lower.chars().filter(char::is_ascii_lowercase).collect();
        let near = nearest(&letters, KNOWN).map(|near| format!("did you mean {near}?"));
        values::expected(entry, "a scheduler of lower-case letters, e.g. wrr", report).help = near;
        return None;
    }
    if lower != word.value {
        report.warning(word.span, format!("read as {lower}"));
    }
    if !KNOWN.contains(&lower.as_str()) {
        let near = KNOWN.into_iter().find(|known| known.len() > 2 && lower.contains(known));
        let near = near.or_else(|| nearest(&lower, KNOWN));
        report
            .warning(word.span, format!("\"{lower}\" is no scheduler of the kernel that is known here"))
            .help = near.map(|near| format!("did you mean {near}?"));
    }
    Some(Spanned::new(lower, word.span))
}

/// The first word of the value; quotes around it are fine, what follows it means nothing.
pub(super) fn first_word(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let (word, rest) = values::unquoted(entry.value).split_word();
    if word.value.is_empty() {
        values::expected(entry, entry.directive.form, report);
        return None;
    }
    if !rest.value.is_empty() {
        values::ignored(rest, report);
    }
    Some(word.map(str::to_owned))
}

/// Words for people: all of the value, without quotes around it.
pub(super) fn free_text(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let text = values::unquoted(entry.value);
    if text.value.is_empty() {
        values::expected(entry, entry.directive.form, report);
        return None;
    }
    Some(text.map(str::to_owned))
}

/// An address of this machine, with or without brackets.
pub(super) fn own_address(entry: &Entry<'_>, report: &mut Report) -> Given<IpAddr> {
    let value = values::unquoted(entry.value);
    let bare = value.value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value.value);
    let address =
        bare.parse().ok().filter(|address: &IpAddr| !address.is_unspecified() && !address.is_multicast());
    if address.is_none() {
        values::expected(entry, "an address of this machine, without a port", report);
    }
    address.map(|address| Spanned::new(address, value.span))
}

pub(super) fn absolute_path(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let path = text(entry, report)?;
    if !path.value.starts_with('/') {
        report.error(path.span, "expected a path from the root");
        return None;
    }
    Some(path)
}

/// The same where quotes are optional, as in the reference.
pub(super) fn bare_path(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let path = values::unquoted(entry.value);
    if !path.value.starts_with('/') {
        values::expected(entry, "a path from the root", report);
        return None;
    }
    Some(path.map(str::to_owned))
}

/// A name that TLS can ask for: as a virtual host, without a port.
pub(super) fn server_name(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let name = virtual_host(entry, report)?;
    let is_address = name.value.parse::<IpAddr>().is_ok();
    if !is_address && name.value.contains([':', '[', ']']) {
        report.error(name.span, "expected the bare name of a host, without a port");
        return None;
    }
    Some(name)
}

/// A host's name as it is sent in a header: one word, or what stands in the first pair of quotes.
pub(super) fn virtual_host(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let value = entry.value;
    let close = value.value.strip_prefix('"').and_then(|rest| rest.find('"'));
    let (name, rest) = match close {
        Some(length) => (value.part(1, 1 + length).trim(), value.part(length + 2, value.value.len()).trim()),
        None => value.split_word(),
    };
    if name.value.is_empty() {
        values::expected(entry, entry.directive.form, report);
        return None;
    }
    if name.value.contains(['"', '/', ' ', '\t']) {
        report.error(name.span, "expected the bare name of a host");
        return None;
    }
    if !rest.value.is_empty() {
        values::ignored(rest, report);
    }
    Some(name.map(str::to_owned))
}
