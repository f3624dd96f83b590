//! What each service is asked, from what is written about it.

use std::sync::Arc;

use super::{
    Lowering,
    asks::{Asks, over},
    needs::query,
};
use crate::{
    config::{Resolver, Spanned, draft},
    model::{
        AgentCheck, CheckKind, Expected, ExpectedField, FtpCheck, GrpcCheck, HttpCheck, LdapCheck, Login,
        MailCheck, MailProtocol, OracleCheck, Protocol, RedisCheck, Secret, Security, Service, SipCheck,
        SqlCheck, SqlServer, Transport, UdpCheck, VirtualId,
    },
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// What the servers of a virtual service are asked if their lines say nothing else; `None` where that is no service, or
    /// something about it was reported.
    pub(super) fn asked(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        asks: Asks,
        expected: Expected,
    ) -> Option<CheckKind> {
        let Asks::Service(service) = asks else { return None };
        self.kind(id, draft, service, draft.request.as_ref(), expected)
    }

    /// What a service is asked with this request; `None` where something about it was reported.
    pub(super) fn kind(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        service: Service,
        request: Option<&Spanned<String>>,
        expected: Expected,
    ) -> Option<CheckKind> {
        let host = draft.vhost.as_ref().map(|host| host.value.as_str());
        let tls = self.security(id, draft, service, host).ok()?;
        if matches!(service, Service::Http | Service::Https) {
            let path = self.http_path(request)?;
            return Some(CheckKind::Http(self.http(draft, tls, path, expected)?.into()));
        }
        let plain = request.map(|given| given.value.trim_start_matches('/').to_owned());
        Some(match service {
            Service::Http | Service::Https | Service::None => CheckKind::Connect,
            Service::HttpProxy => {
                let url = self.url_for_proxy(draft, request)?;
                let check = self.http(draft, tls, url, expected)?;
                CheckKind::Http(HttpCheck { proxy: true, ..check }.into())
            }
            Service::Ftp | Service::Ftps => {
                let request = self.file(request).ok()?;
                CheckKind::Ftp(FtpCheck { tls, login: self.ftp_login(draft), request, expected }.into())
            }
            Service::Smtp | Service::Submission => mail(MailProtocol::Smtp, tls, None),
            Service::Pop | Service::Pops => mail(MailProtocol::Pop, tls, login(draft)),
            Service::Imap | Service::Imaps => mail(MailProtocol::Imap, tls, login(draft)),
            Service::Nntp => mail(MailProtocol::Nntp, tls, None),
            Service::Ldap | Service::Ldaps => {
                let check = LdapCheck { tls, login: login(draft), base: plain.unwrap_or_default(), expected };
                check.into()
            }
            Service::Mysql => sql(SqlServer::Mysql, tls, draft, request.and_then(query)),
            Service::Pgsql => sql(SqlServer::Pgsql, tls, draft, request.and_then(query)),
            Service::Oracle => {
                CheckKind::Oracle(OracleCheck { database: self.oracle_database(draft)? }.into())
            }
            Service::Dns => CheckKind::Dns(self.dns(id, draft, request, expected)?.into()),
            Service::Sip => {
                let login = self.sip_address(draft)?;
                CheckKind::Sip(SipCheck { transport: transport(id), tls, login }.into())
            }
            Service::Radius => CheckKind::Radius(self.radius(draft)?.into()),
            Service::Simpletcp => self.conversation(id, draft, request, expected, tls)?,
            Service::Udp => CheckKind::Udp(UdpCheck { request: self.raw(request)?, expected }.into()),
            // It is protected whatever is said.
            Service::Tls => CheckKind::Tls(tls?),
            Service::Redis => {
                let check = RedisCheck {
                    tls,
                    user: draft.login.as_ref().map(|given| given.value.clone()),
                    passwd: draft.passwd.as_ref().map(|given| given.value.clone()),
                    request: request.map(|given| given.value.clone()),
                    expected,
                };
                check.into()
            }
            Service::Grpc => {
                let of_authority = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
                if let Some(host) = &draft.vhost
                    && !host.value.chars().all(of_authority)
                {
                    self.report.error(host.span, "expected the name of a host, perhaps with a port");
                    return None;
                }
                let check =
                    GrpcCheck { tls, virtual_host: host.map(Arc::from), service: plain.unwrap_or_default() };
                check.into()
            }
            Service::Agent => CheckKind::Agent(AgentCheck { request: self.raw(request)? }.into()),
        })
    }

    /// An exchange of HTTP.
    pub(super) fn http(
        &mut self,
        draft: &draft::Virtual,
        tls: Option<Arc<Security>>,
        request: String,
        expected: Expected,
    ) -> Option<HttpCheck> {
        let mut expected_headers = Vec::new();
        for (name, value) in draft.http.expected_headers.iter().flat_map(|given| &given.value) {
            expected_headers.push(ExpectedField { name: name.clone(), value: self.pattern(value)? });
        }
        let headers = draft.http.headers.as_ref().map(|given| given.value.as_slice());
        Some(HttpCheck {
            tls,
            virtual_host: draft.vhost.as_ref().map(|host| host.value.as_str().into()),
            server: None,
            proxy: false,
            method: draft.method.map(|given| given.value).unwrap_or_default(),
            request: request.into(),
            headers: headers.unwrap_or_default().into(),
            body: draft.http.body.as_ref().map(|given| given.value.as_str().into()),
            status: draft.http.status.as_ref().map(|given| given.value.clone()),
            expected_headers: expected_headers.into(),
            expected,
        })
    }

    fn ftp_login(&mut self, draft: &draft::Virtual) -> Login {
        let name = draft.login.as_ref().map_or_else(|| "anonymous".to_owned(), |given| given.value.clone());
        let passwd = match &draft.passwd {
            Some(given) => given.value.clone(),
            None => Secret::new(format!("ldirectord@{}", self.names.hostname())),
        };
        Login { name, passwd }
    }
}

/// Who logs in, if anybody.
pub(super) fn login(draft: &draft::Virtual) -> Option<Login> {
    let name = draft.login.as_ref()?.value.clone();
    Some(Login { name, passwd: draft.passwd.as_ref().map(|given| given.value.clone()).unwrap_or_default() })
}

fn mail(protocol: MailProtocol, tls: Option<Arc<Security>>, login: Option<Login>) -> CheckKind {
    CheckKind::Mail(MailCheck { protocol, tls, login }.into())
}

fn sql(
    server: SqlServer,
    tls: Option<Arc<Security>>,
    draft: &draft::Virtual,
    query: Option<String>,
) -> CheckKind {
    let (login, database) = (login(draft).unwrap_or_default(), database(draft));
    CheckKind::Sql(SqlCheck { server, tls, login, database, query }.into())
}

pub(super) fn database(draft: &draft::Virtual) -> String {
    draft.database.as_ref().map(|given| given.value.clone()).unwrap_or_default()
}

/// How questions travel that can travel either way: as the clients' do, and in datagrams where only a mark is known.
pub(super) fn transport(id: VirtualId) -> Transport {
    if over(id, Protocol::Tcp) { Transport::Tcp } else { Transport::Udp }
}
