//! The service manager's end of `NOTIFY_SOCKET`.

use std::{
    os::unix::net::UnixDatagram,
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{SOON, world::World};

/// Hears what the program says of itself.
pub(crate) struct Ear {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Ear {
    pub(crate) fn new(world: &World) -> Self {
        let path = world.folder().join("notify");
        Self { socket: UnixDatagram::bind(&path).unwrap(), path }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// The next message, if one comes within this time.
    pub(crate) fn next_within(&self, limit: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(limit.max(Duration::from_millis(1)))).unwrap();
        let mut buffer = [0; 8192];
        let length = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8(buffer[..length].to_vec()).unwrap().trim_end().to_owned())
    }

    /// Everything up to the first message that begins like this, that one included.
    #[track_caller]
    pub(crate) fn until(&self, wanted: &str) -> Vec<String> {
        let start = Instant::now();
        let mut heard: Vec<String> = Vec::new();
        while !heard.last().is_some_and(|last| last.starts_with(wanted)) {
            let Some(left) = SOON.checked_sub(start.elapsed()) else { panic!("no {wanted} in {heard:?}") };
            heard.extend(self.next_within(left));
        }
        heard
    }
}
