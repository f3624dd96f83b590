//! What a file says, in the terms of neither grammar: every option still optional, every value with its place.
//!
//! Values are checked one by one here; what they mean together, defaults and names are the business of `lower`.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use super::Spanned;
use crate::model::{
    Bytes, Command, DirectorStates, Family, Forward, HttpField, HttpMethod, IpvsTimeouts, LogTarget,
    MailAddress, PersistenceEngine, RecordType, Secret, SmtpTls, StartState, StatusSet, TlsVerify,
};

/// A value that may have been given.
pub(crate) type Given<T> = Option<Spanned<T>>;

/// A whole file.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) globals: Globals,
    pub(crate) virtuals: Vec<Virtual>,
}

impl Draft {
    /// All hosts, each with the family of the address that is wanted.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = (&Host, Family)> {
        self.globals.common.hosts().chain(self.virtuals.iter().flat_map(Virtual::hosts))
    }
}

/// What stands outside of the virtual services.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    pub(crate) common: Common,
    /// The guide's `timeout`: both timeouts, unless they are given themselves.
    pub(crate) timeout: Given<Duration>,
    pub(crate) autoreload: Given<bool>,
    pub(crate) callback: Given<Command>,
    /// Names of configurations; each once.
    pub(crate) execute: Vec<Spanned<String>>,
    /// Taken and without effect: checks run at the same time in any case.
    pub(crate) fork: Given<bool>,
    pub(crate) logfile: Given<LogTarget>,
    /// As it was written.
    pub(crate) maintenance_dir: Given<String>,
    /// Taken and without effect: what is missing from the table is put back in any case.
    pub(crate) readd_quiescent: Given<bool>,
    pub(crate) supervised: Given<bool>,
    /// Zero is never.
    pub(crate) resync_interval: Given<Duration>,
    /// A zero keeps what the kernel has.
    pub(crate) ipvs_timeouts: Given<IpvsTimeouts>,
    /// The sender of all mails.
    pub(crate) mail_from: Given<MailAddress>,
}

/// What may be said for all virtual services and for one.
#[derive(Debug, Default)]
pub(crate) struct Common {
    pub(crate) check_timeout: Given<Duration>,
    pub(crate) negotiate_timeout: Given<Duration>,
    pub(crate) check_interval: Given<Duration>,
    /// So many echo requests a check sends at most.
    pub(crate) check_count: Given<NonZeroU32>,
    pub(crate) fast_interval: Given<Duration>,
    pub(crate) down_interval: Given<Duration>,
    /// In percent, up to 50.
    pub(crate) jitter: Given<u8>,
    pub(crate) start_state: Given<StartState>,
    pub(crate) check_source: Given<IpAddr>,
    /// Zero is none.
    pub(crate) check_mark: Given<u32>,
    pub(crate) rise: Given<NonZeroU32>,
    pub(crate) fall: Given<NonZeroU32>,
    /// What `fall` was called before; of the two at most one may be given.
    pub(crate) failure_count: Given<NonZeroU32>,
    pub(crate) quiescent: Given<bool>,
    pub(crate) cleanstop: Given<bool>,
    pub(crate) tls_verify: Given<TlsVerify>,
    pub(crate) tls_server_name: Given<String>,
    pub(crate) tls_ca: Given<String>,
    /// Zero is never.
    pub(crate) tls_expiry_warning: Given<Duration>,
    /// Zero is never.
    pub(crate) tls_expiry_failure: Given<Duration>,
    pub(crate) fallback: Given<Fallback>,
    pub(crate) fallback6: Given<Fallback>,
    pub(crate) fallback_command: Given<Command>,
    pub(crate) fallback_command_on_stop: Given<bool>,
    pub(crate) mail: Mail,
}

