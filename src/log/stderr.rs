//! The standard error output: bare messages for people at a terminal, as the reference's `-d` shows them; whole log
//! lines where it goes elsewhere.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::SystemTime,
};

use crate::director::Severity;

use super::line::{Prefix, printable};

/// The standard error output.
#[derive(Debug)]
pub(super) struct Stderr {
    prefix: Prefix,
    look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Lines,
    Bare,
    Coloured,
}

impl Stderr {
    pub(super) fn new(prefix: Prefix) -> Self {
        let coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let look = match (io::stderr().is_terminal(), coloured) {
            (false, _) => Look::Lines,
            (true, false) => Look::Bare,
            (true, true) => Look::Coloured,
        };
        Self { prefix, look }
    }

    pub(super) fn write(&self, at: SystemTime, severity: Severity, message: &str) -> io::Result<()> {
        io::stderr().write_all(self.text(at, severity, message).as_bytes())
    }

    fn text(&self, at: SystemTime, severity: Severity, message: &str) -> String {
        let bare = || printable(message.trim_end());
        match self.look {
            Look::Lines => self.prefix.lines(at, message),
            Look::Bare => format!("{}\n", bare()),
            Look::Coloured => {
                let colour = match severity {
                    Severity::Error => "\x1b[1;31m",
                    Severity::Warning => "\x1b[33m",
                    Severity::Notice => return format!("{}\n", bare()),
                    Severity::Info => "\x1b[2m",
                };
                format!("{colour}{}\x1b[0m\n", bare())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_what_matters() {
        let text = |look, severity| {
            let stderr = Stderr { prefix: Prefix::new("www"), look };
            stderr.text(SystemTime::UNIX_EPOCH, severity, "down\n  \x07why\n")
        };
        assert_eq!(text(Look::Bare, Severity::Error), "down\n  .why\n");
        assert_eq!(text(Look::Coloured, Severity::Error), "\x1b[1;31mdown\n  .why\x1b[0m\n");
        assert_eq!(text(Look::Coloured, Severity::Notice), "down\n  .why\n");
        assert_eq!(text(Look::Lines, Severity::Notice).lines().count(), 2);
    }
}
