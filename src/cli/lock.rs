//! One director for each configuration: it holds a lock for as long as it lives, and whoever asks hears its process
//! id from the kernel. A POSIX record lock (fcntl(2)), since looking at one does not take it.

use std::{
    fs::File,
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, fcntl_lock},
    io::Errno,
    process::{Flock, FlockType, fcntl_getlk},
};

/// How long a director that was killed may hold its lock: until the kernel has cleared it away. For everybody else it
/// is gone already.
const BURIAL: Duration = Duration::from_secs(1);
/// How often the lock is tried.
const LOOK: Duration = Duration::from_millis(20);

/// Takes the lock; `None` if another process has it. It is held until the process ends: the file must not be opened
/// a second time by it, since closing that one would give the lock away.
#[expect(clippy::disallowed_methods, reason = "nothing runs in this process yet that it could delay")]
pub(super) fn take(path: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    let until = Instant::now() + BURIAL;
    loop {
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::AGAIN | Errno::ACCESS) if Instant::now() >= until => return Ok(None),
            Err(Errno::AGAIN | Errno::ACCESS) => thread::sleep(LOOK),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The process that has the lock, if another one has.
pub(super) fn holder(path: &Path) -> Option<u32> {
    let file = File::open(path).ok()?;
    let held = fcntl_getlk(&file, &Flock::from(FlockType::WriteLock)).ok()??;
    held.pid?.as_raw_nonzero().get().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_what_is_not_there_and_the_first_one_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("www.lock");
        assert_eq!(holder(&path), None);
        assert!(take(&path).unwrap().is_some());
        assert_eq!(holder(&path), None, "a lock of our own is none: tests/process has two processes");
    }
}
