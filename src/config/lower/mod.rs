//! A draft to the model: names to addresses, defaults, inheritance, and what values mean together.
//!
//! Both grammars come through here, so that what is checked is checked once.

mod address;
mod asks;
mod check;
mod exchange;
mod external;
mod kinds;
mod mail;
mod maintenance;
mod monitor;
mod needs;
mod pattern;
mod questions;
mod requests;
mod service;
mod strangers;
mod tls;
mod url;

use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
    sync::Arc,
    time::Duration,
};

use self::{address::Names, service::Spot, tls::ReadSource};
use super::{
    Resolver,
    diagnostic::Report,
    draft::{Draft, Globals, Virtual},
};
use crate::model::{
    Authorities, Command, Config, Family, MailRoute, Maintenance, Pattern, Settings, VirtualId,
};

const CHECK_TIMEOUT: Duration = Duration::from_secs(5);
const NEGOTIATE_TIMEOUT: Duration = Duration::from_secs(30);
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Gives the model of a draft, which it takes apart on the way so that a large file is not in memory twice. Where the
/// report has errors, the model lacks what they are about. `read` reads a file that is named in it.
pub(crate) fn lower(
    draft: Draft,
    names: &impl Resolver,
    read: &mut dyn FnMut(&Path) -> io::Result<Vec<u8>>,
    report: &mut Report,
) -> Config {
    let (settings, names) = (settings(&draft), Names::new(names, &draft));
    let Draft { globals, virtuals } = draft;
    let mut lowering = Lowering {
        globals: &globals,
        names,
        patterns: HashMap::new(),
        words: HashMap::new(),
        fallbacks: (None, None),
        routes: HashSet::new(),
        authorities: HashMap::new(),
        global_authorities: None,
        read,
        maintenance: maintenance::maintenance(&globals),
        fallback_command: globals.common.fallback_command.as_ref().map(|c| Arc::new(c.value.clone())),
        report,
    };
    lowering.fallbacks = (lowering.global_fallback(Family::V4), lowering.global_fallback(Family::V6));
    lowering.look_at(&globals.common);
    lowering.look_at_mail(&globals.common.mail, None);
    if let (Some(from), None) = (&globals.mail_from, &globals.common.mail.to)
        && virtuals.iter().all(|service| service.common.mail.to.is_none())
    {
        lowering.report.warning(from.span, "nobody is mailed: there is no \"emailalert\"");
    }
    lowering.global_authorities =
        globals.common.tls_ca.as_ref().and_then(|given| lowering.authorities(given));
    let mut config = Config { settings, virtuals: Vec::with_capacity(virtuals.len()) };
    let mut seen: HashMap<VirtualId, usize> = HashMap::with_capacity(virtuals.len());
    for service in virtuals {
        let Some(id) = lowering.identity(&service) else { continue };
        let line = lowering.report.line_of(service.at.span);
        let first = *seen.entry(id).or_insert(line);
        if first != line {
            lowering
                .report
                .error(service.at.span, format!("duplicate virtual service {id}"))
                .help(format!("the first one stands in line {first}"));
        }
        config.virtuals.extend(lowering.service(id, &service).map(Arc::new));
    }
    config.settings.maintenance = lowering.maintenance;
    config
}

/// What all steps share.
struct Lowering<'d, 'r, R> {
    globals: &'d Globals,
    names: Names<'d, R>,
    /// Equal patterns are compiled once.
    patterns: HashMap<String, Arc<Pattern>>,
    /// Equal words are one text.
    words: HashMap<String, Arc<str>>,
    /// The fallback servers for all virtual services, of IPv4 and of IPv6.
    fallbacks: (Option<Spot>, Option<Spot>),
    /// Different ways of mails so far.
    routes: HashSet<Arc<MailRoute>>,
    /// Authorities by the file they were read from.
    authorities: HashMap<String, Authorities>,
    /// Those for all virtual services.
    global_authorities: Option<Authorities>,
    read: ReadSource<'r>,
    /// Names of real servers are gathered here.
    maintenance: Option<Maintenance>,
    /// The fallback command for all virtual services.
    fallback_command: Option<Arc<Command>>,
    report: &'r mut Report,
}

/// Something is wrong, and the report says so.
#[derive(Debug)]
struct Reported;

fn settings(draft: &Draft) -> Settings {
    let globals = &draft.globals;
    let default = Settings::default();
    let longest = draft.virtuals.iter().map(|service| negotiate_timeout(service, globals)).max();
    Settings {
        autoreload: globals.autoreload.is_some_and(|value| value.value),
        callback: globals.callback.as_ref().map(|value| value.value.clone()),
        execute: globals.execute.iter().map(|name| name.value.as_str().into()).collect(),
        // Filled in when the names of all servers are known.
        maintenance: None,
        supervised: globals.supervised.is_some_and(|value| value.value),
        logfile: globals.logfile.as_ref().map(|value| value.value.clone()),
        resync_interval: match &globals.resync_interval {
            Some(interval) => (!interval.value.is_zero()).then_some(interval.value),
            None => default.resync_interval,
        },
        ipvs_timeouts: globals.ipvs_timeouts.map(|value| value.value),
        negotiate_timeout: longest.unwrap_or_else(|| {
            let common = &globals.common;
            first([common.negotiate_timeout, globals.timeout, common.check_timeout])
                .unwrap_or(NEGOTIATE_TIMEOUT)
        }),
    }
}

/// How long a check that opens a connection may take: `checktimeout` and what it is inherited from.
fn check_timeout(service: &Virtual, globals: &Globals) -> Duration {
    let (own, all) = (&service.common, &globals.common);
    // `timeout` sets both global timeouts, each where it is not set itself.
    first([
        own.check_timeout,
        own.negotiate_timeout,
        all.check_timeout,
        globals.timeout,
        all.negotiate_timeout,
    ])
    .unwrap_or(CHECK_TIMEOUT)
}

/// How long a check that speaks a protocol may take: `negotiatetimeout` and what it is inherited from.
fn negotiate_timeout(service: &Virtual, globals: &Globals) -> Duration {
    let (own, all) = (&service.common, &globals.common);
    first([
        own.negotiate_timeout,
        own.check_timeout,
        all.negotiate_timeout,
        globals.timeout,
        all.check_timeout,
    ])
    .unwrap_or(NEGOTIATE_TIMEOUT)
}

/// The first value that is given.
fn first<T: Copy, const N: usize>(values: [super::draft::Given<T>; N]) -> Option<T> {
    values.into_iter().flatten().map(|value| value.value).next()
}