/// Mail alerts.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(crate) to: Given<Vec<MailAddress>>,
    /// Zero is never.
    pub(crate) repeat: Given<Duration>,
    pub(crate) states: Given<DirectorStates>,
    pub(crate) smtp: Given<MailHost>,
    pub(crate) smtp_tls: Given<SmtpTls>,
    pub(crate) smtp_login: Given<String>,
    pub(crate) smtp_passwd: Given<Secret>,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailHost {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

impl Common {
    fn hosts(&self) -> impl Iterator<Item = (&Host, Family)> {
        let fallbacks = [(&self.fallback, Family::V4), (&self.fallback6, Family::V6)];
        fallbacks.into_iter().filter_map(|(given, family)| Some((&given.as_ref()?.value.host.value, family)))
    }
}

/// One virtual service.
#[derive(Debug)]
pub(crate) struct Virtual {
    pub(crate) at: Spanned<VirtualAt>,
    pub(crate) common: Common,
    /// The `servicename`.
    pub(crate) name: Given<String>,
    pub(crate) comment: Given<String>,
    pub(crate) monitor: Given<String>,
    pub(crate) protocol: Given<ProtocolName>,
    pub(crate) scheduler: Given<String>,
    /// Its flags, as they are written.
    pub(crate) flags: Given<String>,
    pub(crate) one_packet: Given<bool>,
    pub(crate) persistent: Given<Duration>,
    pub(crate) persistence_engine: Given<PersistenceEngine>,
    pub(crate) netmask: Given<String>,
    pub(crate) service: Given<String>,
    pub(crate) check_type: Given<CheckType>,
    /// A check type is given and cannot be read: nothing follows from its absence.
    pub(crate) check_type_is_wrong: bool,
    pub(crate) check_port: Given<u16>,
    /// The `checkcommand`.
    pub(crate) check_command: Given<Command>,
    pub(crate) request: Given<String>,
    pub(crate) receive: Given<String>,
    /// The `virtualhost`.
    pub(crate) vhost: Given<String>,
    pub(crate) method: Given<HttpMethod>,
    /// Of HTTP, as further parts of what is asked and expected.
    pub(crate) http: Http,
    /// What an answer must not match.
    pub(crate) receive_not: Given<String>,
    /// When TLS begins.
    pub(crate) tls: Given<TlsUse>,
    pub(crate) record: Given<RecordType>,
    pub(crate) dialogue: Given<Vec<Step>>,
    pub(crate) login: Given<String>,
    pub(crate) passwd: Given<Secret>,
    pub(crate) database: Given<String>,
    pub(crate) secret: Given<Secret>,
    pub(crate) reals: Vec<Spanned<Real>>,
}

impl Virtual {
    /// A service of which only the address is known.
    pub(crate) fn new(at: Spanned<VirtualAt>) -> Self {
        Self {
            at,
            common: Common::default(),
            name: None,
            comment: None,
            monitor: None,
            protocol: None,
            scheduler: None,
            flags: None,
            one_packet: None,
            persistent: None,
            persistence_engine: None,
            netmask: None,
            service: None,
            check_type: None,
            check_type_is_wrong: false,
            check_port: None,
            check_command: None,
            request: None,
            receive: None,
            vhost: None,
            method: None,
            http: Http::default(),
            receive_not: None,
            tls: None,
            record: None,
            dialogue: None,
            login: None,
            passwd: None,
            database: None,
            secret: None,
            reals: Vec::new(),
        }
    }
}

impl Virtual {
    /// The family of its clients and servers.
    pub(crate) fn family(&self) -> Family {
        match self.at.value {
            VirtualAt::Addr { family, .. } | VirtualAt::FwMark { family, .. } => family,
        }
    }

    fn hosts(&self) -> impl Iterator<Item = (&Host, Family)> {
        let family = self.family();
        let own = match &self.at.value {
            VirtualAt::Addr { host, .. } => Some(&host.value),
            VirtualAt::FwMark { .. } => None,
        };
        let reals = self.reals.iter().map(|real| &real.value);
        let reals =
            reals.flat_map(|real| std::iter::once(&real.host).chain(&real.last)).map(|host| &host.value);
        own.into_iter().chain(reals).map(move |host| (host, family)).chain(self.common.hosts())
    }
}

/// What may be said of an exchange of HTTP besides.
#[derive(Debug, Default)]
pub(crate) struct Http {
    pub(crate) status: Given<StatusSet>,
    pub(crate) headers: Given<Vec<HttpField>>,
    /// Names, and what the values must match.
    pub(crate) expected_headers: Given<Vec<(String, Spanned<String>)>>,
    pub(crate) body: Given<String>,
}

/// The values of `tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsUse {
    No,
    Yes,
    StartTls,
}

impl fmt::Display for TlsUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::StartTls => "starttls",
        })
    }
}

/// A step of a `dialogue`.
#[derive(Debug)]
pub(crate) enum Step {
    Send(Bytes),
    Expect(Spanned<String>),
}

/// Where clients find a virtual service.
#[derive(Debug)]
pub(crate) enum VirtualAt {
    Addr { family: Family, host: Spanned<Host>, port: Spanned<Port> },
    FwMark { family: Family, mark: NonZeroU32 },
}

/// The host of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Address(IpAddr),
    Name(String),
}

impl From<Ipv4Addr> for Host {
    fn from(address: Ipv4Addr) -> Self {
        Self::Address(address.into())
    }
}

impl From<Ipv6Addr> for Host {
    fn from(address: Ipv6Addr) -> Self {
        Self::Address(address.into())
    }
}

/// The port of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Number(u16),
    Name(String),
}

/// The values of `protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProtocolName {
    Tcp,
    Udp,
    Sctp,
    Fwm,
}

/// The values of `checktype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckType {
    Negotiate,
    Connect,
    /// So many times connect, then negotiate once.
    Combined(u32),
    Ping,
    External,
    ExternalPerl,
    On,
    Off,
}

impl CheckType {
    /// Those that are a word.
    pub(crate) const WORDS: [(&'static str, Self); 7] = [
        ("negotiate", Self::Negotiate),
        ("connect", Self::Connect),
        ("ping", Self::Ping),
        ("external", Self::External),
        ("external-perl", Self::ExternalPerl),
        ("on", Self::On),
        ("off", Self::Off),
    ];
}

impl fmt::Display for CheckType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Combined(connects) = self {
            return connects.fmt(f);
        }
        let name = Self::WORDS.iter().find(|(_, word)| word == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// One `real` line: a server, or a range of them.
#[derive(Debug)]
pub(crate) struct Real {
    pub(crate) host: Spanned<Host>,
    /// The last server of a range.
    pub(crate) last: Given<Host>,
    pub(crate) port: Given<Port>,
    pub(crate) forward: Forward,
    pub(crate) weight: u16,
    pub(crate) upper: Given<u32>,
    pub(crate) lower: Given<u32>,
    /// Request and pattern of this server alone.
    pub(crate) exchange: Option<(Spanned<String>, Spanned<String>)>,
}

/// A `fallback` line.
#[derive(Clone, Debug)]
pub(crate) struct Fallback {
    pub(crate) host: Spanned<Host>,
    pub(crate) port: Given<Port>,
    pub(crate) forward: Forward,
}
