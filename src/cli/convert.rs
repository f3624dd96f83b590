//! `convert`: a configuration in the other grammar.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use crate::config::{Converted, Grammar, convert};

use super::{args::Conversion, complain, configtest, exit::Exit, say};

/// Converts a file.
pub(super) fn file(path: &Path, conversion: &Conversion) -> Exit {
    let from = Grammar::of(path);
    if conversion.to == Some(from) {
        complain(&format!("{} is in {from} already", path.display()));
        return Exit::Failed;
    }
    match fs::read(path) {
        Ok(bytes) => text(&path.display().to_string(), &bytes, from, conversion),
        Err(error) => {
            complain(&format!("{} cannot be read: {error}", path.display()));
            Exit::Failed
        }
    }
}

/// Converts standard input: from the classic grammar, unless that is what is to be written.
pub(super) fn standard_input(conversion: &Conversion) -> Exit {
    let mut bytes = Vec::new();
    if let Err(error) = io::stdin().lock().read_to_end(&mut bytes) {
        complain(&format!("standard input cannot be read: {error}"));
        return Exit::Failed;
    }
    let to = conversion.to.unwrap_or(Grammar::Toml);
    text("standard input", &bytes, to.other(), conversion)
}

fn text(name: &str, bytes: &[u8], from: Grammar, conversion: &Conversion) -> Exit {
    let Converted { text, warnings } = match convert(name, bytes, from) {
        Ok(converted) => converted,
        Err(diagnostics) => {
            configtest::show(&diagnostics);
            return Exit::Config;
        }
    };
    configtest::show(&warnings);
    let Some(path) = &conversion.output else {
        say(&text);
        return Exit::Ok;
    };
    // Nothing is overwritten, and nobody else may read passwords.
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            complain(&format!("{} cannot be written: {error}", path.display()));
            Exit::Failed
        }
    }
}
