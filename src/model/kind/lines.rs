//! What is asked of servers that speak in lines: mail, news, files, and whatever else talks over a connection.

use std::{fmt, sync::Arc};

use super::{
    content::Expected,
    secret::{Login, Secret},
    tls::Security,
};
use crate::model::Pattern;

/// A greeting of a mail or news server, and a login where the protocol has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailCheck {
    /// Which language.
    pub protocol: MailProtocol,
    /// With TLS, from the beginning or after STARTTLS.
    pub tls: Option<Arc<Security>>,
    /// Who logs in: POP and IMAP only. Without one, the greeting is enough.
    pub login: Option<Login>,
}

/// The protocols of mail and news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailProtocol {
    /// SMTP (RFC 5321), also for submission (RFC 6409).
    Smtp,
    /// POP3 (RFC 1939).
    Pop,
    /// IMAP4 (RFC 9051).
    Imap,
    /// NNTP (RFC 3977).
    Nntp,
}

/// An FTP exchange (RFC 959, RFC 4217).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FtpCheck {
    /// With TLS, from the beginning or after AUTH TLS.
    pub tls: Option<Arc<Security>>,
    /// Who logs in; `anonymous` where nobody is configured.
    pub login: Login,
    /// File to fetch; without it logging in is enough.
    pub request: Option<String>,
    /// What the file must be like; whatever that is, the transfer must complete.
    pub expected: Expected,
}

/// A conversation over TCP.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcpCheck {
    /// With TLS, from the beginning.
    pub tls: Option<Arc<Security>>,
    /// What is said.
    pub talk: TcpTalk,
}

/// What is said in a conversation over TCP.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TcpTalk {
    /// Something is sent, the sending side is closed, and some line of the answer is what is expected (`simpletcp`).
    Once {
        /// What is sent; nothing is fine.
        request: Bytes,
        /// What one of the lines must be like (and none may match what is refused).
        expected: Expected,
    },
    /// One step after the other (`dialogue`).
    Steps(Arc<[Step]>),
}

/// A step of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// This is sent.
    Send(Bytes),
    /// What came since the last step that was met comes to match this.
    Expect(Arc<Pattern>),
}

/// Redis: PING is answered, after a login where one is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RedisCheck {
    /// With TLS, from the beginning.
    pub tls: Option<Arc<Security>>,
    /// The user's name; without one the password is for the default user.
    pub user: Option<String>,
    /// The password.
    pub passwd: Option<Secret>,
    /// What is asked instead of PING, as words with blanks between them.
    pub request: Option<String>,
    /// What the answer must be like.
    pub expected: Expected,
}

/// An agent on the server's host that says in one line how the server is, in the words of `HAProxy`'s agent checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentCheck {
    /// What is sent first, as it is; nothing is fine.
    pub request: Bytes,
}

/// Bytes that are sent as they are. Their `Debug` form is escaped.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(Arc<[u8]>);

impl Bytes {
    /// These.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}
