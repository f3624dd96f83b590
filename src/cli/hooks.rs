//! Running the administrator's programs, and this one for other configurations: each in a process group of its own, with
//! the configuration in its environment, and not for ever.

use std::{ffi::OsString, path::Path, time::Duration};

use crate::{
    child::{self, Program},
    director::{Hook, Order},
};

/// How long one may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long the director of another configuration may: longer than it says that it needs itself.
const EXECUTE_DEADLINE: Duration = Duration::from_secs(100);

/// Runs one to its end; the error is words for people. `under_systemd` is whether this director is a unit: then those of
/// other configurations are too, and else not.
pub(super) async fn run(hook: Hook, path: &Path, under_systemd: bool) -> Result<(), String> {
    let mut argv: Vec<OsString> = hook.argv().into_iter().map(Into::into).collect();
    let name = path.file_name().unwrap_or_default().to_owned();
    let mut env = vec![("LDIRECTORD_CONFIG_NAME".into(), name)];
    match hook {
        Hook::Callback(_) => argv.push(path.as_os_str().to_owned()),
        Hook::Fallback { virtual_id, .. } => {
            env.push(("LDIRECTORD_VIRTUAL".into(), virtual_id.to_string().into()));
        }
        Hook::Execute { configuration, order } => return execute(&configuration, order, under_systemd).await,
    }
    finish(Program { argv, env, deadline: DEADLINE, ..Program::new("", [""; 0]) }).await
}

/// Tells the director of another configuration.
async fn execute(configuration: &str, order: Order, under_systemd: bool) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let direct = if under_systemd { None } else { Some("--direct".into()) };
    let words = ["--executed".into(), configuration.into(), order.to_string().into()];
    let argv = std::iter::once(program.into_os_string()).chain(direct).chain(words).collect();
    finish(Program { argv, deadline: EXECUTE_DEADLINE, ..Program::new("", [""; 0]) }).await
}

/// Runs a program to its end.
async fn finish(program: Program) -> Result<(), String> {
    let finished = child::run(program).await.map_err(|error| error.to_string())?;
    if finished.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&finished.stderr);
    let said = said.lines().next().unwrap_or_default();
    Err(if said.is_empty() { finished.status.to_string() } else { format!("{}: {said}", finished.status) })
}
