//! The one table of all directives: where each may stand, what its value looks like, and since when it is there.

use crate::model::Family::{self, V4, V6};

/// One directive of the grammar.
#[derive(Debug)]
pub(crate) struct Directive {
    /// The name before the `=`.
    pub(crate) name: &'static str,
    /// Where it may stand.
    pub(crate) scope: Scope,
    /// What stands behind the `=`, as people are told.
    pub(crate) form: &'static str,
    /// What becomes of it.
    pub(crate) status: Status,
}

/// Where a directive may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Outside of virtual services.
    Global,
    /// In a virtual service.
    Virtual,
    /// Either: for all virtual services, or for one.
    Both,
    /// It begins a virtual service.
    Head,
}

/// What becomes of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is read.
    Here(Key),
    /// Long gone; this is what took its place.
    Gone(&'static str),
}

/// The directives that are read, by where their values belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// It begins a virtual service of this family.
    Head(Family),
    /// It is for the director as a whole.
    Global(GlobalKey),
    /// It is for all virtual services, or for one.
    Common(CommonKey),
    /// It is for one virtual service.
    Virtual(VirtualKey),
}

/// Directives for the director as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GlobalKey {
    Autoreload,
    Callback,
    EmailAlertFrom,
    Execute,
    Fork,
    IpvsTimeouts,
    Logfile,
    MaintenanceDir,
    ReaddQuiescent,
    ResyncInterval,
    Supervised,
    Timeout,
}

/// Directives for all virtual services, or for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommonKey {
    CheckCount,
    CheckInterval,
    CheckMark,
    CheckSource,
    CheckTimeout,
    Cleanstop,
    DownInterval,
    FailureCount,
    Fall,
    Fallback(Family),
    FastInterval,
    Jitter,
    FallbackCommand,
    FallbackCommandOnStop,
    Mail(MailKey),
    NegotiateTimeout,
    Quiescent,
    Rise,
    StartState,
    TlsCa,
    TlsExpiryFailure,
    TlsExpiryWarning,
    TlsServerName,
    TlsVerify,
}

/// Directives about mail alerts, for all virtual services or for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailKey {
    Login,
    Passwd,
    Repeat,
    Server,
    States,
    Tls,
    To,
}

/// Directives for one virtual service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VirtualKey {
    CheckCommand,
    CheckPort,
    CheckType,
    Comment,
    Database,
    Dialogue,
    HttpMethod,
    HttpStatus,
    Load,
    Login,
    MonitorFile,
    Netmask,
    Ops,
    Passwd,
    PersistenceEngine,
    Persistent,
    Protocol,
    QueryType,
    Real(Family),
    Receive,
    ReceiveHeader,
    ReceiveNot,
    Request,
    RequestBody,
    RequestHeader,
    SchedFlags,
    Scheduler,
    Secret,
    Service,
    ServiceName,
    Tls,
    VirtualHost,
}

use CommonKey as C;
use GlobalKey as G;
use MailKey as M;
use VirtualKey as V;

use Scope::{Both, Global, Head, Virtual};
use Status::{Gone, Here};

const fn of(name: &'static str, scope: Scope, form: &'static str, status: Status) -> Directive {
    Directive { name, scope, form, status }
}

