//! Running the administrator's programs: each in a process group of its own, with the configuration in its environment,
//! and not for ever.

use std::{ffi::OsString, path::Path, time::Duration};

use crate::{
    child::{self, Program},
    director::Hook,
};

/// How long one may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs one to its end; the error is words for people.
pub(super) async fn run(hook: Hook, path: &Path) -> Result<(), String> {
    let mut argv: Vec<OsString> = hook.argv().into_iter().map(Into::into).collect();
    let name = path.file_name().unwrap_or_default().to_owned();
    let mut env = vec![("LDIRECTORD_CONFIG_NAME".into(), name)];
    match hook {
        Hook::Callback(_) => argv.push(path.as_os_str().to_owned()),
        Hook::Fallback { virtual_id, .. } => {
            env.push(("LDIRECTORD_VIRTUAL".into(), virtual_id.to_string().into()));
        }
    }
    let program = Program { argv, env, deadline: DEADLINE, ..Program::new("", [""; 0]) };
    let finished = child::run(program).await.map_err(|error| error.to_string())?;
    if finished.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&finished.stderr);
    let said = said.lines().next().unwrap_or_default();
    Err(if said.is_empty() { finished.status.to_string() } else { format!("{}: {said}", finished.status) })
}
