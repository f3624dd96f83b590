//! One director for each configuration: it holds a lock for as long as it lives, and its process id stands in it.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// Takes the lock; `None` if somebody has it.
pub(super) fn take(path: &Path) -> io::Result<Option<File>> {
    let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(Some(file))
}

/// The process that has the lock, if one has.
pub(super) fn holder(path: &Path) -> Option<u32> {
    let file = File::open(path).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => fs::read_to_string(path).ok()?.trim().parse().ok(),
        Ok(()) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_and_names_him() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("www.lock");
        assert_eq!(holder(&path), None);
        let held = take(&path).unwrap();
        assert!(held.is_some());
        assert!(take(&path).unwrap().is_none());
        assert_eq!(holder(&path), Some(std::process::id()));
        drop(held);
        assert_eq!(holder(&path), None);
        assert!(take(&path).unwrap().is_some());
    }
}
