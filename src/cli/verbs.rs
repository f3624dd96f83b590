//! The classic verbs. Where systemd runs they act on the unit; where not, on the process that the control socket or
//! the pid file names.

use std::{
    fs::{self, File},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    control::{self, Answer, ControlError, Question},
    model::Settings,
};

use super::{
    Args, Exit, Target, Verb, complain, complain_plain, configtest, daemon,
    found::{Found, ask, find, lives, on_unit},
    launch, loading, lock,
    status::status,
    unit,
};

/// A stop is over within this time: the director itself gives up before.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// A reload is over within this time: names may be slow to resolve.
const RELOAD_WITHIN: Duration = Duration::from_secs(90);
/// How often a process that is to end is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Does what the verb says.
pub(super) fn act(args: &Args, target: &Target) -> Exit {
    let on_unit = on_unit(args);
    // Two starts at the same time are one start, which both wait for.
    let starts = matches!(args.verb, Verb::Start | Verb::Restart | Verb::TryRestart)
        || (args.executed && args.verb == Verb::Reload);
    let turn =
        (starts && !on_unit).then(|| lock::turn(&control::turn_file(target.instance.name()))).flatten();
    let found = find(target, on_unit);
    match args.verb {
        Verb::Status => status(args, target, &found),
        Verb::Reload if args.executed && !matches!(found, Found::Running(_)) => {
            start(args, target, turn, &found, on_unit)
        }
        Verb::Start => start(args, target, turn, &found, on_unit),
        Verb::Stop => stop(target, &found, on_unit),
        Verb::Restart => restart(args, target, turn, &found, on_unit),
        Verb::TryRestart => match found {
            Found::Running(_) => restart(args, target, turn, &found, on_unit),
            Found::Stale | Found::Nothing => Exit::Ok,
        },
        Verb::Reload | Verb::ForceReload => reload(target, &found, on_unit),
        Verb::Run | Verb::ConfigTest | Verb::Plan | Verb::Convert => Exit::Usage,
    }
}

/// A configuration that is not good ends a command that would need it; its diagnostics are shown.
pub(super) fn checked(target: &Target, then: impl FnOnce(&Settings) -> Exit) -> Exit {
    match loading::first(&target.path) {
        Ok(loaded) => then(&loaded.config.settings),
        Err(rejected) => {
            configtest::show(&rejected.diagnostics);
            Exit::Config
        }
    }
}

fn start(args: &Args, target: &Target, turn: Option<File>, found: &Found, on_unit: bool) -> Exit {
    if let Found::Running(_) = found {
        return Exit::Ok;
    }
    checked(target, |settings| {
        if settings.supervised && !args.executed {
            return supervised(args, target, turn);
        }
        let started = if on_unit {
            unit::systemctl(&["start", &target.instance.unit()])
        } else {
            launch::launch(target)
        };
        finish(started)
    })
}

/// This process becomes the director. The next start must not wait for its end.
fn supervised(args: &Args, target: &Target, turn: Option<File>) -> Exit {
    drop(turn);
    daemon::run(args, target)
}

fn stop(target: &Target, found: &Found, on_unit: bool) -> Exit {
    let Found::Running(pid) = *found else {
        let _ = fs::remove_file(target.pid_file());
        return Exit::Ok;
    };
    if on_unit && unit::main_pid(&target.instance.unit()) == Some(pid) {
        return finish(unit::systemctl(&["stop", &target.instance.unit()]));
    }
    finish(signal(pid, Signal::TERM).and_then(|()| gone(pid)))
}

fn restart(args: &Args, target: &Target, turn: Option<File>, found: &Found, on_unit: bool) -> Exit {
    checked(target, |settings| {
        let is_units = |found: &Found| match *found {
            Found::Running(pid) => unit::main_pid(&target.instance.unit()) == Some(pid),
            Found::Stale | Found::Nothing => false,
        };
        if on_unit && (!settings.supervised || is_units(found)) {
            return finish(unit::systemctl(&["restart", &target.instance.unit()]));
        }
        if let Found::Running(pid) = *found {
            let left = match ask(target, Question::Leave, STOP_WITHIN) {
                Ok(_) | Err(ControlError::Silent(_)) => gone(pid),
                // It runs and has no socket: an older program. The table stays if it cannot clean up.
                Err(ControlError::Nobody) => signal(pid, Signal::KILL).and_then(|()| gone(pid)),
            };
            if let Err(words) = left {
                return finish(Err(words));
            }
            if settings.supervised {
                complain_plain(&format!(
                    "ldirectord for {} has ended; what supervises it starts it again",
                    target.shown()
                ));
                return Exit::Ok;
            }
        }
        if settings.supervised {
            return supervised(args, target, turn);
        }
        finish(launch::launch(target))
    })
}

fn reload(target: &Target, found: &Found, on_unit: bool) -> Exit {
    let Found::Running(pid) = *found else {
        complain(&format!("ldirectord is stopped for {}", target.shown()));
        return Exit::Failed;
    };
    if on_unit && unit::main_pid(&target.instance.unit()) == Some(pid) {
        return checked(target, |_| finish(unit::systemctl(&["reload", &target.instance.unit()])));
    }
    match ask(target, Question::Reload, RELOAD_WITHIN) {
        Ok(Answer::Done(_)) => Exit::Ok,
        Ok(Answer::Rejected(diagnostics)) => {
            complain_plain(&diagnostics);
            complain("the configuration was rejected; the one before stays in force");
            Exit::Config
        }
        Ok(Answer::Refused(words)) => finish(Err(words)),
        Err(ControlError::Nobody) => finish(signal(pid, Signal::HUP)),
        Err(error @ ControlError::Silent(_)) => finish(Err(error.to_string())),
    }
}

fn finish(result: Result<(), String>) -> Exit {
    match result {
        Ok(()) => Exit::Ok,
        Err(words) => {
            complain_plain(&words);
            Exit::Failed
        }
    }
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn signal(pid: u32, signal: Signal) -> Result<(), String> {
    let pid = pid_of(pid).ok_or("there is no such process")?;
    kill_process(pid, signal).map_err(|error| error.to_string())
}

/// Waits until a process has ended.
#[expect(clippy::disallowed_methods, reason = "a command that does nothing else may sleep")]
fn gone(pid: u32) -> Result<(), String> {
    let until = Instant::now() + STOP_WITHIN;
    while lives(pid) {
        if Instant::now() > until {
            return Err(format!("process {pid} did not end within {} s", STOP_WITHIN.as_secs()));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}
