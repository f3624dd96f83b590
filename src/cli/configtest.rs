//! `configtest`: what is right and wrong with a configuration, on paper only.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use crate::config::{self, Diagnostic, Severity, Shown, SystemFiles, SystemResolver};

use super::{args::Telling, exit::Exit};

/// Shows all that is to be said about the file: diagnostics on standard error, the verdict on standard output, and what
/// was understood, where that is asked for. As data all of it goes to standard output.
pub(super) fn configtest(path: &Path, telling: Telling) -> Exit {
    let result = config::load(path, &SystemFiles, &SystemResolver::default());
    let mut out = io::stdout().lock();
    if telling.json {
        let (good, diagnostics) = match &result {
            Ok(loaded) => (true, &loaded.warnings),
            Err(rejected) => (false, &rejected.diagnostics),
        };
        let _ = out.write_all(json(path, good, diagnostics).as_bytes());
    }
    match result {
        Ok(_) if telling.json => Exit::Ok,
        Ok(loaded) => {
            show(&loaded.warnings);
            if telling.show {
                let _ = writeln!(out, "{}", Shown(&loaded.config));
            }
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
            if !telling.json {
                show(&rejected.diagnostics);
            }
            if rejected.unreadable == Some(io::ErrorKind::NotFound) { Exit::Failed } else { Exit::Config }
        }
    }
}

/// The verdict and all diagnostics, for a program to read.
fn json(path: &Path, good: bool, diagnostics: &[Diagnostic]) -> String {
    let object = |diagnostic: &Diagnostic| {
        let place = diagnostic
            .position()
            .map_or_else(String::new, |at| format!("\"line\": {}, \"column\": {}, ", at.line, at.column));
        let help = diagnostic
            .help
            .as_deref()
            .map_or_else(String::new, |help| format!(", \"help\": {}", string(help)));
        format!(
            "    {{{place}\"severity\": \"{}\", \"message\": {}{help}}}",
            diagnostic.severity,
            string(&diagnostic.message)
        )
    };
    let all: Vec<String> = diagnostics.iter().map(object).collect();
    let (open, close) = if all.is_empty() { ("", "") } else { ("\n", "\n  ") };
    let file = string(&path.display().to_string());
    format!(
        "{{\n  \"file\": {file},\n  \"good\": {good},\n  \"diagnostics\": [{open}{}{close}]\n}}\n",
        all.join(",\n")
    )
}

/// A text as JSON has it (RFC 8259, section 7).
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(["\\u", &format!("{:04x}", u32::from(c))]),
            c => quoted.push(c),
        }
    }
    quoted + "\""
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
