//! `configtest`: what is right and wrong with a configuration, on paper only.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use crate::config::{self, Diagnostic, Severity, SystemFiles, SystemResolver};

use super::exit::Exit;

/// Shows all that is to be said about the file: diagnostics on standard error, the verdict on standard output.
pub(super) fn configtest(path: &Path) -> Exit {
    let mut out = io::stdout().lock();
    match config::load(path, &SystemFiles, &SystemResolver::default()) {
        Ok(loaded) => {
            show(&loaded.warnings);
            let reals: usize = loaded.config.virtuals.iter().map(|v| v.reals.len()).sum();
            let (virtuals, path) = (loaded.config.virtuals.len(), path.display());
            let _ = writeln!(
                out,
                "{path}: good: {}, {}{}",
                count(virtuals, "virtual service"),
                count(reals, "real server"),
                match loaded.warnings.len() {
                    0 => String::new(),
                    n => format!("; {}", count(n, "warning")),
                }
            );
            Exit::Ok
        }
        Err(rejected) => {
            show(&rejected.diagnostics);
            if rejected.unreadable == Some(io::ErrorKind::NotFound) { Exit::Failed } else { Exit::Config }
        }
    }
}

/// `1 warning`, `2 warnings`.
fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Diagnostics on standard error; the word that matters in colour where somebody looks.
pub(super) fn show(diagnostics: &[Diagnostic]) {
    let mut err = io::stderr().lock();
    let colours = err.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for diagnostic in diagnostics {
        let text = diagnostic.to_string();
        let text = match (colours, diagnostic.severity) {
            (true, Severity::Error) => text.replacen("error:", "\x1b[1;31merror:\x1b[0m", 1),
            (true, Severity::Warning) => text.replacen("warning:", "\x1b[1;33mwarning:\x1b[0m", 1),
            (false, _) => text,
        };
        // Nobody is left to hear that nobody listens.
        let _ = writeln!(err, "{text}");
    }
}
