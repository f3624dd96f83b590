//! The maintenance directory: which files are in it. What is in the files does not matter, so that nobody has to wait
//! for a writer; a file counts from the moment at which it is there.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use inotify::{EventMask, EventOwned, EventStream, Inotify, WatchDescriptor, WatchMask, Watches};
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep_until, timeout_at},
};

use super::{BUFFER, trail::trail, watcher::next};
use crate::{
    director::{Event, Fact},
    inbox::Inbox,
};

/// What happens within this time is one look.
const BURST: Duration = Duration::from_millis(20);
/// How often a directory is looked at of which nobody told: it may be on a shared disk.
const IDLE: Duration = Duration::from_secs(5);
/// The same where nobody can tell.
const BLIND: Duration = Duration::from_secs(1);
/// How often the way is walked again because it changed while it was being watched.
const ROUNDS: usize = 5;

/// Watches a directory, which may be another one or none at any time, until the loop behind the inbox has ended. What
/// is in it is reported as [`MaintenanceChanged`](Event::MaintenanceChanged). `tell` hears of trouble with the watching.
pub async fn run_directory(
    directory: watch::Receiver<Option<PathBuf>>,
    inbox: Inbox,
    tell: impl Fn(Fact) + Send,
) {
    let mut watcher = Watcher { directory, stream: None, ways: Ways::new(), blind: false, tell };
    tokio::select! {
        biased;
        () = inbox.closed() => {}
        () = watcher.work(&inbox) => {}
    }
}

/// The names of all files in a directory; none where there is no directory. Blocks.
///
/// # Errors
/// It is there and cannot be read.
pub fn files_in(directory: &Path) -> io::Result<BTreeSet<String>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(error),
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Directories that are watched, each with the names in it that matter; in that of the files all do.
type Ways = HashMap<WatchDescriptor, Option<BTreeSet<OsString>>>;

struct Watcher<T> {
    directory: watch::Receiver<Option<PathBuf>>,
    stream: Option<EventStream<Vec<u8>>>,
    ways: Ways,
    /// The kernel does not tell, and that was said.
    blind: bool,
    tell: T,
}

impl<T: Fn(Fact) + Send> Watcher<T> {
    async fn work(&mut self, inbox: &Inbox) {
        loop {
            let directory = self.directory.borrow_and_update().clone();
            if let Some(directory) = directory {
                self.watch(&directory, inbox).await;
            } else {
                self.stream = None;
                self.ways.clear();
            }
            if self.directory.changed().await.is_err() {
                // Nobody will name another one; the end comes with the inbox.
                std::future::pending::<()>().await;
            }
            self.directory.mark_changed();
        }
    }

    /// Looks and waits until there is another directory.
    async fn watch(&mut self, directory: &Path, inbox: &Inbox) {
        if self.stream.is_none() {
            match Inotify::init().and_then(|inotify| inotify.into_event_stream(vec![0; BUFFER])) {
                Ok(stream) => self.stream = Some(stream),
                Err(error) => self.say_blind(&error, "fs.inotify.max_user_instances"),
            }
        }
        let (mut known, mut trouble) = (None, None);
        loop {
            match self.look(directory).await {
                Ok(files) => {
                    trouble = None;
                    if known.as_ref() != Some(&files) {
                        let (directory, files) = (directory.to_owned(), files.clone());
                        inbox.report(Event::MaintenanceChanged { directory, files }).await;
                    }
                    known = Some(files);
                }
                // What is known stands: servers must not come back since a disk hangs.
                Err(error) if trouble != Some(error.kind()) => {
                    trouble = Some(error.kind());
                    let what = format!(
                        "The maintenance directory {} cannot be read ({error}): what was in it counts",
                        directory.display()
                    );
                    (self.tell)(Fact::Trouble { what });
                }
                Err(_) => {}
            }
            if self.wait().await {
                return;
            }
        }
    }

