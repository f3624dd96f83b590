//! The classic verbs. Where systemd runs they act on the unit; where not, on the process that the control socket or
//! the pid file names.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    control::{self, Answer, ControlError, Question},
    model::Settings,
};

use super::{Args, Exit, Target, Verb, complain, configtest, daemon, launch, loading, lock, say, unit};

/// A stop is over within this time: the director itself gives up before.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// A reload is over within this time: names may be slow to resolve.
const RELOAD_WITHIN: Duration = Duration::from_secs(90);
/// How often a process that is to end is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What there is of a director.
enum Found {
    /// It runs, with this process id.
    Running(u32),
    /// Its pid file is there, and no process.
    Stale,
    /// Nothing.
    Nothing,
}

/// Whether a director of this configuration runs.
pub(super) fn runs(args: &Args, target: &Target) -> bool {
    matches!(find(target, on_unit(args)), Found::Running(_))
}

fn on_unit(args: &Args) -> bool {
    unit::systemd_runs() && !args.direct
}

/// Does what the verb says.
pub(super) fn act(args: &Args, target: &Target) -> Exit {
    let on_unit = on_unit(args);
    // Two starts at the same time are one start, which both wait for.
    let starts = matches!(args.verb, Verb::Start | Verb::Restart | Verb::TryRestart);
    let turn =
        (starts && !on_unit).then(|| lock::turn(&control::turn_file(target.instance.name()))).flatten();
    let found = find(target, on_unit);
    match args.verb {
        Verb::Status => status(target, &found),
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
fn checked(target: &Target, then: impl FnOnce(&Settings) -> Exit) -> Exit {
    match loading::first(&target.path) {
        Ok(loaded) => then(&loaded.config.settings),
        Err(rejected) => {
            configtest::show(&rejected.diagnostics);
            Exit::Config
        }
    }
}

fn status(target: &Target, found: &Found) -> Exit {
    let shown = target.shown();
    match found {
        Found::Running(pid) => {
            complain_plain(&format!("ldirectord for {shown} is running with pid: {pid}"));
            if let Ok(Answer::Done(line)) = ask(target, Question::Status, Duration::from_secs(5)) {
                say(&format!("{line}\n"));
            }
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

fn start(args: &Args, target: &Target, turn: Option<File>, found: &Found, on_unit: bool) -> Exit {
    if let Found::Running(_) = found {
        return Exit::Ok;
    }
    checked(target, |settings| {
        if settings.supervised {
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

fn find(target: &Target, on_unit: bool) -> Found {
    if on_unit && let Some(pid) = unit::main_pid(&target.instance.unit()) {
        return Found::Running(pid);
    }
    // One that was killed may hold the lock for a moment longer.
    if let Some(pid) = lock::holder(&control::lock_file(target.instance.name())).filter(|pid| lives(*pid)) {
        return Found::Running(pid);
    }
    // The pid file is for those who look for it, and may be that of an older program.
    let pid_file = target.pid_file();
    let Ok(text) = fs::read_to_string(&pid_file) else { return Found::Nothing };
    match text.trim().parse() {
        Ok(pid) if is_director(pid, &pid_file) => Found::Running(pid),
        Ok(_) => Found::Stale,
        // An empty one is a start that has not come far.
        Err(_) => Found::Nothing,
    }
}

/// As the reference has it, the process's command line names the program; but the number may have been given to an
/// editor of our configuration since, or to the director of another one.
fn is_director(pid: u32, pid_file: &Path) -> bool {
    let line = fs::read(proc(pid, "cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    let words: Vec<&str> = line.split('\0').collect();
    let names_us =
        words.iter().any(|word| Path::new(word).file_name().is_some_and(|name| name == "ldirectord"));
    let mut after = words.iter().skip_while(|word| **word != "--pid-file").skip(1);
    names_us && after.next().is_none_or(|theirs| Path::new(theirs) == pid_file)
}

/// Whether a process has not ended. One that has may be there still, where its parent does not bury the dead: a
/// container's first process often does not.
fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(proc(pid, "stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn proc(pid: u32, file: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(file)
}

fn ask(target: &Target, question: Question, patience: Duration) -> Result<Answer, ControlError> {
    control::ask(&control::socket(target.instance.name()), question, patience)
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

/// On standard error, as it is: the reference's words have no name before them.
fn complain_plain(words: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{}", words.trim_end());
}
