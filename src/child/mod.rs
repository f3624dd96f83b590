//! Running programs: the only place that starts a process for a question (`ipvsadm`, external checks, hooks).
//!
//! There is no shell, and nothing of ours leaks into the program: each runs in a process group of its own with a
//! cleaned environment. Nothing of the program leaks into us either: its output is bounded, its time is bounded, and
//! whatever way [`run`] ends — even by being dropped half-way — the whole group is gone afterwards.
//!
//! Knows processes and pipes; knows nothing of what the programs are for.

mod environment;
mod group;
mod launch;
mod output;

#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    fmt, io,
    pin::pin,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{Either, FusedFuture, join3, select},
};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
    time::timeout,
};

pub use environment::{find, search_path};
use group::Group;
pub use launch::launch;
use output::Captured;

/// How long the pipes are read on after the program ended. What it wrote itself is in them already; this bounds the
/// wait for a helper that it moved to another session with the pipes still open.
const DRAIN: Duration = Duration::from_millis(200);
/// How long a killed program is waited for. It can only fail to end in the kernel (a dead disk or NFS server).
const BURIAL: Duration = Duration::from_secs(1);

/// A program to run.
///
/// `Debug` shows the arguments alone: input and environment may hold secrets, arguments must not.
#[derive(Clone)]
pub struct Program {
    /// The program and its arguments; a name without `/` is looked up in [`search_path`]. Never empty.
    pub argv: Vec<OsString>,
    /// Variables to set on top of the inherited environment.
    pub env: Vec<(OsString, OsString)>,
    /// What it reads on standard input; `None` is `/dev/null`.
    pub stdin: Option<Vec<u8>>,
    /// How long it may take; then its group gets SIGTERM.
    pub deadline: Duration,
    /// How long it may take to end after SIGTERM; then its group gets SIGKILL.
    pub grace: Duration,
    /// How many bytes of standard output and of standard error are kept, each. The rest is read and dropped.
    pub output_limit: usize,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit status, or the signal that ended it.
    pub status: ExitStatus,
    /// What it printed on standard output.
    pub stdout: Vec<u8>,
    /// What it printed on standard error.
    pub stderr: Vec<u8>,
    /// One of the two is not all that it printed.
    pub truncated: bool,
}

/// Why a program did not end by itself.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// There is no such program (or, for a script, no such interpreter).
    #[error("{program}: not found")]
    NotFound {
        /// The program as it was given.
        program: String,
    },
    /// The file is there and must not be executed.
    #[error("{program}: not permitted to execute it")]
    NotPermitted {
        /// The program as it was given.
        program: String,
    },
    /// The system could not start it.
    #[error("{program}: {error}")]
    Spawn {
        /// The program as it was given.
        program: String,
        /// What the system said.
        error: io::Error,
    },
    /// It did not end within its deadline and was killed, with all of its group.
    #[error("did not end within {0:?} and was killed")]
    TimedOut(Duration),
}

impl Program {
    /// A program with these arguments, no input, ten seconds, and 64 KiB of output.
    pub fn new<A: Into<OsString>>(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut argv = vec![program.into()];
        argv.extend(arguments.into_iter().map(Into::into));
        Self {
            argv,
            env: Vec::new(),
            stdin: None,
            deadline: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            output_limit: 64 << 10,
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("argv", &self.argv).finish_non_exhaustive()
    }
}

/// Runs a program to its end.
///
/// It has ended when its first process has; what that leaves running in its group is killed then. A helper that is
/// meant to outlive it must leave the group (`setsid`). Dropping the future kills the group at once.
///
/// # Errors
/// It could not be started, or it did not end in time.
pub async fn run(program: Program) -> Result<Finished, ChildError> {
    let Program { argv, env, stdin, deadline, grace, output_limit } = program;
    let mut child = spawn(&argv, &env, stdin.is_some())?;
    // Declared after `child` and so dropped before it: the group is signalled while its leader still holds its number.
    let mut group = Group::led_by(&child);
    let (mut stdout, mut stderr) = (Captured::up_to(output_limit), Captured::up_to(output_limit));

    let ended = {
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut talk = pin!(join3(feed(pipes.0, stdin), stdout.fill(pipes.1), stderr.fill(pipes.2)).fuse());
        if let Ok(ended) = timeout(deadline, leader_ends(&mut child, &mut talk)).await {
            group.kill();
            if !talk.is_terminated() {
                timeout(DRAIN, talk).await.ok();
            }
            Some(ended)
        } else {
            group.terminate();
            timeout(grace, leader_ends(&mut child, &mut talk)).await.ok();
            group.kill();
            timeout(BURIAL, child.wait()).await.ok();
            None
        }
    };
    let status = ended
        .ok_or(ChildError::TimedOut(deadline))?
        .map_err(|error| ChildError::Spawn { program: name(&argv), error })?;
    let truncated = stdout.truncated || stderr.truncated;
    Ok(Finished { status, stdout: stdout.bytes, stderr: stderr.bytes, truncated })
}

#[expect(clippy::disallowed_methods, reason = "the one place where programs are started")]
fn spawn(
    argv: &[OsString],
    variables: &[(OsString, OsString)],
    with_input: bool,
) -> Result<Child, ChildError> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(ChildError::NotFound { program: String::new() });
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(if with_input { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    environment::clean(&mut command);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.spawn().map_err(|error| {
        let program = name(argv);
        if error.kind() == io::ErrorKind::NotFound {
            ChildError::NotFound { program }
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            ChildError::NotPermitted { program }
        } else {
            ChildError::Spawn { program, error }
        }
    })
}

fn name(argv: &[OsString]) -> String {
    argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Waits for the leader while the conversation goes on, so that neither can wait for the other for ever.
async fn leader_ends<T>(
    child: &mut Child,
    talk: &mut (impl FusedFuture<Output = T> + Unpin),
) -> io::Result<ExitStatus> {
    match select(pin!(child.wait()), talk).await {
        Either::Left((status, _)) => status,
        Either::Right((_, wait)) => wait.await,
    }
}

/// Writes the input and closes the pipe. A program may end without reading all of it; its status tells what that means.
async fn feed(pipe: Option<ChildStdin>, bytes: Option<Vec<u8>>) {
    if let (Some(mut pipe), Some(bytes)) = (pipe, bytes) {
        pipe.write_all(&bytes).await.ok();
    }
}