    /// One look, off this thread: a disk may hang.
    async fn look(&mut self, directory: &Path) -> io::Result<BTreeSet<String>> {
        let watches = self.stream.as_ref().map(EventStream::watches);
        let before: Vec<WatchDescriptor> = self.ways.keys().cloned().collect();
        let directory = directory.to_owned();
        let looked = spawn_blocking(move || look(&directory, watches, &before)).await;
        let (ways, error, files) = looked.map_err(io::Error::other)?;
        self.ways = ways;
        if let Some(error) = error {
            self.say_blind(&error, "fs.inotify.max_user_watches");
        } else if self.stream.is_some() {
            self.blind = false;
        }
        files
    }

    /// Waits until it is time to look again; says whether there is another directory.
    async fn wait(&mut self) -> bool {
        let idle = Instant::now() + if self.blind { BLIND } else { IDLE };
        loop {
            tokio::select! {
                biased;
                changed = self.directory.changed() => match changed {
                    Ok(()) => {
                        self.directory.mark_changed();
                        return true;
                    }
                    Err(_) => std::future::pending().await,
                },
                () = sleep_until(idle) => return false,
                event = next(&mut self.stream) => match event {
                    Ok(event) if self.matters(&event) => break,
                    Ok(_) => {}
                    Err(error) => {
                        self.stream = None;
                        self.ways.clear();
                        self.say_blind(&error, "fs.inotify.max_user_instances");
                        return false;
                    }
                },
            }
        }
        let end = Instant::now() + BURST;
        while let Ok(Ok(_)) = timeout_at(end, next(&mut self.stream)).await {}
        false
    }

    fn matters(&self, event: &EventOwned) -> bool {
        if event.mask.intersects(EventMask::Q_OVERFLOW | EventMask::IGNORED | EventMask::UNMOUNT) {
            return event.mask.contains(EventMask::Q_OVERFLOW) || self.ways.contains_key(&event.wd);
        }
        match self.ways.get(&event.wd) {
            Some(Some(names)) => event.name.as_ref().is_some_and(|name| names.contains(name)),
            Some(None) => true,
            None => false,
        }
    }

    fn say_blind(&mut self, error: &io::Error, setting: &str) {
        if !std::mem::replace(&mut self.blind, true) {
            let what = format!(
                "The maintenance directory cannot be watched ({error}): looking at it each second instead; if a limit \
                 was reached, raise {setting} with sysctl"
            );
            (self.tell)(Fact::Trouble { what });
        }
    }
}

/// Has the kernel tell of the directory and of the way to it, then lists it. Watches of before that are no longer needed
/// are given up.
fn look(
    directory: &Path,
    watches: Option<Watches>,
    before: &[WatchDescriptor],
) -> (Ways, Option<io::Error>, io::Result<BTreeSet<String>>) {
    let (mut ways, mut error) = (Ways::new(), None);
    if let Some(mut watches) = watches {
        error = arm(directory, &mut watches, &mut ways).err();
        for old in before.iter().filter(|old| !ways.contains_key(old)) {
            // The kernel may have given it up by itself.
            let _ = watches.remove(old.clone());
        }
    }
    (ways, error, files_in(directory))
}

fn arm(directory: &Path, watches: &mut Watches, ways: &mut Ways) -> io::Result<()> {
    let mask = WatchMask::CREATE
        | WatchMask::DELETE
        | WatchMask::MOVED_FROM
        | WatchMask::MOVED_TO
        | WatchMask::ONLYDIR;
    for _ in 0..ROUNDS {
        ways.clear();
        let way = trail(directory);
        for step in &way {
            match watches.add(&step.directory, mask) {
                Ok(descriptor) => {
                    // Where the way leads through the directory itself, all names matter.
                    let names = ways.entry(descriptor).or_insert_with(|| Some(BTreeSet::new()));
                    if let Some(names) = names {
                        names.insert(step.name.clone());
                    }
                }
                Err(error) if limit_reached(&error) => return Err(error),
                // It has just gone, or may not be read: then the look every few seconds must do.
                Err(_) => {}
            }
        }
        match watches.add(directory, mask) {
            Ok(descriptor) => drop(ways.insert(descriptor, None)),
            Err(error) if limit_reached(&error) => return Err(error),
            Err(_) => {}
        }
        // What changed in between was told by nobody.
        if trail(directory) == way {
            break;
        }
    }
    Ok(())
}

fn limit_reached(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::OutOfMemory)
}
