//! Sections to the draft: each directive's value is read and put where it belongs.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use super::{
    ast::{Ast, Entry, Section},
    directives::{CommonKey, GlobalKey, Key, Status, VirtualKey},
    ipvs_timeouts::ipvs_timeouts,
    server,
    values::{self, check_time, number, seconds, switch, text, word},
};
use crate::{
    config::{
        Spanned, command_line,
        diagnostic::Report,
        draft::{CheckType, Common, Draft, Given, Globals, ProtocolName, Virtual, VirtualAt},
        duration,
        suggest::nearest,
    },
    model::{Command, Family, HttpMethod, LogTarget, PersistenceEngine, Secret, StartState, TlsVerify},
};

/// The longest persistence that `ipvsadm` takes: 31 days.
const MOST_PERSISTENT: u32 = 31 * 24 * 60 * 60;

/// The most jitter, in percent: with more a check could follow at once on the one before.
const MOST_JITTER: u8 = 50;

/// The syslog facilities.
const FACILITIES: [&str; 20] = [
    "auth", "authpriv", "cron", "daemon", "ftp", "kern", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7", "lpr", "mail", "news", "syslog", "user", "uucp",
];

/// Reads all values of a file.
pub(crate) fn fill(ast: &Ast<'_>, report: &mut Report) -> Draft {
    let mut draft = Draft::default();
    for entry in &ast.globals {
        match supported(entry, report) {
            Some(Key::Global(key)) => global(entry, key, &mut draft.globals, report),
            Some(Key::Common(key)) => common(entry, key, &mut draft.globals.common, report),
            // The parser puts these nowhere but into sections.
            Some(Key::Virtual(_) | Key::Head(_)) | None => {}
        }
    }
    draft.virtuals = ast.sections.iter().filter_map(|section| section_of(section, report)).collect();
    draft
}

/// The directive, if this version has it.
fn supported(entry: &Entry<'_>, report: &mut Report) -> Option<Key> {
    let name = entry.directive.name;
    match entry.directive.status {
        Status::Here(key) => return Some(key),
        Status::Later => {
            report.error(entry.name, format!("\"{name}\" is not supported in this version yet"));
        }
        Status::Gone(instead) => {
            report
                .error(entry.name, format!("\"{name}\" is no longer a directive"))
                .help(format!("use {instead}"));
        }
    }
    None
}

/// Puts a value where it belongs. The last one counts, as in the reference.
fn put<T>(slot: &mut Given<T>, value: Given<T>, entry: &Entry<'_>, report: &mut Report) {
    let Some(value) = value else { return };
    if let Some(before) = slot.replace(value) {
        let line = report.line_of(before.span);
        let name = entry.directive.name;
        report.warning(entry.name, format!("\"{name}\" again: this one counts, not the one in line {line}"));
    }
}

fn global(entry: &Entry<'_>, key: GlobalKey, globals: &mut Globals, report: &mut Report) {
    match key {
        GlobalKey::Timeout => {
            report
                .warning(entry.name, "\"timeout\" is deprecated")
                .help("use checktimeout and negotiatetimeout; it sets both");
            put(&mut globals.timeout, check_time(entry, report), entry, report);
        }
        GlobalKey::Autoreload => put(&mut globals.autoreload, switch(entry, report), entry, report),
        GlobalKey::Callback => {
            let callback = text(entry, report)
                .and_then(|line| command(entry, Spanned::new(&line.value, line.span), report));
            put(&mut globals.callback, callback, entry, report);
        }
        GlobalKey::Fork => {
            let fork = switch(entry, report);
            if fork.is_some_and(|fork| fork.value) {
                report
                    .warning(
                        entry.name,
                        "\"fork\" changes nothing: all servers are checked at the same time anyway",
                    )
                    .help("leave it out");
            }
            put(&mut globals.fork, fork, entry, report);
        }
        GlobalKey::Supervised => put(&mut globals.supervised, switch(entry, report), entry, report),
        GlobalKey::ReaddQuiescent => {
            let readd = switch(entry, report);
            if readd.is_some_and(|readd| !readd.value) {
                report
                    .warning(
                        entry.name,
                        "a quiescent server that is missing from the table is put back all the same",
                    )
                    .help("leave it out; resyncinterval = 0 looks at the table at start and reload only");
            }
            put(&mut globals.readd_quiescent, readd, entry, report);
        }
        GlobalKey::IpvsTimeouts => {
            put(&mut globals.ipvs_timeouts, ipvs_timeouts(entry, report), entry, report);
        }
        GlobalKey::Logfile => put(&mut globals.logfile, log_target(entry, report), entry, report),
        GlobalKey::ResyncInterval => {
            put(&mut globals.resync_interval, resync_interval(entry, report), entry, report);
        }
    }
}

