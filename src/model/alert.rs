//! Who is mailed about a virtual service, when, and through whom.

use std::{fmt, sync::Arc, time::Duration};

use super::Secret;

/// The mails about one virtual service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The way they go.
    pub route: Arc<MailRoute>,
    /// A server that is down is told again this often (`emailalertfreq`); `None` is never.
    pub repeat: Option<Duration>,
    /// In which states of the director mails are sent (`emailalertstatus`).
    pub states: DirectorStates,
}

/// From whom to whom mails go, and through whom. Services with equal ones share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailRoute {
    /// Where they go (`emailalert`); never empty.
    pub to: Vec<MailAddress>,
    /// Whose they are (`emailalertfrom`); else root of this machine.
    pub from: Option<MailAddress>,
    /// Who carries them.
    pub relay: Relay,
}

/// Who carries mails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relay {
    /// The machine's own mail system, by `sendmail -t`.
    Sendmail,
    /// A server (`smtp`).
    Smtp(Arc<SmtpServer>),
}

/// A server that takes mails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SmtpServer {
    /// Its name or address; an IPv6 address has no brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected (`smtp-tls`).
    pub tls: SmtpTls,
    /// The name to log in with and the password (`smtp-login`, `smtp-passwd`).
    pub login: Option<(String, Secret)>,
}

/// How a connection to a mail server is protected. Certificates must be valid and made out to the server's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SmtpTls {
    /// Not at all (`no`).
    #[default]
    No,
    /// It begins in the clear, and nothing is sent before it is (`starttls`, RFC 3207).
    StartTls,
    /// From the first byte (`yes`, RFC 8314).
    Yes,
}

impl SmtpTls {
    /// The name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::StartTls => "starttls",
            Self::Yes => "yes",
        }
    }

    /// Where a server is found that is asked like this.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::No | Self::StartTls => 25,
            Self::Yes => 465,
        }
    }
}

/// An address of mail: `jo@example.com`, or `jo` for somebody of this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailAddress(Arc<str>);

impl MailAddress {
    /// Takes an address of the common form (RFC 5321 without quoted names and without address literals).
    ///
    /// # Errors
    /// It is none; in words.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        /// RFC 5321, 4.5.3.1.3.
        const LONGEST: usize = 254;
        let (name, domain) = match text.rsplit_once('@') {
            Some((name, domain)) => (name, Some(domain)),
            None => (text, None),
        };
        let of_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
        let is_label = |label: &str| {
            let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !label.is_empty() && label.chars().all(inner) && !label.starts_with('-') && !label.ends_with('-')
        };
        if name.contains('@') {
            return Err("there is more than one \"@\" in it");
        }
        // A name with a hyphen in front would be an option of a mail program.
        let dots = name.starts_with(['.', '-']) || name.ends_with('.') || name.contains("..");
        if name.is_empty() || dots || !name.chars().all(of_name) {
            return Err("what stands before the \"@\" is no name");
        }
        if domain.is_some_and(|domain| !domain.split('.').all(is_label)) {
            return Err("what stands behind the \"@\" is no domain");
        }
        if text.len() > LONGEST {
            return Err("it is longer than an address may be");
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the director is doing when something happens, as `emailalertstatus` and the mails name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DirectorState {
    /// The first round of checks is not over.
    Starting,
    /// The farm is served.
    Running,
    /// The end has begun.
    Stopping,
    /// A new configuration is being put into the table.
    Reloading,
}

impl DirectorState {
    /// All of them, in the order in which they are named.
    pub const ALL: [Self; 4] = [Self::Starting, Self::Running, Self::Stopping, Self::Reloading];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Reloading => "reloading",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Starting => 1,
            Self::Running => 2,
            Self::Stopping => 4,
            Self::Reloading => 8,
        }
    }
}

/// Some states of the director.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectorStates(u8);

impl DirectorStates {
    /// All of them.
    pub const ALL: Self = Self(0b1111);
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Whether a state is one of them.
    #[must_use]
    pub fn has(self, state: DirectorState) -> bool {
        self.0 & state.bit() != 0
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, state: DirectorState) -> Self {
        Self(self.0 | state.bit())
    }
}

impl fmt::Display for DirectorStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("all"),
            Self::NONE => f.write_str("none"),
            some => {
                let names = DirectorState::ALL.into_iter().filter(|state| some.has(*state));
                f.write_str(&names.map(DirectorState::name).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["a@example.com", "root", "first.last+lvs@mail.example.co.uk", "x@host", "o'neil@x.y"] {
            assert_eq!(MailAddress::new(good).map(|a| a.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b..c",
            ".a@b",
            "a..b@c",
            "-t@b",
            "a@-b",
            "<a@b>",
            "a,b@c",
            "a@b\r\nBcc: c",
            "jo\u{e9}@b",
        ] {
            assert!(MailAddress::new(bad).is_err(), "{bad:?}");
        }
        assert!(MailAddress::new(&format!("{}@b", "x".repeat(300))).is_err());
    }

    #[test]
    fn states_are_shown_as_they_are_written() {
        let some = DirectorStates::NONE.with(DirectorState::Running).with(DirectorState::Stopping);
        assert_eq!(some.to_string(), "running, stopping");
        assert!(some.has(DirectorState::Running) && !some.has(DirectorState::Starting));
        let every = DirectorState::ALL.into_iter().fold(DirectorStates::NONE, DirectorStates::with);
        assert_eq!((every, every.to_string()), (DirectorStates::ALL, "all".to_owned()));
    }

    #[test]
    fn a_password_is_not_shown() {
        let login = Some(("jo".to_owned(), Secret::new("hunter2")));
        let server = SmtpServer { host: "mx".into(), port: 25, tls: SmtpTls::No, login };
        assert!(!format!("{server:?}").contains("hunter2"));
    }
}
