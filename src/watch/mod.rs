//! Notices that a file of the configuration changed on disk: its content, not its dates; and which files are in the
//! maintenance directory.
//!
//! The kernel tells (inotify) what happens in every directory on the way to each file, symbolic links on the way
//! included: so an editor's rename into place, a link that is turned to another release, and a directory that is
//! removed and made again are all seen. What the kernel cannot tell, a file on a shared disk that another machine
//! wrote, is found by looking every few seconds; the same where no inotify can be had.
//!
//! A file is taken when its writer has closed it and things have been quiet for a moment, since half a configuration
//! may be a good configuration with half of the services. A file that vanishes is waited for.

mod debounce;
mod directory;
mod events;
mod look;
mod notice;
mod trail;
mod watcher;

use std::path::PathBuf;

use inotify::Inotify;
use tokio::sync::watch;

pub use self::directory::{files_in, run_directory};
pub use crate::config::Fingerprint;
use crate::{director::Fact, inbox::Inbox};

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

/// Watches files until the loop behind the inbox has ended. Each change is reported as
/// [`SourcesChanged`](crate::director::Event::SourcesChanged), with the path as it was given.
///
/// The set of files may change at any time; what is known of files that stay is kept. `tell` hears of trouble with
/// the watching itself.
pub async fn run(sources: watch::Receiver<Vec<Source>>, inbox: Inbox, tell: impl Fn(Fact)) {
    let stream = Inotify::init().and_then(|inotify| inotify.into_event_stream(vec![0; BUFFER]));
    watcher::run(stream, sources, inbox, tell).await;
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use super::*;
    use crate::{
        director::Event,
        inbox::{self, Input},
    };

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
        let watching = watcher::run(Err(full), watched, inbox, tell);
        let test = async {
            let said = told.recv().await.unwrap();
            assert!(said.contains("raise fs.inotify.max_user_instances"), "{said}");
            // The first may be found by the first look, the second is not.
            for text in ["two", "three"] {
                std::fs::write(&path, text).unwrap();
                let event = events.recv().await;
                assert!(matches!(event, Some(Input::Event(Event::SourcesChanged(_)))), "{event:?}");
            }
            assert!(told.try_recv().is_err());
            drop(events);
        };
        let both = async { tokio::join!(watching, test) };
        tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    }
}
