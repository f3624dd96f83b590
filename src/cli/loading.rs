//! Reading the configuration for the loop: off its thread, with what else depends on the file.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::{
    check::Exchange,
    config::{self, Diagnostic, Severity, SourceSet, SystemFiles, SystemResolver},
    director::Rejection,
    model::LogTarget,
    runtime::Loaded,
    watch::Source,
};

/// What learns of each load.
pub(super) struct Loading {
    /// The file.
    pub(super) path: PathBuf,
    /// The files to watch; told of a rejected configuration's too, since a better one is waited for.
    pub(super) sources: watch::Sender<Vec<Source>>,
    /// Where the log goes.
    pub(super) log: watch::Sender<Option<LogTarget>>,
    /// Trusted authorities are read again.
    pub(super) probes: Exchange,
}

/// Reads the file once, at the start: its diagnostics are shown by the caller.
pub(super) fn first(path: &std::path::Path) -> Result<config::Loaded, config::Rejected> {
    config::load(path, &SystemFiles, &SystemResolver::default())
}

/// What the loop begins with.
pub(super) fn begin(loaded: &config::Loaded) -> Loaded {
    Loaded { config: Arc::new(loaded.config.clone()), warnings: texts(&loaded.warnings) }
}

impl Loading {
    /// Reads it again, on a thread where it may block.
    pub(super) fn again(self: &Arc<Self>) -> BoxFuture<'static, Result<Loaded, Rejection>> {
        let this = self.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || this.read()).await;
            read.unwrap_or_else(|error| {
                let text: Arc<str> = format!("reading the configuration crashed: {error}").into();
                Err(Rejection { text: text.clone(), first: text, errors: 1 })
            })
        })
    }

    fn read(&self) -> Result<Loaded, Rejection> {
        match first(&self.path) {
            Ok(loaded) => {
                self.sources.send_replace(sources(&loaded.sources));
                if let Err(words) = self.probes.learn(loaded.config.authorities()) {
                    let text: Arc<str> = words.into();
                    return Err(Rejection { text: text.clone(), first: text, errors: 1 });
                }
                self.log.send_replace(loaded.config.settings.logfile.clone());
                let mut begin = begin(&loaded);
                if let Err(words) = self.probes.refresh() {
                    let words = format!("trusted certificates stay as they were: {words}");
                    begin.warnings.push(words.into());
                }
                Ok(begin)
            }
            Err(rejected) => {
                self.sources.send_replace(sources(&rejected.sources));
                Err(rejection(&rejected.diagnostics))
            }
        }
    }
}

/// What the watcher is to look at, and what was read there.
pub(super) fn sources(set: &SourceSet) -> Vec<Source> {
    let files = set.files.iter();
    files.map(|file| Source { path: file.path.clone(), content: file.content }).collect()
}

fn texts(diagnostics: &[Diagnostic]) -> Vec<Arc<str>> {
    diagnostics.iter().map(|diagnostic| diagnostic.to_string().into()).collect()
}

fn rejection(diagnostics: &[Diagnostic]) -> Rejection {
    let errors = || diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let first = errors().next().map(Diagnostic::headline).unwrap_or_default();
    Rejection { text: texts(diagnostics).join("\n").into(), first: first.into(), errors: errors().count() }
}