fn common(entry: &Entry<'_>, key: CommonKey, common: &mut Common, report: &mut Report) {
    match key {
        CommonKey::CheckTimeout => put(&mut common.check_timeout, check_time(entry, report), entry, report),
        CommonKey::NegotiateTimeout => {
            put(&mut common.negotiate_timeout, check_time(entry, report), entry, report);
        }
        CommonKey::CheckCount => {
            if number(entry, 1, u32::MAX, report).is_some() {
                report
                    .warning(
                        entry.name,
                        "\"checkcount\" is for ping alone, which this version does not have yet",
                    )
                    .help("for the others it is failurecount");
            }
        }
        CommonKey::CheckInterval => put(&mut common.check_interval, check_time(entry, report), entry, report),
        CommonKey::CheckMark => {
            put(&mut common.check_mark, number(entry, 0, u32::MAX, report), entry, report);
        }
        CommonKey::CheckSource => put(&mut common.check_source, own_address(entry, report), entry, report),
        CommonKey::DownInterval => put(&mut common.down_interval, check_time(entry, report), entry, report),
        CommonKey::FastInterval => put(&mut common.fast_interval, check_time(entry, report), entry, report),
        CommonKey::Jitter => put(&mut common.jitter, percent(entry, report), entry, report),
        CommonKey::FailureCount => put(&mut common.failure_count, count(entry, report), entry, report),
        CommonKey::Fall => put(&mut common.fall, count(entry, report), entry, report),
        CommonKey::Rise => put(&mut common.rise, count(entry, report), entry, report),
        CommonKey::Quiescent => put(&mut common.quiescent, switch(entry, report), entry, report),
        CommonKey::Cleanstop => put(&mut common.cleanstop, switch(entry, report), entry, report),
        CommonKey::FallbackCommand => {
            // Quotes are optional for this one, as in the reference.
            let line = values::unquoted(entry.value);
            put(&mut common.fallback_command, command(entry, line, report), entry, report);
        }
        CommonKey::FallbackCommandOnStop => {
            put(&mut common.fallback_command_on_stop, switch(entry, report), entry, report);
        }
        CommonKey::StartState => {
            let state = word(entry, &["check", "up", "down"], report).map(|value| {
                value.map(|word| match word {
                    "up" => StartState::Up,
                    "down" => StartState::Down,
                    _ => StartState::Check,
                })
            });
            put(&mut common.start_state, state, entry, report);
        }
        CommonKey::TlsCa => put(&mut common.tls_ca, absolute_path(entry, report), entry, report),
        CommonKey::TlsServerName => {
            put(&mut common.tls_server_name, server_name(entry, report), entry, report);
        }
        CommonKey::TlsVerify => {
            let verify = word(entry, &["no", "chain", "full"], report).map(|value| {
                value.map(|word| match word {
                    "no" => TlsVerify::No,
                    "full" => TlsVerify::Full,
                    _ => TlsVerify::Chain,
                })
            });
            put(&mut common.tls_verify, verify, entry, report);
        }
        CommonKey::Fallback(family) => {
            let slot = match family {
                Family::V4 => &mut common.fallback,
                Family::V6 => &mut common.fallback6,
            };
            put(slot, server::fallback(entry, family, report), entry, report);
        }
    }
}

/// How often something must happen, at least once.
fn count(entry: &Entry<'_>, report: &mut Report) -> Given<NonZeroU32> {
    let count = number(entry, 1, u32::MAX, report)?;
    Some(Spanned::new(NonZeroU32::new(count.value)?, count.span))
}

/// Zero is never; more often than once a second would be a process without end.
fn resync_interval(entry: &Entry<'_>, report: &mut Report) -> Given<Duration> {
    let given = values::time(entry, Duration::ZERO, duration::LONGEST, report)?;
    if !given.value.is_zero() && given.value < Duration::from_secs(1) {
        values::expected(entry, "a time of at least 1s, or 0 for never", report);
        return None;
    }
    Some(given)
}

