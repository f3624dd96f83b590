//! One look at the files: have the kernel tell of the way to each, then read what is there. Blocks.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use inotify::{WatchDescriptor, WatchMask, Watches};

use super::{
    Fingerprint,
    events::{Begun, Directories, Eyes},
    notice::View,
    trail::{Step, trail},
};

/// How often a way is walked again because it changed while it was being watched.
const ROUNDS: usize = 5;

/// What was found.
#[derive(Debug)]
pub(super) struct Looked {
    /// What is watched now.
    pub(super) directories: Directories,
    /// A limit was reached: not everything is.
    pub(super) error: Option<io::Error>,
    /// The files, in the order in which they were asked for.
    pub(super) sights: Vec<Sight>,
}

/// One file.
#[derive(Debug)]
pub(super) struct Sight {
    /// What is in it, and whether this is its only name.
    content: Option<(Fingerprint, bool)>,
    /// Its place, or that of the first missing thing on the way to it.
    end: Option<Step>,
}

impl Sight {
    /// What is to be made of it, after all that was told.
    pub(super) fn view(&self, eyes: &Eyes) -> View {
        match self.content {
            None => View::Gone,
            Some((fingerprint, sole)) => {
                let begun = self.end.as_ref().and_then(|end| eyes.begun(end));
                let finished = match begun {
                    None => true,
                    Some(Begun::Writing) => false,
                    // A second name for a file is given without opening it: nobody will close it.
                    Some(Begun::Making) => !sole,
                };
                View::Content { fingerprint, finished }
            }
        }
    }
}

/// Looks at the files. Watches of before that are no longer needed are given up.
pub(super) fn look(paths: &[PathBuf], watches: Option<Watches>, before: Vec<WatchDescriptor>) -> Looked {
    let mut directories = Directories::new();
    let mut error = None;
    if let Some(mut watches) = watches {
        error = arm(paths, &mut watches, &mut directories).err();
        for old in before.into_iter().filter(|old| !directories.contains_key(old)) {
            // The kernel may have given it up by itself.
            let _ = watches.remove(old);
        }
    }
    let sights = paths.iter().map(|path| Sight { content: read(path), end: trail(path).pop() }).collect();
    Looked { directories, error, sights }
}

/// Has the kernel tell of all ways. They are walked again after that, since what changed in between was told by nobody.
fn arm(paths: &[PathBuf], watches: &mut Watches, directories: &mut Directories) -> io::Result<()> {
    let mask = WatchMask::CLOSE_WRITE
        | WatchMask::CREATE
        | WatchMask::DELETE
        | WatchMask::MODIFY
        | WatchMask::MOVED_FROM
        | WatchMask::MOVED_TO
        | WatchMask::ONLYDIR;
    let mut ways = walk(paths);
    for _ in 0..ROUNDS {
        directories.clear();
        for (path, names) in &ways {
            match watches.add(path, mask) {
                // Two paths may be one directory (a bind mount).
                Ok(descriptor) => {
                    let directory = directories.entry(descriptor).or_default();
                    directory.path.clone_from(path);
                    for (name, files) in names {
                        directory.names.entry(name.clone()).or_default().extend(files);
                    }
                }
                Err(error) if limit_reached(&error) => return Err(error),
                // It has just gone, or may not be read: then the look every few seconds must do.
                Err(_) => {}
            }
        }
        let again = walk(paths);
        if again == ways {
            break;
        }
        ways = again;
    }
    Ok(())
}

fn limit_reached(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::OutOfMemory)
}

/// The directories on the ways to all files, with the names that are looked up in each, and for which files.
fn walk(paths: &[PathBuf]) -> HashMap<PathBuf, HashMap<OsString, BTreeSet<usize>>> {
    let mut ways: HashMap<PathBuf, HashMap<OsString, BTreeSet<usize>>> = HashMap::new();
    for (file, path) in paths.iter().enumerate() {
        for Step { directory, name } in trail(path) {
            ways.entry(directory).or_default().entry(name).or_default().insert(file);
        }
    }
    ways
}

/// What is in a file and whether it has one name only; nothing where it cannot be read. Opening what is no regular
/// file could block for good.
fn read(path: &Path) -> Option<(Fingerprint, bool)> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let sole = file.metadata().ok()?.nlink() == 1;
    let mut content = Vec::new();
    file.read_to_end(&mut content).ok()?;
    Some((Fingerprint::of(&content), sole))
}
