//! The command line of the director: what one can say, and what comes of it. Thin: it puts the parts together and
//! gives back an exit code. The only place that prints.

mod args;
mod configtest;
mod convert;
mod daemon;
mod exit;
mod found;
mod hooks;
mod inlets;
mod launch;
mod loading;
mod lock;
mod plan;
mod reverse;
mod status;
mod unit;
mod verbs;

use std::{
    io::{self, Write},
    path::PathBuf,
};

pub use args::{Args, Conversion, Request, Verb, parse};
pub use exit::Exit;

use crate::config::{self, Instance, SystemFiles};

/// What `-h` shows.
pub const MANUAL: &str = include_str!("manual.txt");

/// Which director is meant: by its configuration.
#[derive(Clone, Debug)]
struct Target {
    /// What was written on the command line.
    argument: Option<String>,
    /// The file.
    path: PathBuf,
    instance: Instance,
}

impl Target {
    fn new(args: &Args, path: PathBuf) -> Self {
        let instance = config::instance_of(&path);
        Self { argument: args.config.clone(), path, instance }
    }

    /// The name for messages: what was written, or the file.
    fn shown(&self) -> String {
        self.argument.clone().unwrap_or_else(|| self.path.display().to_string())
    }

    /// The pid file of the reference.
    fn pid_file(&self) -> PathBuf {
        config::pid_file(self.argument.as_deref())
    }
}

/// Does what a command line says.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = String>) -> Exit {
    let args = match parse(arguments) {
        Request::Do(args) => args,
        Request::Help => {
            say(MANUAL);
            return Exit::Ok;
        }
        Request::Version => {
            say(&format!("ldirectord {}\n", env!("CARGO_PKG_VERSION")));
            return Exit::Ok;
        }
        Request::Misuse(why) => {
            if let Some(why) = why {
                complain(&why);
            }
            let usage = MANUAL.split("\n\n").find(|part| part.starts_with("USAGE")).unwrap_or_default();
            say(&format!("{usage}\n\n'ldirectord -h' shows the manual.\n"));
            return Exit::Usage;
        }
    };
    if args.verb == Verb::Convert && args.config.as_deref() == Some("-") {
        return convert::standard_input(&args.conversion);
    }
    let path = match config::find(args.config.as_deref(), &SystemFiles) {
        Ok(path) => path,
        Err(error @ config::FindError::NotFound { .. }) => {
            return without_file(&args, &error);
        }
        Err(error @ config::FindError::Ambiguous(..)) => {
            complain(&error.to_string());
            return Exit::Config;
        }
    };
    let target = Target::new(&args, path);
    match args.verb {
        Verb::ConfigTest => configtest::configtest(&target.path, args.telling),
        Verb::Plan => plan::plan(&args, &target),
        Verb::Convert => convert::file(&target.path, &args.conversion),
        Verb::Run => daemon::run(&args, &target),
        Verb::Start if args.debug || args.dry_run => daemon::run(&args, &target),
        Verb::Start
        | Verb::Stop
        | Verb::Restart
        | Verb::TryRestart
        | Verb::Reload
        | Verb::ForceReload
        | Verb::Status => verbs::act(&args, &target),
    }
}

/// There is no such configuration. A director that runs all the same is stopped or shown: its file may have been
/// removed while it ran.
fn without_file(args: &Args, error: &config::FindError) -> Exit {
    if let (Verb::Stop | Verb::Status, config::FindError::NotFound { name, tried }) = (args.verb, error) {
        let places = std::iter::once(PathBuf::from(name)).filter(|path| path.is_absolute());
        for place in places.chain(tried.iter().cloned()) {
            let target = Target::new(args, place);
            if found::runs(args, &target) {
                return verbs::act(args, &target);
            }
        }
    }
    complain(&error.to_string());
    Exit::Failed
}

/// On standard output. Whoever does not listen to the end misses the rest.
fn say(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// On standard error, with the program's name.
fn complain(words: &str) {
    let _ = writeln!(io::stderr().lock(), "ldirectord: {words}");
}

/// On standard error, as it is: the reference's words have no name before them.
fn complain_plain(words: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", words.trim_end());
}
