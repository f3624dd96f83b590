//! Notices that a file of the configuration changed on disk: its content, not its dates.
//!
//! The kernel tells (inotify) what happens in every directory on the way to each file, symbolic links on the way
//! included: so an editor's rename into place, a link that is turned to another release, and a directory that is
//! removed and made again are all seen. What the kernel cannot tell, a file on a shared disk that another machine
//! wrote, is found by looking every few seconds; the same where no inotify can be had.
//!
//! A file is taken when its writer has closed it and things have been quiet for a moment, since half a configuration
//! may be a good configuration with half of the services. A file that vanishes is waited for.

mod debounce;
mod events;
mod look;
mod notice;
mod trail;

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    time::Duration,
};

use futures_util::StreamExt as _;
use inotify::{EventStream, Inotify};
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

use crate::{
    config::Fingerprint,
    director::{Event, Fact},
    inbox::Inbox,
};

use self::{debounce::Debounce, events::Eyes, notice::Notice};

/// How often files are looked at that nobody told of.
const IDLE: Duration = Duration::from_secs(5);
/// The same where nobody can tell.
const BLIND: Duration = Duration::from_secs(1);
/// Holds events with the longest of names.
const BUFFER: usize = 4_096;

/// A file to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What was read from it. Where this is not known, a change between that reading and the first look is missed.
    pub content: Option<Fingerprint>,
}

/// Watches files and reports each change as [`Event::SourcesChanged`], until the loop behind the inbox has ended.
///
/// The set of files may change at any time; what is known of files that stay is kept. `tell` hears of trouble with
/// the watching itself.
pub async fn run(sources: watch::Receiver<Vec<Source>>, inbox: Inbox, tell: impl Fn(Fact)) {
    let stream = Inotify::init().and_then(|inotify| inotify.into_event_stream(vec![0; BUFFER]));
    run_with(stream, sources, inbox, tell).await;
}

async fn run_with(
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
async fn next(stream: &mut Option<EventStream<Vec<u8>>>) -> io::Result<inotify::EventOwned> {
    match stream {
        Some(stream) => stream.next().await.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into())),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::{self, Input};

    #[tokio::test]
    async fn without_inotify_changes_are_found_and_the_remedy_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("www.cf");
        std::fs::write(&path, "one").unwrap();
        let source = Source { path: path.clone(), content: Some(Fingerprint::of(b"one")) };
        let (_sources, watched) = watch::channel(vec![source]);
        let (inbox, mut events) = inbox::channel();
        let (said, mut told) = tokio::sync::mpsc::unbounded_channel();
        let tell = move |fact: Fact| said.send(fact.to_string()).unwrap();
        let full = io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error());
        let watching = run_with(Err(full), watched, inbox, tell);
        let test = async {
            let said = told.recv().await.unwrap();
            assert!(said.contains("raise fs.inotify.max_user_instances"), "{said}");
            std::fs::write(&path, "two").unwrap();
            assert!(matches!(events.recv().await, Some(Input::Event(Event::SourcesChanged(_)))));
            assert!(told.try_recv().is_err());
            drop(events);
        };
        let both = async { tokio::join!(watching, test) };
        tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    }
}
