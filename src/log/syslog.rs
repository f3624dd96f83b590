//! Syslog without a journal: datagrams to `/dev/log`, as syslog(3) writes them (RFC 3164).

use std::{
    fmt::Display,
    io,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Local, TimeZone};

use crate::director::Severity;

use super::line::printable;

/// Where syslog listens.
const SOCKET: &str = "/dev/log";
/// How long a syslog that does not read is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// A syslog facility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

/// The names of `syslog.conf`, in the order of their codes from 0 on.
const NAMES: [&str; 12] =
    ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"];

impl Facility {
    /// `daemon`, which is what a program like this one logs to.
    pub const DAEMON: Self = Self(3);

    /// The facility of this name (`local0`), in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if let Some(code) = NAMES.iter().position(|known| *known == name) {
            return u8::try_from(code).ok().map(Self);
        }
        match name.strip_prefix("local").map(str::as_bytes) {
            Some([digit @ b'0'..=b'7']) => Some(Self(16 + digit - b'0')),
            _ => None,
        }
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> u8 {
        self.0
    }
}

/// The local syslog.
#[derive(Debug)]
pub(super) struct Syslog {
    path: PathBuf,
    facility: Facility,
}

impl Syslog {
    pub(super) fn new(facility: Facility) -> Self {
        Self::at(Path::new(SOCKET), facility)
    }

    pub(super) fn at(path: &Path, facility: Facility) -> Self {
        Self { path: path.to_owned(), facility }
    }

    /// A datagram for each line. The address is looked up each time, so that a syslog that was restarted is found.
    pub(super) fn write(&self, at: SystemTime, severity: Severity, message: &str) -> io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let at = DateTime::<Local>::from(at);
        for line in message.trim_end().split('\n') {
            socket.send_to(self.packet(&at, severity, line).as_bytes(), &self.path)?;
        }
        Ok(())
    }

    fn packet<Tz: TimeZone<Offset: Display>>(
        &self,
        at: &DateTime<Tz>,
        severity: Severity,
        line: &str,
    ) -> String {
        let priority = u32::from(self.facility.0) * 8 + u32::from(level(severity));
        let stamp = at.format("%b %e %H:%M:%S");
        format!("<{priority}>{stamp} ldirectord[{}]: {}", std::process::id(), printable(line))
    }
}

/// Syslog's number for a severity.
fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 3,
        Severity::Warning => 4,
        Severity::Notice => 5,
        Severity::Info => 6,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    #[test]
    fn facilities_have_their_codes() {
        let code = |name| Facility::named(name).map(Facility::code);
        assert_eq!(code("daemon"), Some(Facility::DAEMON.code()));
        assert_eq!(
            (code("kern"), code("ftp"), code("LOCAL0"), code("local7")),
            (Some(0), Some(11), Some(16), Some(23))
        );
        for unknown in ["", "local", "local8", "local00", "nobody"] {
            assert_eq!(code(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_packet_is_what_syslog_reads() {
        let at = Utc.with_ymd_and_hms(2026, 11, 2, 8, 38, 0).unwrap();
        let syslog = Syslog::new(Facility::named("local0").unwrap());
        assert_eq!(
            syslog.packet(&at, Severity::Warning, "down"),
            format!("<132>Nov  2 08:38:00 ldirectord[{}]: down", std::process::id())
        );
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any time will do")]
    fn each_line_is_a_datagram() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let server = UnixDatagram::bind(&path).unwrap();
        Syslog::at(&path, Facility::DAEMON).write(SystemTime::now(), Severity::Error, "one\ntwo\n").unwrap();
        for word in ["one", "two"] {
            let mut buffer = [0; 256];
            let length = server.recv(&mut buffer).unwrap();
            let text = str::from_utf8(&buffer[..length]).unwrap();
            assert!(text.starts_with("<27>") && text.ends_with(&format!("]: {word}")), "{text}");
        }
    }
}