/// All of them, sorted by name.
pub(crate) const DIRECTIVES: &[Directive] = &[
    of("autoreload", Global, "yes|no", Here(Key::Global(G::Autoreload))),
    of("callback", Global, "\"PROGRAM [ARGUMENT ...]\"", Here(Key::Global(G::Callback))),
    of("check-fwmark", Both, "NUMBER, 0 for none", Here(Key::Common(C::CheckMark))),
    of("check-source", Both, "ADDRESS", Here(Key::Common(C::CheckSource))),
    of("checkcommand", Virtual, "\"PROGRAM [ARGUMENT ...]\"", Here(Key::Virtual(V::CheckCommand))),
    of("checkcount", Both, "NUMBER", Here(Key::Common(C::CheckCount))),
    of("checkinterval", Both, "TIME", Here(Key::Common(C::CheckInterval))),
    of("checkport", Virtual, "PORT", Here(Key::Virtual(V::CheckPort))),
    of("checktimeout", Both, "TIME", Here(Key::Common(C::CheckTimeout))),
    of(
        "checktype",
        Virtual,
        "negotiate|connect|ping|external|external-perl|on|off|NUMBER",
        Here(Key::Virtual(V::CheckType)),
    ),
    of("cleanstop", Both, "yes|no", Here(Key::Common(C::Cleanstop))),
    of("comment", Virtual, "TEXT", Here(Key::Virtual(V::Comment))),
    of("connecttimeout", Both, "TIME", Gone("checktimeout or negotiatetimeout")),
    of("database", Virtual, "\"NAME\"", Here(Key::Virtual(V::Database))),
    of("dialogue", Virtual, "\"expect PATTERN ; send TEXT ; ...\"", Here(Key::Virtual(V::Dialogue))),
    of("downinterval", Both, "TIME", Here(Key::Common(C::DownInterval))),
    of("emailalert", Both, "ADDRESS[, ADDRESS ...]", Here(Key::Common(C::Mail(M::To)))),
    of("emailalertfreq", Both, "TIME, 0 for never", Here(Key::Common(C::Mail(M::Repeat)))),
    of("emailalertfrom", Global, "ADDRESS", Here(Key::Global(G::EmailAlertFrom))),
    of(
        "emailalertstatus",
        Both,
        "all|none, or some of starting, running, stopping, reloading",
        Here(Key::Common(C::Mail(M::States))),
    ),
    of("execute", Global, "CONFIGURATION [CONFIGURATION ...]", Here(Key::Global(G::Execute))),
    of("failurecount", Both, "NUMBER", Here(Key::Common(C::FailureCount))),
    of("fall", Both, "NUMBER", Here(Key::Common(C::Fall))),
    of("fallback", Both, "ADDRESS[:PORT] [gate|masq|ipip|gre|gue:PORT]", Here(Key::Common(C::Fallback(V4)))),
    of(
        "fallback6",
        Both,
        "[ADDRESS][:PORT] [gate|masq|ipip|gre|gue:PORT]",
        Here(Key::Common(C::Fallback(V6))),
    ),
    of("fallbackcommand", Both, "\"PROGRAM [ARGUMENT ...]\"", Here(Key::Common(C::FallbackCommand))),
    of("fallbackcommand-on-stop", Both, "yes|no", Here(Key::Common(C::FallbackCommandOnStop))),
    of("fastinterval", Both, "TIME", Here(Key::Common(C::FastInterval))),
    of("fork", Global, "yes|no", Here(Key::Global(G::Fork))),
    of("httpmethod", Virtual, "GET|HEAD|OPTIONS|POST|PUT", Here(Key::Virtual(V::HttpMethod))),
    of("httpstatus", Virtual, "STATUS[-STATUS][, ...]", Here(Key::Virtual(V::HttpStatus))),
    of("ipvs-timeouts", Global, "TIME TIME TIME", Here(Key::Global(G::IpvsTimeouts))),
    of("jitter", Both, "PERCENT, e.g. 10%", Here(Key::Common(C::Jitter))),
    of("load", Virtual, "\"TEXT\"", Here(Key::Virtual(V::Load))),
    of("logfile", Global, "\"/PATH\" or \"FACILITY\"", Here(Key::Global(G::Logfile))),
    of("login", Virtual, "\"NAME\"", Here(Key::Virtual(V::Login))),
    of("maintenancedir", Global, "/DIRECTORY", Here(Key::Global(G::MaintenanceDir))),
    of("monitorfile", Virtual, "\"/PATH\"", Here(Key::Virtual(V::MonitorFile))),
    of("negotiatetimeout", Both, "TIME", Here(Key::Common(C::NegotiateTimeout))),
    of("netmask", Virtual, "N.N.N.N, or the length of an IPv6 prefix", Here(Key::Virtual(V::Netmask))),
    of("ops", Virtual, "yes|no", Here(Key::Virtual(V::Ops))),
    of("passwd", Virtual, "\"PASSWORD\"", Here(Key::Virtual(V::Passwd))),
    of("persistence-engine", Virtual, "sip", Here(Key::Virtual(V::PersistenceEngine))),
    of("persistent", Virtual, "TIME", Here(Key::Virtual(V::Persistent))),
    of("protocol", Virtual, "tcp|udp|sctp|fwm", Here(Key::Virtual(V::Protocol))),
    of("querytype", Virtual, "A|AAAA|CNAME|MX|NS|PTR|SOA|SRV|TXT", Here(Key::Virtual(V::QueryType))),
    of("quiescent", Both, "yes|no", Here(Key::Common(C::Quiescent))),
    of("readdquiescent", Global, "yes|no", Here(Key::Global(G::ReaddQuiescent))),
    of(
        "real",
        Virtual,
        "ADDRESS[->ADDRESS][:PORT] gate|masq|ipip|gre|gue:PORT [WEIGHT] [\"REQUEST\", \"RECEIVE\"] [l:NUMBER] [u:NUMBER]",
        Here(Key::Virtual(V::Real(V4))),
    ),
    of(
        "real6",
        Virtual,
        "[ADDRESS][:PORT] gate|masq|ipip|gre|gue:PORT [WEIGHT] [\"REQUEST\", \"RECEIVE\"] [l:NUMBER] [u:NUMBER]",
        Here(Key::Virtual(V::Real(V6))),
    ),
    of("receive", Virtual, "\"REGULAR EXPRESSION\"", Here(Key::Virtual(V::Receive))),
    of("receive-header", Virtual, "\"NAME: REGULAR EXPRESSION\"", Here(Key::Virtual(V::ReceiveHeader))),
    of("receive-not", Virtual, "\"REGULAR EXPRESSION\"", Here(Key::Virtual(V::ReceiveNot))),
    of("request", Virtual, "\"TEXT\"", Here(Key::Virtual(V::Request))),
    of("request-body", Virtual, "\"TEXT\"", Here(Key::Virtual(V::RequestBody))),
    of("request-header", Virtual, "\"NAME: VALUE\"", Here(Key::Virtual(V::RequestHeader))),
    of("resyncinterval", Global, "TIME, 0 for never", Here(Key::Global(G::ResyncInterval))),
    of("rise", Both, "NUMBER", Here(Key::Common(C::Rise))),
    of("schedflags", Virtual, "FLAG[,FLAG ...]", Here(Key::Virtual(V::SchedFlags))),
    of("scheduler", Virtual, "rr|wrr|lc|wlc|...", Here(Key::Virtual(V::Scheduler))),
    of("secret", Virtual, "\"SECRET\"", Here(Key::Virtual(V::Secret))),
    of("service", Virtual, "http|https|smtp|dns|...|none", Here(Key::Virtual(V::Service))),
    of("servicename", Virtual, "TEXT", Here(Key::Virtual(V::ServiceName))),
    of("smtp", Both, "SERVER[:PORT]", Here(Key::Common(C::Mail(M::Server)))),
    of("smtp-login", Both, "\"NAME\"", Here(Key::Common(C::Mail(M::Login)))),
    of("smtp-passwd", Both, "\"PASSWORD\"", Here(Key::Common(C::Mail(M::Passwd)))),
    of("smtp-tls", Both, "no|starttls|yes", Here(Key::Common(C::Mail(M::Tls)))),
    of("start-state", Both, "check|up|down", Here(Key::Common(C::StartState))),
    of("supervised", Global, "yes|no", Here(Key::Global(G::Supervised))),
    of("timeout", Global, "TIME", Here(Key::Global(G::Timeout))),
    of("tls", Virtual, "no|yes|starttls", Here(Key::Virtual(V::Tls))),
    of("tls-ca", Both, "\"/PATH\"", Here(Key::Common(C::TlsCa))),
    of("tls-expiry-failure", Both, "TIME, 0 for never", Here(Key::Common(C::TlsExpiryFailure))),
    of("tls-expiry-warning", Both, "TIME, 0 for never", Here(Key::Common(C::TlsExpiryWarning))),
    of("tls-servername", Both, "\"NAME\"", Here(Key::Common(C::TlsServerName))),
    of("tls-verify", Both, "no|chain|full", Here(Key::Common(C::TlsVerify))),
    of("virtual", Head, "ADDRESS:PORT or a firewall mark", Here(Key::Head(V4))),
    of("virtual6", Head, "[ADDRESS]:PORT or a firewall mark", Here(Key::Head(V6))),
    of("virtualhost", Virtual, "\"NAME\"", Here(Key::Virtual(V::VirtualHost))),
];

/// Looks a name up; case counts, as in the reference.
pub(crate) fn find(name: &str) -> Option<&'static Directive> {
    let index = DIRECTIVES.binary_search_by(|directive| directive.name.cmp(name)).ok()?;
    DIRECTIVES.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_name_is_found() {
        assert!(DIRECTIVES.is_sorted_by(|a, b| a.name < b.name));
        assert!(DIRECTIVES.iter().all(|directive| find(directive.name).is_some()));
        assert!(find("Real").is_none());
    }

    #[test]
    fn scope_and_key_agree() {
        for directive in DIRECTIVES {
            let scope = match directive.status {
                Here(Key::Head(_)) => Head,
                Here(Key::Global(_)) => Global,
                Here(Key::Common(_)) => Both,
                Here(Key::Virtual(_)) => Virtual,
                Gone(_) => continue,
            };
            assert_eq!(directive.scope, scope, "{}", directive.name);
        }
    }

    #[test]
    fn every_directive_is_described() {
        let grammar = include_str!("GRAMMAR.md");
        for directive in DIRECTIVES {
            assert!(grammar.contains(&format!("| `{}` |", directive.name)), "{} is missing", directive.name);
        }
    }
}
