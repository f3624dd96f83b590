//! Starting a program that outlives us: the background half of `start`.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// Starts a program that nobody here waits for to end. It hears nothing on standard input, says nothing on standard
/// output, and what it has to say on standard error can be read for as long as somebody does.
///
/// # Errors
/// It cannot be started.
#[expect(
    clippy::disallowed_methods,
    reason = "it is meant to outlive us, and this is the room that starts programs"
)]
pub fn launch(
    program: PathBuf,
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> io::Result<Child> {
    Command::new(program)
        .args(arguments)
        .envs(environment)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}