/// A part of the interval, with or without the sign behind it.
fn percent(entry: &Entry<'_>, report: &mut Report) -> Given<u8> {
    let value = values::unquoted(entry.value);
    let number = value.value.strip_suffix('%').unwrap_or(value.value).trim_end().parse().ok();
    let percent = number.filter(|percent| *percent <= MOST_JITTER);
    if percent.is_none() {
        values::expected(entry, &format!("a part of the interval from 0% to {MOST_JITTER}%"), report);
    }
    percent.map(|percent| Spanned::new(percent, value.span))
}

/// Reads a section. Its lines are read too where its address is wrong, for the sake of what else is wrong.
fn section_of(section: &Section<'_>, report: &mut Report) -> Option<Virtual> {
    let Some(Key::Head(family)) = supported(&section.head, report) else { return None };
    let at = server::virtual_at(&section.head, family, report);
    let usable = at.is_some();
    let placeholder =
        || Spanned::new(VirtualAt::FwMark { family, mark: NonZeroU32::MIN }, section.head.value.span);
    let mut service = Virtual::new(at.unwrap_or_else(placeholder));
    for entry in &section.body {
        match supported(entry, report) {
            Some(key) if !of_family(key, family) => wrong_family(entry, report),
            Some(Key::Virtual(key)) => line(entry, key, &mut service, report),
            Some(Key::Common(key)) => common(entry, key, &mut service.common, report),
            // The parser puts these nowhere but outside.
            Some(Key::Global(_) | Key::Head(_)) | None => {}
        }
    }
    usable.then_some(service)
}

/// Whether a directive fits into a virtual service of a family.
fn of_family(key: Key, family: Family) -> bool {
    match key {
        Key::Virtual(VirtualKey::Real(own)) | Key::Common(CommonKey::Fallback(own)) => own == family,
        Key::Virtual(_) | Key::Common(_) | Key::Global(_) | Key::Head(_) => true,
    }
}

fn wrong_family(entry: &Entry<'_>, report: &mut Report) {
    let name = entry.directive.name;
    let (other, head) = match name.strip_suffix('6') {
        Some(short) => (short.to_owned(), "virtual"),
        None => (format!("{name}6"), "virtual6"),
    };
    report
        .error(entry.name, format!("\"{name}\" cannot stand below \"{head}\""))
        .help(format!("use \"{other}\" here"));
}

fn line(entry: &Entry<'_>, key: VirtualKey, service: &mut Virtual, report: &mut Report) {
    match key {
        VirtualKey::Real(family) => service.reals.extend(server::real(entry, family, report)),
        VirtualKey::Protocol => put(&mut service.protocol, protocol(entry, report), entry, report),
        VirtualKey::Scheduler => put(&mut service.scheduler, scheduler(entry, report), entry, report),
        VirtualKey::PersistenceEngine => {
            let engine = word(entry, &["sip"], report).map(|word| word.map(|_| PersistenceEngine::Sip));
            put(&mut service.persistence_engine, engine, entry, report);
        }
        VirtualKey::Persistent => {
            let timeout = seconds(entry, 0, MOST_PERSISTENT, report);
            put(&mut service.persistent, timeout, entry, report);
        }
        VirtualKey::Netmask => {
            let mask = values::unquoted(entry.value);
            put(&mut service.netmask, Some(mask.map(str::to_owned)), entry, report);
        }
        VirtualKey::Service => put(&mut service.service, first_word(entry, report), entry, report),
        VirtualKey::CheckType => {
            let given = check_type(entry, report);
            service.check_type_is_wrong = given.is_none();
            put(&mut service.check_type, given, entry, report);
        }
        VirtualKey::ServiceName => put(&mut service.name, free_text(entry, report), entry, report),
        VirtualKey::Comment => put(&mut service.comment, free_text(entry, report), entry, report),
        VirtualKey::Load => {
            // Read for what is wrong with it; it never meant anything.
            if text(entry, report).is_some() {
                report
                    .warning(entry.name, "\"load\" is ignored, as the older ldirectord does")
                    .help("leave it out");
            }
        }
        VirtualKey::CheckPort => {
            let port = number(entry, 1, u16::MAX.into(), report)
                .and_then(|port| Some(Spanned::new(u16::try_from(port.value).ok()?, port.span)));
            put(&mut service.check_port, port, entry, report);
        }
        VirtualKey::Request => put(&mut service.request, text(entry, report), entry, report),
        VirtualKey::Receive => put(&mut service.receive, text(entry, report), entry, report),
        VirtualKey::VirtualHost => put(&mut service.vhost, virtual_host(entry, report), entry, report),
        VirtualKey::HttpMethod => put(&mut service.method, http_method(entry, report), entry, report),
        VirtualKey::Ops => put(&mut service.one_packet, switch(entry, report), entry, report),
        VirtualKey::SchedFlags => put(&mut service.flags, first_word(entry, report), entry, report),
        VirtualKey::Database => put(&mut service.database, text(entry, report), entry, report),
        VirtualKey::Secret => {
            put(&mut service.secret, text(entry, report).map(|value| value.map(Secret::new)), entry, report);
        }
        VirtualKey::Login => put(&mut service.login, text(entry, report), entry, report),
        VirtualKey::Passwd => {
            put(&mut service.passwd, text(entry, report).map(|value| value.map(Secret::new)), entry, report);
        }
    }
}

