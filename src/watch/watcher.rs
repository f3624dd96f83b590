//! The task that watches: looks, waits until there is reason to, and looks again.

use std::{collections::HashMap, io, path::PathBuf, time::Duration};

use futures_util::StreamExt as _;
use inotify::EventStream;
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

use crate::{
    director::{Event, Fact},
    inbox::Inbox,
};

use super::{Source, debounce::Debounce, events::Eyes, look, notice::Notice};

/// How often files are looked at that nobody told of.
const IDLE: Duration = Duration::from_secs(5);
/// The same where nobody can tell.
const BLIND: Duration = Duration::from_secs(1);

/// Watches until the loop behind the inbox has ended. No stream: no inotify can be had, for this reason.
pub(super) async fn run(
    stream: io::Result<EventStream<Vec<u8>>>,
    sources: watch::Receiver<Vec<Source>>,
    inbox: Inbox,
    tell: impl Fn(Fact),
) {
    let mut watcher = Watcher::new(sources, tell);
    match stream {
        Ok(stream) => watcher.stream = Some(stream),
        Err(error) => watcher.blind(&error, "fs.inotify.max_user_instances"),
    }
    tokio::select! {
        biased;
        () = inbox.closed() => {}
        () = watcher.work(&inbox) => {}
    }
}

/// Why files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// Something happened to them, or was expected to.
    Due,
    /// Nothing happened for a while.
    Idle,
    /// They are others now.
    Sources,
}

struct Watcher<T> {
    sources: watch::Receiver<Vec<Source>>,
    paths: Vec<PathBuf>,
    notices: HashMap<PathBuf, Notice>,
    stream: Option<EventStream<Vec<u8>>>,
    eyes: Eyes,
    /// The kernel tells of everything it should.
    armed: bool,
    tell: T,
}

impl<T: Fn(Fact)> Watcher<T> {
    fn new(sources: watch::Receiver<Vec<Source>>, tell: T) -> Self {
        Self {
            sources,
            paths: Vec::new(),
            notices: HashMap::new(),
            stream: None,
            eyes: Eyes::default(),
            armed: true,
            tell,
        }
    }

    async fn work(&mut self, inbox: &Inbox) {
        let mut why = Why::Sources;
        loop {
            if why == Why::Sources {
                self.take_sources();
            }
            self.look(why == Why::Idle, inbox).await;
            why = self.wait().await;
        }
    }

    fn take_sources(&mut self) {
        let sources = self.sources.borrow_and_update().clone();
        let mut before = std::mem::take(&mut self.notices);
        self.paths = sources.iter().map(|source| source.path.clone()).collect();
        self.notices = sources
            .into_iter()
            .map(|Source { path, content }| {
                let notice = before.remove(&path).unwrap_or_else(|| Notice::new(content));
                (path, notice)
            })
            .collect();
    }

    /// Looks at all files, off this thread: a disk may hang.
    async fn look(&mut self, idle: bool, inbox: &Inbox) {
        let paths = self.paths.clone();
        let watches = self.stream.as_ref().map(EventStream::watches);
        let before = self.eyes.descriptors();
        let Ok(looked) = spawn_blocking(move || look::look(&paths, watches, before)).await else {
            return self.armed = false;
        };
        self.eyes.see(looked.directories);
        match looked.error {
            Some(error) => self.blind(&error, "fs.inotify.max_user_watches"),
            None => self.armed = self.stream.is_some(),
        }
        let now = Instant::now();
        for (path, sight) in self.paths.iter().zip(looked.sights) {
            let view = sight.view(&self.eyes);
            if self.notices.get_mut(path).is_some_and(|notice| notice.see(now, view, idle)) {
                inbox.report(Event::SourcesChanged(path.clone())).await;
            }
        }
    }

    /// Waits until it is time to look again.
    async fn wait(&mut self) -> Why {
        let idle = Instant::now() + if self.armed { IDLE } else { BLIND };
        let mut debounce = Debounce::default();
        let mut sources_end = false;
        loop {
            let due = self.notices.values().filter_map(Notice::deadline).chain(debounce.deadline()).min();
            let wake = due.map_or(idle, |due| due.min(idle));
            tokio::select! {
                biased;
                () = sleep_until(wake) => {
                    return if due.is_some_and(|due| due <= wake) { Why::Due } else { Why::Idle };
                }
                changed = self.sources.changed(), if !sources_end => match changed {
                    Ok(()) => return Why::Sources,
                    // Nobody will name other files: these stay.
                    Err(_) => sources_end = true,
                },
                event = next(&mut self.stream) => match event {
                    Ok(event) => {
                        let concerned = self.eyes.note(&event);
                        if !concerned.is_empty() {
                            debounce.touch(Instant::now());
                        }
                        for at in concerned {
                            if let Some(notice) = self.paths.get(at).and_then(|path| self.notices.get_mut(path)) {
                                notice.told();
                            }
                        }
                    }
                    Err(error) => {
                        self.stream = None;
                        self.blind(&error, "fs.inotify.max_user_instances");
                        return Why::Idle;
                    }
                },
            }
        }
    }

    /// The kernel does not tell: that is said once, with the setting that may help.
    fn blind(&mut self, error: &io::Error, setting: &str) {
        if std::mem::take(&mut self.armed) {
            let what = format!(
                "The configuration's files cannot be watched ({error}): looking at them each second instead; if a \
                 limit was reached, raise {setting} with sysctl"
            );
            (self.tell)(Fact::Trouble { what });
        }
    }
}

/// The next event; never, where there is no stream.
pub(super) async fn next(stream: &mut Option<EventStream<Vec<u8>>>) -> io::Result<inotify::EventOwned> {
    match stream {
        Some(stream) => stream.next().await.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into())),
        None => std::future::pending().await,
    }
}
