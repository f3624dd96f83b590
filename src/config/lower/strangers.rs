//! Options that mean nothing for what is asked: said, so that nobody relies on them.

use super::{Lowering, asks::Asks, first, tls::is_protected};
use crate::{
    config::{
        Resolver, Span,
        draft::{self, TlsUse},
    },
    model::{HttpMethod, Service, TlsVerify},
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Says of what belongs to other services that it means nothing here.
    pub(super) fn remark_on_strangers(&mut self, draft: &draft::Virtual, asks: Asks) {
        let what = match asks {
            Asks::Nothing => return,
            Asks::Connect | Asks::ConnectIfPort => "a connection".to_owned(),
            Asks::Ping => "a ping".to_owned(),
            Asks::External => "a program".to_owned(),
            Asks::Service(Service::Http | Service::Https) => "HTTP".to_owned(),
            Asks::Service(Service::Ftp) => "FTP".to_owned(),
            Asks::Service(service) => format!("service {}", service.name()),
        };
        for (name, span, at_home) in options(draft) {
            let Some(span) = span else { continue };
            let fits = matches!(asks, Asks::Service(service) if at_home.contains(&service));
            // As the older ldirectord does, one may have these in wait for when the check type changes.
            let waits = !matches!(asks, Asks::Service(_)) && WAITING.contains(&name);
            if !fits && !waits {
                self.report.warning(span, format!("\"{name}\" means nothing in a check of {what}"));
            }
        }
        if let (Asks::Ping | Asks::External, Some(port)) = (asks, draft.check_port) {
            self.report.warning(port.span, format!("\"checkport\" means nothing in a check by {what}"));
        }
        if let (Asks::Service(Service::HttpProxy), Some(host)) = (asks, &draft.vhost)
            && draft.tls.is_none_or(|given| given.value == TlsUse::No)
        {
            self.report
                .warning(host.span, "\"virtualhost\" means nothing to a proxy: the URL names the host");
        }
        self.remark_on_tls(draft, asks);
        self.remark_on_method(draft, asks);
    }

    fn remark_on_tls(&mut self, draft: &draft::Virtual, asks: Asks) {
        let own = &draft.common;
        let wanted = draft.tls.is_some_and(|given| given.value != TlsUse::No);
        if matches!(asks, Asks::Service(service) if wanted || is_protected(service)) {
            let verify = first([own.tls_verify, self.globals.common.tls_verify]).unwrap_or_default();
            if let Some(given) = &own.tls_ca
                && verify == TlsVerify::No
            {
                self.report.warning(given.span, "\"tls-ca\" means nothing with tls-verify = no");
            }
            return;
        }
        if let Some(given) = &own.tls_ca {
            // For what may be wrong with it.
            self.authorities(given);
        }
        let options = [
            ("tls-ca", own.tls_ca.as_ref().map(|given| given.span)),
            ("tls-servername", own.tls_server_name.as_ref().map(|given| given.span)),
            ("tls-expiry-warning", own.tls_expiry_warning.map(|given| given.span)),
            ("tls-expiry-failure", own.tls_expiry_failure.map(|given| given.span)),
        ];
        for (name, span) in options {
            if let Some(span) = span {
                self.report.warning(span, format!("\"{name}\" means nothing where TLS is not spoken"));
            }
        }
        if let (Some(given), Asks::Connect | Asks::ConnectIfPort | Asks::Ping | Asks::External) =
            (draft.tls.filter(|_| wanted), asks)
        {
            self.report
                .warning(given.span, "\"tls\" means nothing where no service is asked")
                .help("use service = tls with checktype = negotiate for a handshake alone");
        }
    }

    fn remark_on_method(&mut self, draft: &draft::Virtual, asks: Asks) {
        let Some(given) = draft.method else { return };
        if !matches!(asks, Asks::Service(service) if HTTP.contains(&service)) {
            if asks != Asks::Nothing {
                self.report.warning(given.span, "\"httpmethod\" means nothing where HTTP is not spoken");
            }
        } else if given.value == HttpMethod::Head
            && let Some(receive) = &draft.receive
        {
            self.report
                .warning(receive.span, "an answer to HEAD has no content that could match")
                .help("use httpmethod = GET, or leave \"receive\" out");
        }
    }
}

const HTTP: &[Service] = &[Service::Http, Service::Https, Service::HttpProxy];

/// Services with content that can be matched.
const CONTENT: &[Service] = &[
    Service::Dns,
    Service::Ftp,
    Service::Ftps,
    Service::Http,
    Service::HttpProxy,
    Service::Https,
    Service::Ldap,
    Service::Ldaps,
    Service::Redis,
    Service::Simpletcp,
    Service::Udp,
];

/// Services that somebody logs in to, or is named to.
const LOGIN: &[Service] = &[
    Service::Ftp,
    Service::Ftps,
    Service::Imap,
    Service::Imaps,
    Service::Ldap,
    Service::Ldaps,
    Service::Mysql,
    Service::Pgsql,
    Service::Pop,
    Service::Pops,
    Service::Radius,
    Service::Redis,
    Service::Sip,
];

/// Services that are asked for something in particular.
const REQUEST: &[Service] = &[
    Service::Agent,
    Service::Dns,
    Service::Ftp,
    Service::Ftps,
    Service::Grpc,
    Service::Http,
    Service::HttpProxy,
    Service::Https,
    Service::Ldap,
    Service::Ldaps,
    Service::Mysql,
    Service::Pgsql,
    Service::Redis,
    Service::Simpletcp,
    Service::Udp,
];

/// Options that are nothing to remark on where no service is asked.
const WAITING: [&str; 4] = ["login", "passwd", "receive", "request"];

/// Options that belong to some services only, where they were written, and whose they are.
fn options(draft: &draft::Virtual) -> [(&'static str, Option<Span>, &'static [Service]); 13] {
    use Service::{Dns, Mysql, Oracle, Pgsql, Radius, Simpletcp};
    let http = &draft.http;
    [
        ("login", draft.login.as_ref().map(|given| given.span), LOGIN),
        ("passwd", draft.passwd.as_ref().map(|given| given.span), LOGIN),
        ("request", draft.request.as_ref().map(|given| given.span), REQUEST),
        ("receive", draft.receive.as_ref().map(|given| given.span), CONTENT),
        ("database", draft.database.as_ref().map(|given| given.span), &[Mysql, Oracle, Pgsql]),
        ("secret", draft.secret.as_ref().map(|given| given.span), &[Radius]),
        ("dialogue", draft.dialogue.as_ref().map(|given| given.span), &[Simpletcp]),
        ("querytype", draft.record.map(|given| given.span), &[Dns]),
        ("receive-not", draft.receive_not.as_ref().map(|given| given.span), CONTENT),
        ("httpstatus", http.status.as_ref().map(|given| given.span), HTTP),
        ("request-header", http.headers.as_ref().map(|given| given.span), HTTP),
        ("receive-header", http.expected_headers.as_ref().map(|given| given.span), HTTP),
        ("request-body", http.body.as_ref().map(|given| given.span), HTTP),
    ]
}
