//! The director's end.

use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use crate::{
    director::{Command, Event, Refusal, Snapshot},
    inbox::Inbox,
};

use super::{Question, health};

/// How long somebody may take to say what he wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest question, in bytes.
const LONGEST: u64 = 64;
/// Conversations at once; more wait in the socket's queue.
const AT_ONCE: usize = 16;

/// A bound control socket.
#[derive(Debug)]
pub struct ControlServer {
    listener: std::os::unix::net::UnixListener,
    _name: Name,
}

/// The socket's name in the file system, which goes when nobody listens any more.
#[derive(Debug)]
struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl ControlServer {
    /// Binds the socket; one that is left from a director that died is replaced. Whoever calls holds the instance's
    /// lock, so that no living one is.
    ///
    /// # Errors
    /// The socket cannot be made there.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = std::os::unix::net::UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, _name: Name(path.to_owned()) })
    }
}

/// Answers questions until the loop ends. Conversations are tasks of this future, and end with it.
///
/// # Errors
/// The socket broke.
pub async fn serve(
    server: ControlServer,
    inbox: Inbox,
    snapshots: watch::Receiver<Arc<Snapshot>>,
) -> io::Result<()> {
    let ControlServer { listener, _name } = server;
    let listener = UnixListener::from_std(listener)?;
    let mut talks = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = talks.join_next() => {}
            accepted = listener.accept(), if talks.len() < AT_ONCE => match accepted {
                Ok((stream, _)) => {
                    talks.spawn(talk(stream, inbox.clone(), snapshots.clone()));
                }
                // Out of descriptors, most likely: some will be free again.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
        }
    }
}

async fn talk(mut stream: UnixStream, inbox: Inbox, snapshots: watch::Receiver<Arc<Snapshot>>) {
    let mut line = String::new();
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read.take(LONGEST));
    if !matches!(timeout(PATIENCE, read.read_line(&mut line)).await, Ok(Ok(_))) {
        return;
    }
    let answer = match Question::parse(&line) {
        Some(Question::Reload) => match inbox.ask(Command::Reload).await {
            Ok(()) => "ok\n".to_owned(),
            Err(Refusal::InvalidConfig(text)) => format!("rejected\n{text}\n"),
            Err(refusal @ Refusal::Stopping) => format!("refused\n{refusal}\n"),
        },
        Some(Question::Leave) => {
            inbox.report(Event::Stop { why: "request", clean: false }).await;
            inbox.closed().await;
            "ok\n".to_owned()
        }
        Some(Question::Status) => format!("ok\n{}\n", snapshots.borrow().status_line()),
        Some(Question::Health) => {
            let snapshot = snapshots.borrow().clone();
            format!("ok\n{}", health::text(&snapshot))
        }
        None => "refused\nnot understood\n".to_owned(),
    };
    // Who asked may have gone.
    let _ = write.write_all(answer.as_bytes()).await;
}