fn http_method(entry: &Entry<'_>, report: &mut Report) -> Given<HttpMethod> {
    let value = values::unquoted(entry.value);
    // Any case is good, as in the reference.
    let method = HttpMethod::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(value.value));
    if method.is_none() {
        values::expected(entry, "GET or HEAD", report);
    }
    method.map(|method| Spanned::new(method, value.span))
}

/// A program and its arguments; what only a shell would understand is remarked on.
fn command(entry: &Entry<'_>, line: Spanned<&str>, report: &mut Report) -> Given<Command> {
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

fn log_target(entry: &Entry<'_>, report: &mut Report) -> Given<LogTarget> {
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

fn protocol(entry: &Entry<'_>, report: &mut Report) -> Given<ProtocolName> {
    let value = word(entry, &["tcp", "udp", "sctp", "fwm"], report)?;
    Some(value.map(|word| match word {
        "tcp" => ProtocolName::Tcp,
        "udp" => ProtocolName::Udp,
        "sctp" => ProtocolName::Sctp,
        _ => ProtocolName::Fwm,
    }))
}

fn check_type(entry: &Entry<'_>, report: &mut Report) -> Given<CheckType> {
    let value = values::unquoted(entry.value);
    if value.value.bytes().any(|byte| byte.is_ascii_digit()) {
        // As in the reference, the first number counts, whatever stands around it.
        return number(entry, 0, u32::MAX, report).map(|number| number.map(CheckType::Combined));
    }
    let later = ["ping", "external", "external-perl"];
    if let Some(name) = later.iter().find(|name| name.eq_ignore_ascii_case(value.value)) {
        report
            .error(value.span, format!("\"checktype = {name}\" is not supported in this version yet"))
            .help("use negotiate, connect, on or off");
        return None;
    }
    let value = word(entry, &CheckType::WORDS.map(|(name, _)| name), report)?;
    let (_, meant) = CheckType::WORDS.into_iter().find(|(name, _)| *name == value.value)?;
    Some(Spanned::new(meant, value.span))
}

/// A scheduler of the kernel. More than those we know may be loaded as modules, so that a stranger is only remarked on.
fn scheduler(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
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
fn first_word(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
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
fn free_text(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let text = values::unquoted(entry.value);
    if text.value.is_empty() {
        values::expected(entry, "a text", report);
        return None;
    }
    Some(text.map(str::to_owned))
}

/// An address of this machine, with or without brackets.
fn own_address(entry: &Entry<'_>, report: &mut Report) -> Given<IpAddr> {
    let value = values::unquoted(entry.value);
    let bare = value.value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value.value);
    let address =
        bare.parse().ok().filter(|address: &IpAddr| !address.is_unspecified() && !address.is_multicast());
    if address.is_none() {
        values::expected(entry, "an address of this machine, without a port", report);
    }
    address.map(|address| Spanned::new(address, value.span))
}

fn absolute_path(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let path = text(entry, report)?;
    if !path.value.starts_with('/') {
        report.error(path.span, "expected a path from the root");
        return None;
    }
    Some(path)
}

/// A name that TLS can ask for: as a virtual host, without a port.
fn server_name(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
    let name = virtual_host(entry, report)?;
    let is_address = name.value.parse::<std::net::IpAddr>().is_ok();
    if !is_address && name.value.contains([':', '[', ']']) {
        report.error(name.span, "expected the bare name of a host, without a port");
        return None;
    }
    Some(name)
}

/// A host's name as it is sent in a header: one word, or what stands in the first pair of quotes.
fn virtual_host(entry: &Entry<'_>, report: &mut Report) -> Given<String> {
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
