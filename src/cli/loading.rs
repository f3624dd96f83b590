//! Reading the configuration for the loop: off its thread, with what else depends on the file.

use std::{collections::BTreeSet, io, path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use tokio::sync::watch::Sender;

use crate::{
    check::Exchange,
    config::{self, Diagnostic, Severity, SourceSet, SystemFiles, SystemResolver},
    director::Rejection,
    model::{Config, LogTarget},
    runtime::Loaded,
    watch::{self, Source},
};

use super::reverse;

/// What learns of each load.
pub(super) struct Loading {
    /// The file.
    pub(super) path: PathBuf,
    /// The files to watch; told of a rejected configuration's too, since a better one is waited for.
    pub(super) sources: Sender<Vec<Source>>,
    /// The maintenance directory to watch.
    pub(super) maintenance: Sender<Option<PathBuf>>,
    /// Where the log goes.
    pub(super) log: Sender<Option<LogTarget>>,
    /// Trusted authorities are read again.
    pub(super) probes: Exchange,
}

/// Reads the file once, at the start: its diagnostics are shown by the caller.
pub(super) fn first(path: &std::path::Path) -> Result<config::Loaded, config::Rejected> {
    config::load(path, &SystemFiles, &SystemResolver::default())
}

/// What the loop begins with: with the names of the servers, and what is in the maintenance directory.
pub(super) fn begin(loaded: &config::Loaded) -> io::Result<Loaded> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(complete(loaded.config.clone(), texts(&loaded.warnings))))
}

/// What a configuration needs beside its file. The directory is read after the names are known, which may take a while.
async fn complete(mut config: Config, mut warnings: Vec<Arc<str>>) -> Loaded {
    warnings.extend(reverse::add_names(&mut config).await);
    let directory = config.settings.maintenance.as_ref().map(|maintenance| maintenance.directory.clone());
    let maintenance = match directory {
        None => BTreeSet::new(),
        Some(directory) => {
            let read = tokio::task::spawn_blocking(move || watch::files_in(&directory)).await;
            // The watch will say what is the matter.
            read.ok().and_then(Result::ok).unwrap_or_default()
        }
    };
    Loaded { config: Arc::new(config), maintenance, warnings }
}

impl Loading {
    /// Reads it again, on a thread where it may block.
    pub(super) fn again(self: &Arc<Self>) -> BoxFuture<'static, Result<Loaded, Rejection>> {
        let this = self.clone();
        Box::pin(async move {
            let reading = this.clone();
            let read = tokio::task::spawn_blocking(move || reading.read()).await;
            let (config, warnings) = read.unwrap_or_else(|error| {
                let text: Arc<str> = format!("reading the configuration crashed: {error}").into();
                Err(Rejection { text: text.clone(), first: text, errors: 1 })
            })?;
            let loaded = complete(config, warnings).await;
            this.maintenance.send_replace(directory(&loaded.config));
            Ok(loaded)
        })
    }

    fn read(&self) -> Result<(Config, Vec<Arc<str>>), Rejection> {
        match first(&self.path) {
            Ok(loaded) => {
                self.sources.send_replace(sources(&loaded.sources));
                if let Err(words) = self.probes.learn(loaded.config.authorities()) {
                    let text: Arc<str> = words.into();
                    return Err(Rejection { text: text.clone(), first: text, errors: 1 });
                }
                self.log.send_replace(loaded.config.settings.logfile.clone());
                let mut warnings = texts(&loaded.warnings);
                if let Err(words) = self.probes.refresh() {
                    let words = format!("trusted certificates stay as they were: {words}");
                    warnings.push(words.into());
                }
                Ok((loaded.config, warnings))
            }
            Err(rejected) => {
                self.sources.send_replace(sources(&rejected.sources));
                Err(rejection(&rejected.diagnostics))
            }
        }
    }
}

/// The maintenance directory of a configuration.
pub(super) fn directory(config: &Config) -> Option<PathBuf> {
    config.settings.maintenance.as_ref().map(|maintenance| maintenance.directory.clone())
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
