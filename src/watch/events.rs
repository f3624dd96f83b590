//! What the kernel tells, and which files it concerns.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    path::PathBuf,
};

use inotify::{EventMask, EventOwned, WatchDescriptor};

use super::trail::Step;

/// A directory that is watched: the names in it that matter, and to which files (by their index).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    pub(super) names: HashMap<OsString, BTreeSet<usize>>,
}

/// The directories that are watched, by what the kernel calls the watches.
pub(super) type Directories = HashMap<WatchDescriptor, Directory>;

/// What is watched, and what was seen.
#[derive(Debug, Default)]
pub(super) struct Eyes {
    directories: Directories,
    /// Files that nobody has closed yet, as far as we were told.
    begun: HashMap<Step, Begun>,
}

/// What somebody began to do to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// To make it, or to give a name to one that is there: what is told of both is the same.
    Making,
    /// To write to it.
    Writing,
}

impl Eyes {
    /// What the kernel calls the watches that are there.
    pub(super) fn descriptors(&self) -> Vec<WatchDescriptor> {
        self.directories.keys().cloned().collect()
    }

    /// These are watched now.
    pub(super) fn see(&mut self, directories: Directories) {
        self.directories = directories;
    }

    /// What somebody is in the middle of doing to the file at this place.
    pub(super) fn begun(&self, step: &Step) -> Option<Begun> {
        self.begun.get(step).copied()
    }

    /// The files (by their index) that an event concerns.
    pub(super) fn note(&mut self, event: &EventOwned) -> BTreeSet<usize> {
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            // Anything may have happened, closing what was begun included.
            self.begun.clear();
            return self
                .directories
                .values()
                .flat_map(|directory| directory.names.values().flatten())
                .copied()
                .collect();
        }
        if event.mask.intersects(EventMask::IGNORED | EventMask::UNMOUNT) {
            // The directory is gone. (So is one that we no longer watch; then it is not in the map.)
            let directory = self.directories.remove(&event.wd);
            return directory
                .iter()
                .flat_map(|directory| directory.names.values().flatten())
                .copied()
                .collect();
        }
        let known = self.directories.get(&event.wd).zip(event.name.as_ref());
        let Some((directory, name, concerned)) =
            known.and_then(|(directory, name)| Some((directory, name, directory.names.get(name)?)))
        else {
            return BTreeSet::new();
        };
        let step = Step { directory: directory.path.clone(), name: name.clone() };
        if event.mask.contains(EventMask::MODIFY) {
            // There is nothing to look at before it is closed.
            self.begun.insert(step, Begun::Writing);
            return BTreeSet::new();
        }
        if event.mask.contains(EventMask::CREATE) && !event.mask.contains(EventMask::ISDIR) {
            self.begun.insert(step, Begun::Making);
        } else {
            self.begun.remove(&step);
        }
        concerned.clone()
    }
}
