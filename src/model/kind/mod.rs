//! What is asked of a real server: one kind of check for each protocol, with all that differs from one configuration to
//! another. Plain values: how it is asked is the business of `check`, how it is written that of `config`.
//!
//! What a check asks is behind an [`Arc`], so that the servers of a virtual service share it.

mod content;
mod data;
mod datagram;
mod host;
mod http;
mod lines;
mod secret;
mod service;
mod tls;

use std::sync::Arc;

pub use self::{
    content::Expected,
    data::{GrpcCheck, LdapCheck, OracleCheck, RadiusCheck, SqlCheck, SqlServer},
    datagram::{DnsCheck, RecordType, SipCheck, Transport, UdpCheck},
    host::{ExternalCheck, PingCheck},
    http::{ExpectedField, HttpCheck, HttpField, HttpMethod, StatusSet},
    lines::{AgentCheck, Bytes, FtpCheck, MailCheck, MailProtocol, RedisCheck, Step, TcpCheck, TcpTalk},
    secret::{Login, Secret},
    service::Service,
    tls::{Expiry, Security, TlsStart, TlsVerify},
};

/// What is asked of a real server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckKind {
    /// A TCP connection can be opened.
    Connect,
    /// The host answers an echo request of ICMP.
    Ping(PingCheck),
    /// A program of the administrator's says so.
    External(Arc<ExternalCheck>),
    /// HTTP or HTTPS: a page is fetched and matched.
    Http(Arc<HttpCheck>),
    /// FTP: log in, fetch a file and match it.
    Ftp(Arc<FtpCheck>),
    /// A mail or news server greets, and may be logged in to.
    Mail(Arc<MailCheck>),
    /// A conversation over TCP.
    Tcp(Arc<TcpCheck>),
    /// A datagram and its answer.
    Udp(Arc<UdpCheck>),
    /// A TLS handshake, and no more.
    Tls(Arc<Security>),
    /// LDAP: bind and look for an entry.
    Ldap(Arc<LdapCheck>),
    /// A database: log in and ask.
    Sql(Arc<SqlCheck>),
    /// The listener of an Oracle database.
    Oracle(Arc<OracleCheck>),
    /// A name server.
    Dns(Arc<DnsCheck>),
    /// A SIP server.
    Sip(Arc<SipCheck>),
    /// A RADIUS server.
    Radius(Arc<RadiusCheck>),
    /// A Redis server.
    Redis(Arc<RedisCheck>),
    /// The health service of gRPC.
    Grpc(Arc<GrpcCheck>),
    /// An agent on the server's host.
    Agent(Arc<AgentCheck>),
}

impl CheckKind {
    /// The name shown to people: that of the service, or of the check type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let tls = self.security().is_some_and(|security| security.start == TlsStart::AtOnce);
        match self {
            Self::Connect => "connect",
            Self::Ping(_) => "ping",
            Self::External(check) if check.perl => "external-perl",
            Self::External(_) => "external",
            Self::Http(check) if check.proxy => "http_proxy",
            Self::Http(_) if tls => "https",
            Self::Http(_) => "http",
            Self::Ftp(_) if tls => "ftps",
            Self::Ftp(_) => "ftp",
            Self::Mail(check) => match (check.protocol, tls) {
                (MailProtocol::Smtp, _) => "smtp",
                (MailProtocol::Pop, false) => "pop",
                (MailProtocol::Pop, true) => "pops",
                (MailProtocol::Imap, false) => "imap",
                (MailProtocol::Imap, true) => "imaps",
                (MailProtocol::Nntp, _) => "nntp",
            },
            Self::Tcp(_) => "simpletcp",
            Self::Udp(_) => "udp",
            Self::Tls(_) => "tls",
            Self::Ldap(_) if tls => "ldaps",
            Self::Ldap(_) => "ldap",
            Self::Sql(check) => match check.server {
                SqlServer::Mysql => "mysql",
                SqlServer::Pgsql => "pgsql",
            },
            Self::Oracle(_) => "oracle",
            Self::Dns(_) => "dns",
            Self::Sip(_) => "sip",
            Self::Radius(_) => "radius",
            Self::Redis(_) => "redis",
            Self::Grpc(_) => "grpc",
            Self::Agent(_) => "agent",
        }
    }

    /// The passwords that it gives away.
    #[must_use]
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Ftp(check) => vec![&check.login.passwd],
            Self::Mail(check) => check.login.iter().map(|login| &login.passwd).collect(),
            Self::Ldap(check) => check.login.iter().map(|login| &login.passwd).collect(),
            Self::Sql(check) => vec![&check.login.passwd],
            Self::Radius(check) => vec![&check.login.passwd, &check.secret],
            Self::Redis(check) => check.passwd.iter().collect(),
            Self::Connect
            | Self::Ping(_)
            | Self::External(_)
            | Self::Http(_)
            | Self::Tcp(_)
            | Self::Udp(_)
            | Self::Tls(_)
            | Self::Oracle(_)
            | Self::Dns(_)
            | Self::Sip(_)
            | Self::Grpc(_)
            | Self::Agent(_) => Vec::new(),
        }
    }

    /// How it protects its connection, if it does.
    #[must_use]
    pub fn security(&self) -> Option<&Security> {
        match self {
            Self::Http(check) => check.tls.as_deref(),
            Self::Ftp(check) => check.tls.as_deref(),
            Self::Mail(check) => check.tls.as_deref(),
            Self::Tcp(check) => check.tls.as_deref(),
            Self::Tls(security) => Some(security),
            Self::Ldap(check) => check.tls.as_deref(),
            Self::Sql(check) => check.tls.as_deref(),
            Self::Sip(check) => check.tls.as_deref(),
            Self::Redis(check) => check.tls.as_deref(),
            Self::Grpc(check) => check.tls.as_deref(),
            Self::Connect
            | Self::Ping(_)
            | Self::External(_)
            | Self::Udp(_)
            | Self::Oracle(_)
            | Self::Dns(_)
            | Self::Radius(_)
            | Self::Agent(_) => None,
        }
    }
}

macro_rules! kinds {
    ($($kind:ident($check:ty)),+ $(,)?) => {
        $(impl From<$check> for CheckKind {
            fn from(check: $check) -> Self {
                Self::$kind(check.into())
            }
        })+
    };
}

kinds!(
    Ping(PingCheck),
    External(ExternalCheck),
    Http(HttpCheck),
    Ftp(FtpCheck),
    Mail(MailCheck),
    Tcp(TcpCheck),
    Udp(UdpCheck),
    Tls(Security),
    Ldap(LdapCheck),
    Sql(SqlCheck),
    Oracle(OracleCheck),
    Dns(DnsCheck),
    Sip(SipCheck),
    Radius(RadiusCheck),
    Redis(RedisCheck),
    Grpc(GrpcCheck),
    Agent(AgentCheck),
);
