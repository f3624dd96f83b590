//! What is asked of a real server, and how often. Equality is identity: two real servers with equal
//! specifications share one running check.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use super::{Authorities, Command, Pattern, VirtualId};

/// One check, complete: whom to ask, what to ask, how often, and how long to wait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckSpec {
    /// Address and port that are asked (the check port where one is configured).
    pub target: SocketAddr,
    /// What is asked.
    pub kind: CheckKind,
    /// Most checks only open a connection (`checktype` with a number).
    pub connects: Option<Connects>,
    /// How the packets leave.
    pub route: Route,
    /// When.
    pub cadence: Cadence,
}

impl CheckSpec {
    /// When it has ended at the latest: a program that does not end in time has a moment more to end in order.
    #[must_use]
    pub fn longest(&self) -> Duration {
        match self.kind {
            CheckKind::External(_) => self.cadence.deadline + ExternalCheck::GRACE * 2,
            CheckKind::Connect | CheckKind::Http(_) | CheckKind::Ftp(_) | CheckKind::Ping(_) => {
                self.cadence.deadline
            }
        }
    }
}

/// Checks that only open a connection, in between those that ask; or ping, where there are no connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connects {
    /// So many follow each one that asked and passed; one that fails is followed by one that asks.
    pub count: NonZeroU32,
    /// How long each may take (`checktimeout`).
    pub deadline: Duration,
    /// Of a UDP service the host is pinged.
    pub ping: Option<PingCheck>,
}

/// How the packets of a check leave the director, so that they can travel as the clients' do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// The address they come from (`check-source`), of the target's family; else the system's choice.
    pub source: Option<IpAddr>,
    /// The mark they carry, for routing and netfilter (`check-fwmark`, `SO_MARK` of socket(7)).
    pub mark: Option<NonZeroU32>,
}

/// The rhythm of a check. Counts of failures belong to the virtual service, so that a check can be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cadence {
    /// Time from the start of one check to the start of the next (`checkinterval`).
    pub interval: Duration,
    /// The same while the server's state is in question: it has begun to fail, or to pass (`fastinterval`).
    pub fast: Duration,
    /// The same while the server is down (`downinterval`).
    pub down: Duration,
    /// The time between two starts varies by this part of the interval, in percent (`jitter`).
    pub jitter: u8,
    /// The whole check must have ended by then (`checktimeout` or `negotiatetimeout`): one total deadline from the
    /// first packet to the last.
    pub deadline: Duration,
}

impl Cadence {
    /// The same interval whatever the server's state, without jitter.
    #[must_use]
    pub fn steady(interval: Duration, deadline: Duration) -> Self {
        Self { interval, fast: interval, down: interval, jitter: 0, deadline }
    }
}

/// What is asked of a real server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckKind {
    /// A TCP connection can be opened.
    Connect,
    /// HTTP or HTTPS: a page is fetched and matched.
    Http(HttpCheck),
    /// FTP: log in, fetch a file and match it.
    Ftp(FtpCheck),
    /// The host answers an echo request of ICMP.
    Ping(PingCheck),
    /// A program of the administrator's says so.
    External(ExternalCheck),
}

impl CheckKind {
    /// The name shown to people: `connect`, `http`, `https`, `ftp`, `ping`, `external`, `external-perl`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Http(HttpCheck { tls: None, .. }) => "http",
            Self::Http(HttpCheck { tls: Some(_), .. }) => "https",
            Self::Ftp(_) => "ftp",
            Self::Ping(_) => "ping",
            Self::External(ExternalCheck { perl: false, .. }) => "external",
            Self::External(ExternalCheck { perl: true, .. }) => "external-perl",
        }
    }
}

/// What is asked of an HTTP server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpMethod {
    /// The page.
    #[default]
    Get,
    /// What would come with the page, without the page.
    Head,
}

