//! A program of the administrator's that says how a server is: exit status 0 is well, anything else is not. One that is
//! ended by a signal has not said that the server is well.

use std::{ffi::OsString, os::unix::process::ExitStatusExt as _, process::ExitStatus};

use super::Ask;
use crate::{
    child::{self, ChildError, Finished, Program},
    health::{Evidence, Failure, Stage},
    model::ExternalCheck,
};

/// What is kept of what it prints: the beginning is shown.
const OUTPUT: usize = 1 << 10;

/// Runs a file as the reference does, which makes a function of it: `return` ends it, `exit` says how the server is, and
/// what dies has found out nothing good. Exit statuses beyond those of a process are not taken for zero, and neither is a
/// file that cannot be read (`do FILE` would not tell).
const PERL: &str = r##"
BEGIN { *CORE::GLOBAL::exit = sub { my $status = shift // 0; CORE::exit($status == 0 ? 0 : $status % 256 || 1) } }
my $file = shift;
open my $in, '<', $file or die "cannot open $file: $!\n";
my $text = do { local $/; <$in> } // die "cannot read $file: $!\n";
close $in;
eval "#line 1 \"$file\"\n$text";
die $@ if $@;
CORE::exit(0);
"##;

/// Runs it once. It has the check's deadline for itself, and ends by itself, or is ended, soon after.
pub(super) async fn probe(ask: &Ask<'_>, check: &ExternalCheck) -> Result<Evidence, Failure> {
    ask.enter(Stage::Program);
    let perl = ["perl", "-e", PERL].map(OsString::from);
    let argv = perl.into_iter().take(if check.perl { 3 } else { 0 });
    let own = check.command.argv.iter().map(OsString::from);
    let told = check.arguments(ask.spec.target).into_iter().map(OsString::from);
    let program = Program {
        argv: argv.chain(own).chain(told).collect(),
        deadline: ask.spec.cadence.deadline,
        grace: ExternalCheck::GRACE,
        output_limit: OUTPUT,
        ..Program::new("", [""; 0])
    };
    match child::run(program).await {
        Ok(Finished { status, .. }) if status.success() => Ok(Evidence::default()),
        Ok(finished) => {
            let said = [&finished.stderr, &finished.stdout].into_iter().find(|said| !said.is_empty());
            let said = said.map(|said| Failure::excerpt(said)).unwrap_or_default();
            Err(Failure::Program { how: ended(finished.status), said })
        }
        Err(ChildError::TimedOut(_)) => Err(Failure::TimedOut(Stage::Program)),
        // That it cannot be run says nothing of the server, and must not go unseen.
        Err(
            error
            @ (ChildError::NotFound { .. } | ChildError::NotPermitted { .. } | ChildError::Spawn { .. }),
        ) => Err(Failure::Local(error.to_string())),
    }
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}
