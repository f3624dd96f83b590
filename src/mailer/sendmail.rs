//! Handing a mail to the machine's own mail system, by the program that all of them have.

use crate::child::{self, ChildError, Program};

use super::{Options, Refused, message::Message};

/// Where it is if it is in no folder of programs (FHS 3.0, 4.7).
const LIBRARY: &str = "/usr/lib/sendmail";

/// `sendmail -t -i`: the recipients are in the header, and a line with a dot alone is text.
pub(super) async fn send(message: &Message, options: &Options) -> Result<(), Refused> {
    let program = child::find("sendmail").unwrap_or_else(|_| LIBRARY.into());
    let text: Vec<u8> = message.bytes()?.into_iter().filter(|byte| *byte != b'\r').collect();
    let program =
        Program { stdin: Some(text), deadline: options.deadline, ..Program::new(program, ["-t", "-i"]) };
    let finished = child::run(program).await.map_err(|error| match error {
        ChildError::NotFound { .. } => {
            Refused::for_good("there is no sendmail on this machine, and no \"smtp\" in the configuration")
        }
        ChildError::NotPermitted { .. } => Refused::for_good(error.to_string()),
        ChildError::Spawn { .. } | ChildError::TimedOut(_) => Refused::for_now(format!("sendmail: {error}")),
    })?;
    if finished.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&finished.stderr);
    let said = super::smtp::presentable(said.lines().next().unwrap_or_default());
    let colon = if said.is_empty() { "" } else { ": " };
    Err(Refused::for_now(format!("sendmail: {}{colon}{said}", finished.status)))
}
