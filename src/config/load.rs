//! One file, from its name to the model.

use std::{io, path::Path, sync::Arc};

use super::{
    Diagnostic, Grammar, ReadFile, Resolver, Source, SourceFile, SourceSet, diagnostic::Report, execute,
    lower::lower,
};
use crate::model::Config;

/// An accepted configuration.
#[derive(Debug)]
pub struct Loaded {
    /// What it means.
    pub config: Config,
    /// What it was read from.
    pub sources: SourceSet,
    /// How things in it were understood, in the order of the file.
    pub warnings: Vec<Diagnostic>,
}

/// A configuration that is not accepted.
#[derive(Debug)]
pub struct Rejected {
    /// All that is to be said about it, warnings included, in the order of the file; at least one is an error.
    pub diagnostics: Vec<Diagnostic>,
    /// What it was read from, so that a better one can be waited for.
    pub sources: SourceSet,
    /// Set where the file could not even be read.
    pub unreadable: Option<io::ErrorKind>,
}

/// Reads a file, resolves the names in it, and gives what it means or all that is wrong with it. May block for as long
/// as files and names do.
///
/// # Errors
/// The file cannot be read, or at least one thing in it is an error.
pub fn load(path: &Path, fs: &impl ReadFile, names: &impl Resolver) -> Result<Loaded, Rejected> {
    let shown = path.display().to_string();
    let content = fs.read(path);
    let mut sources = SourceSet { files: vec![SourceFile::new(path, content.as_deref().ok(), fs)] };
    let bytes = match content {
        Ok(bytes) => bytes,
        Err(error) => {
            let mut report = Report::new(Arc::new(Source::new(shown, b"")));
            report.reject(format!("cannot be read: {error}"));
            return Err(Rejected { diagnostics: report.finish(), sources, unreadable: Some(error.kind()) });
        }
    };

    let source = Arc::new(Source::new(shown, &bytes));
    drop(bytes);
    let mut report = Report::new(Arc::clone(&source));
    let draft = Grammar::of(path).read(&source, &mut report);
    let mut read = |path: &Path| {
        let content = fs.read(path);
        // A change of what it names changes what the configuration means.
        sources.files.push(SourceFile::new(path, content.as_deref().ok(), fs));
        content
    };
    let place = draft.globals.maintenance_dir.as_ref().map(|given| given.span);
    execute::look_at(path, &draft.globals.execute, fs, &mut report);
    let config = lower(draft, names, &mut read, &mut report);
    if let (Some(place), Some(maintenance)) = (place, &config.settings.maintenance)
        && !fs.is_dir(&maintenance.directory)
    {
        let help = format!("it is waited for: {}", maintenance.directory.display());
        report.warning(place, "maintenance directory does not exist").help(help);
    }
    if report.has_errors() {
        return Err(Rejected { diagnostics: report.finish(), sources, unreadable: None });
    }
    Ok(Loaded { config, sources, warnings: report.finish() })
}
