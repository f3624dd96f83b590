//! One check of one real server, for the monitor file of its service.

use std::{fmt, path::Path, sync::Arc};

use crate::health::{Evidence, Verdict};

/// A check that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitored {
    /// The file.
    pub file: Arc<Path>,
    /// How its lines name the server.
    pub name: Arc<str>,
    /// What the check found.
    pub verdict: Verdict,
}

/// The line but for the time and the process: `negotiate http tcp 10.0.0.1 80 1 masq / ok [up] 200 OK`.
impl fmt::Display for Monitored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, words) = match &self.verdict {
            Verdict::Pass(evidence) => ("up", passed(*evidence)),
            Verdict::Fail(failure) => ("down", failure.to_string()),
        };
        write!(f, "{} [{state}] ", self.name)?;
        for c in words.chars() {
            match c {
                '%' => f.write_str("%25")?,
                '|' => f.write_str("%7c")?,
                '\r' => f.write_str("%0d")?,
                '\n' => f.write_str("%0a")?,
                c if c.is_control() => f.write_str(".")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// The words of a check that passed: the status and its name (RFC 9110, 15.3), else a hyphen.
fn passed(evidence: Evidence) -> String {
    let Some(code) = evidence.status else { return "-".to_owned() };
    let phrase = match code {
        200 => " OK",
        201 => " Created",
        202 => " Accepted",
        203 => " Non-Authoritative Information",
        204 => " No Content",
        205 => " Reset Content",
        206 => " Partial Content",
        _ => "",
    };
    format!("{code}{phrase}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Failure;

    fn line(verdict: Verdict) -> String {
        let (file, name) = (Path::new("/m").into(), "connect tcp 10.0.0.1 80 1 masq / ".into());
        Monitored { file, name, verdict }.to_string()
    }

    #[test]
    fn lines_are_the_reference_s() {
        let passed = |status| line(Verdict::Pass(Evidence { status, ..Evidence::default() }));
        assert_eq!(passed(Some(200)), "connect tcp 10.0.0.1 80 1 masq /  [up] 200 OK");
        assert_eq!(passed(None), "connect tcp 10.0.0.1 80 1 masq /  [up] -");
        let odd = Failure::Protocol("100% |\r\nx\x1b".into());
        assert!(line(Verdict::Fail(odd)).ends_with("[down] not understood: 100%25 %7c%0d%0ax."));
    }
}
