//! What must hold for a configuration, whatever is in it.

use std::path::Path;

use ldirectord::config::{Diagnostic, MemoryFiles, Severity, Shown, Source, TableResolver, load};

/// Loads these bytes as a file of this name. It is accepted or rejected; all that is said about it has its place in it
/// and can be shown, and so can what was understood.
pub fn load_and_show(name: &str, bytes: &[u8]) {
    let files = MemoryFiles::default().with(Path::new("/").join(name), bytes);
    let text = Source::new(name, bytes).text().to_owned();
    match load(&Path::new("/").join(name), &files, &names()) {
        Ok(loaded) => {
            loaded.warnings.iter().for_each(|warning| show(warning, &text));
            assert!(loaded.warnings.iter().all(|warning| warning.severity == Severity::Warning));
            assert!(!Shown(&loaded.config).to_string().is_empty());
        }
        Err(rejected) => {
            rejected.diagnostics.iter().for_each(|diagnostic| show(diagnostic, &text));
            assert!(rejected.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error));
        }
    }
}

fn show(diagnostic: &Diagnostic, text: &str) {
    if let Some(span) = diagnostic.span {
        assert!(text.get(span.start..span.end).is_some(), "{span:?} is no part of the text");
    }
    assert!(!diagnostic.headline().contains('\n'));
    assert!(diagnostic.to_string().starts_with(&diagnostic.headline()));
}

/// A few names, so that they are found at times.
fn names() -> TableResolver {
    let mut names = TableResolver { hostname: "director".to_owned(), ..TableResolver::default() };
    names.hosts.insert("real1.example.com".to_owned(), vec!["127.0.0.2".parse().expect("it is one")]);
    names.services.insert("http".to_owned(), vec![(80, ldirectord::model::Protocol::Tcp)]);
    names
}
