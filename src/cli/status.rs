//! `status`: whether a director runs, and how the farm is.

use std::{collections::VecDeque, time::Duration};

use crate::{
    config::{self, SystemFiles},
    control::{Answer, Question},
};

use super::{
    Args, Exit, Target, complain, complain_plain,
    found::{Found, ask, find, on_unit},
    say,
    verbs::checked,
};

/// How long the director may take for the line about the farm.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shows it.
pub(super) fn status(args: &Args, target: &Target, found: &Found) -> Exit {
    let shown = target.shown();
    match found {
        Found::Running(pid) => {
            running(target, *pid);
            executed_status(args, target);
            Exit::Ok
        }
        Found::Stale => checked(target, |_| {
            let path = target.pid_file();
            complain_plain(&format!("ldirectord stale pid file {} for {shown}", path.display()));
            Exit::Failed
        }),
        Found::Nothing => checked(target, |_| {
            say(&format!("ldirectord is stopped for {shown}\n"));
            Exit::NotRunning
        }),
    }
}

/// Shows one that runs, and how its farm is.
fn running(target: &Target, pid: u32) {
    complain_plain(&format!("ldirectord for {} is running with pid: {pid}", target.shown()));
    if let Ok(Answer::Done(line)) = ask(target, Question::Status, PATIENCE) {
        say(&format!("{line}\n"));
    }
}

/// Shows the directors that run with this one, and those that run with them. How they are is no matter for the exit status.
fn executed_status(args: &Args, target: &Target) {
    let mut told = vec![target.instance.clone()];
    let mut names: VecDeque<String> = config::executed(&target.path, &SystemFiles).into();
    while let Some(name) = names.pop_front() {
        let path = match config::find(Some(&name), &SystemFiles) {
            Ok(path) => path,
            Err(error) => {
                complain(&error.to_string());
                continue;
            }
        };
        let other = Target::new(&Args { config: Some(name), ..args.clone() }, path);
        if told.contains(&other.instance) {
            continue;
        }
        told.push(other.instance.clone());
        match find(&other, on_unit(args)) {
            Found::Running(pid) => {
                running(&other, pid);
                names.extend(config::executed(&other.path, &SystemFiles));
            }
            Found::Stale | Found::Nothing => {
                say(&format!("ldirectord is stopped for {}\n", other.shown()));
            }
        }
    }
}