impl HttpMethod {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Get, Self::Head];

    /// The word of the protocol (RFC 9110, 9.1).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// An HTTP exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpCheck {
    /// HTTPS, with this much verification; `None` is plain HTTP.
    pub tls: Option<TlsVerify>,
    /// The `virtualhost`: value of the Host header, and with TLS the server name that is asked for (SNI) and verified.
    /// `None`: the Host header is the target's address without its port, and there is no SNI.
    pub virtual_host: Option<String>,
    /// The real server's own address, where another one is asked in its stead (a request that is a whole URL): then this
    /// is what the Host header has without a virtual host.
    pub server: Option<IpAddr>,
    /// With TLS, the server name that is asked for and verified, where it is not the virtual host (`tls-servername`).
    pub server_name: Option<String>,
    /// With TLS, who is trusted, where it is not the system's authorities (`tls-ca`).
    pub authorities: Option<Authorities>,
    /// What is asked (`httpmethod`).
    pub method: HttpMethod,
    /// Path and query, as written in the configuration; begins with a slash.
    pub request: String,
    /// What the body must match; without it a 2xx status is enough.
    pub receive: Option<Arc<Pattern>>,
}

/// How far a TLS server's certificate is verified (`tls-verify`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVerify {
    /// Not at all (`no`).
    No,
    /// The chain must lead to a trusted authority and be valid now; a certificate for another name is accepted and
    /// shown as a property (`chain`, the default and what the reference does).
    #[default]
    Chain,
    /// Chain and name (`full`).
    Full,
}

/// An FTP exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FtpCheck {
    /// User name; `anonymous` where none is configured.
    pub login: String,
    /// Password.
    pub passwd: Secret,
    /// File to fetch; without it logging in is enough.
    pub request: Option<String>,
    /// What the file must match; without it the transfer must complete.
    pub receive: Option<Arc<Pattern>>,
}

/// Echo requests (RFC 792, RFC 4443).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PingCheck {
    /// So many are sent at most (`checkcount`).
    pub tries: NonZeroU32,
    /// How long an answer is waited for until the next one is sent (`checktimeout`).
    pub patience: Duration,
}

/// A program that is told which server it is about, and says with its exit status how that is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalCheck {
    /// The program, with the arguments that are configured (`checkcommand`).
    pub command: Arc<Command>,
    /// It is a file for Perl (`checktype = external-perl`).
    pub perl: bool,
    /// For which virtual service it asks.
    pub virtual_id: VirtualId,
}

impl ExternalCheck {
    /// How long one that has not ended in time has to end after SIGTERM, before SIGKILL.
    pub const GRACE: Duration = Duration::from_secs(1);

    /// What it is told, behind its own arguments: virtual service, port, server, port. As in the reference a firewall
    /// mark is its number with port 0, a server without a port has port 0, and an address of IPv6 has brackets.
    #[must_use]
    pub fn arguments(&self, server: SocketAddr) -> [String; 4] {
        let address = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let (virtual_server, port) = match self.virtual_id {
            VirtualId::Addr { address: at, .. } => (address(at.ip()), at.port()),
            VirtualId::FwMark { mark, .. } => (mark.to_string(), 0),
        };
        [virtual_server, port.to_string(), address(server.ip()), server.port().to_string()]
    }
}

/// A password. Its `Debug` form never shows it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The application protocols a `service` directive can name and this version can check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// HTTP, default port 80.
    Http,
    /// HTTPS, default port 443.
    Https,
    /// FTP, default port 21.
    Ftp,
    /// No application protocol.
    None,
}

impl Service {
    /// All of them, for suggestions and manuals.
    pub const ALL: [Self; 4] = [Self::Http, Self::Https, Self::Ftp, Self::None];

    /// The name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ftp => "ftp",
            Self::None => "none",
        }
    }

    /// The port such a service usually has, used where a real server has none.
    #[must_use]
    pub fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::Ftp => Some(21),
            Self::None => None,
        }
    }

    /// The cargo feature that was left out of this build and that this service needs, if any.
    #[must_use]
    pub fn left_out(self) -> Option<&'static str> {
        match self {
            Self::Http | Self::Https if !cfg!(feature = "http") => Some("http"),
            Self::Ftp if !cfg!(feature = "ftp") => Some("ftp"),
            Self::Http | Self::Https | Self::Ftp | Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_in_debug_output() {
        let check = FtpCheck {
            login: "monitor".into(),
            passwd: Secret::new("hunter2"),
            request: Some("/x".into()),
            receive: None,
        };
        assert!(!format!("{check:?}").contains("hunter2"));
    }
}
