//! Sections to the draft: each directive's value is read and put where it belongs.

use std::num::NonZeroU32;

use super::{
    ast::{Ast, Entry, Section},
    directives::{CommonKey, GlobalKey, Key, Status, VirtualKey},
    forms::{
        absolute_path, bare_path, check_type, command, count, first_word, free_text, http_method, lead_time,
        log_target, or_never, own_address, percent, protocol, scheduler, server_name, virtual_host,
    },
    ipvs_timeouts::ipvs_timeouts,
    mail, server, talk,
    values::{self, check_time, choice, number, seconds, switch, text},
};
use crate::{
    config::{
        Spanned,
        diagnostic::Report,
        draft::{Common, Draft, Given, Globals, TlsUse, Virtual, VirtualAt},
    },
    model::{Family, PersistenceEngine, RecordType, Secret, StartState, TlsVerify},
};

/// The longest persistence that `ipvsadm` takes: 31 days.
const MOST_PERSISTENT: u32 = 31 * 24 * 60 * 60;

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

/// The directive, if there is still such a one.
fn supported(entry: &Entry<'_>, report: &mut Report) -> Option<Key> {
    let name = entry.directive.name;
    match entry.directive.status {
        Status::Here(key) => return Some(key),
        Status::Gone(instead) => {
            report
                .error(entry.name, format!("\"{name}\" is no longer a directive"))
                .help(format!("use {instead}"));
        }
    }
    None
}

/// Puts a value where it belongs. The last one counts, as in the reference.
pub(super) fn put<T>(slot: &mut Given<T>, value: Given<T>, entry: &Entry<'_>, report: &mut Report) {
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
        GlobalKey::EmailAlertFrom => put(&mut globals.mail_from, mail::one(entry, report), entry, report),
        GlobalKey::Execute => execute(entry, &mut globals.execute, report),
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
        GlobalKey::MaintenanceDir => {
            put(&mut globals.maintenance_dir, free_text(entry, report), entry, report);
        }
        GlobalKey::Logfile => put(&mut globals.logfile, log_target(entry, report), entry, report),
        GlobalKey::ResyncInterval => {
            put(&mut globals.resync_interval, or_never(entry, report), entry, report);
        }
    }
}

/// Names of configurations, of which each line adds some. Quotes are optional, as in the manual of the reference.
fn execute(entry: &Entry<'_>, all: &mut Vec<Spanned<String>>, report: &mut Report) {
    let mut names = values::unquoted(entry.value).listed().peekable();
    if names.peek().is_none() {
        report.error(entry.name, "\"execute\" needs the name of a configuration");
    }
    for name in names {
        if name.value.starts_with('-') {
            report.error(name.span, format!("\"{}\" cannot be the name of a configuration", name.value));
        } else if let Some(known) = all.iter().find(|known| known.value == name.value) {
            let line = report.line_of(known.span);
            let words = format!("\"{}\" again: it stands in line {line} already", name.value);
            report.warning(name.span, words);
        } else {
            all.push(name.map(str::to_owned));
        }
    }
}

fn common(entry: &Entry<'_>, key: CommonKey, common: &mut Common, report: &mut Report) {
    match key {
        CommonKey::CheckTimeout => put(&mut common.check_timeout, check_time(entry, report), entry, report),
        CommonKey::NegotiateTimeout => {
            put(&mut common.negotiate_timeout, check_time(entry, report), entry, report);
        }
        CommonKey::CheckCount => put(&mut common.check_count, count(entry, report), entry, report),
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
            let states = [("check", StartState::Check), ("up", StartState::Up), ("down", StartState::Down)];
            put(&mut common.start_state, choice(entry, &states, report), entry, report);
        }
        CommonKey::Mail(key) => mail::mail(entry, key, &mut common.mail, report),
        CommonKey::TlsCa => put(&mut common.tls_ca, absolute_path(entry, report), entry, report),
        CommonKey::TlsExpiryFailure => {
            put(&mut common.tls_expiry_failure, lead_time(entry, report), entry, report);
        }
        CommonKey::TlsExpiryWarning => {
            put(&mut common.tls_expiry_warning, lead_time(entry, report), entry, report);
        }
        CommonKey::TlsServerName => {
            put(&mut common.tls_server_name, server_name(entry, report), entry, report);
        }
        CommonKey::TlsVerify => {
            let degrees = [("no", TlsVerify::No), ("chain", TlsVerify::Chain), ("full", TlsVerify::Full)];
            put(&mut common.tls_verify, choice(entry, &degrees, report), entry, report);
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
            let engines = [("sip", PersistenceEngine::Sip)];
            put(&mut service.persistence_engine, choice(entry, &engines, report), entry, report);
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
        VirtualKey::MonitorFile => put(&mut service.monitor, bare_path(entry, report), entry, report),
        VirtualKey::Comment => put(&mut service.comment, free_text(entry, report), entry, report),
        VirtualKey::Load => {
            // Read for what is wrong with it; it never meant anything.
            if text(entry, report).is_some() {
                report
                    .warning(entry.name, "\"load\" is ignored, as the older ldirectord does")
                    .help("leave it out");
            }
        }
        VirtualKey::CheckCommand => {
            let line = values::unquoted(entry.value);
            put(&mut service.check_command, command(entry, line, report), entry, report);
        }
        VirtualKey::CheckPort => {
            let port = number(entry, 1, u16::MAX.into(), report)
                .and_then(|port| Some(Spanned::new(u16::try_from(port.value).ok()?, port.span)));
            put(&mut service.check_port, port, entry, report);
        }
        VirtualKey::Request => put(&mut service.request, text(entry, report), entry, report),
        VirtualKey::Receive => put(&mut service.receive, text(entry, report), entry, report),
        VirtualKey::VirtualHost => put(&mut service.vhost, virtual_host(entry, report), entry, report),
        VirtualKey::Dialogue => put(&mut service.dialogue, talk::dialogue(entry, report), entry, report),
        VirtualKey::HttpStatus => put(&mut service.http.status, talk::statuses(entry, report), entry, report),
        VirtualKey::QueryType => {
            put(&mut service.record, choice(entry, &RecordType::ALL, report), entry, report);
        }
        VirtualKey::ReceiveHeader => {
            put(&mut service.http.expected_headers, talk::expected_fields(entry, report), entry, report);
        }
        VirtualKey::ReceiveNot => put(&mut service.receive_not, text(entry, report), entry, report),
        VirtualKey::RequestBody => put(&mut service.http.body, text(entry, report), entry, report),
        VirtualKey::RequestHeader => {
            put(&mut service.http.headers, talk::fields(entry, report), entry, report);
        }
        VirtualKey::Tls => {
            let uses = [("no", TlsUse::No), ("yes", TlsUse::Yes), ("starttls", TlsUse::StartTls)];
            put(&mut service.tls, choice(entry, &uses, report), entry, report);
        }
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
