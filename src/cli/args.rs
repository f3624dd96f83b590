//! The command line: `ldirectord [OPTION]... [CONFIG] COMMAND`, as the reference has it, and what is new.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, error::ErrorKind, value_parser};

use crate::config::Grammar;

/// What the program is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Start in the background.
    Start,
    /// Stop, and take our services out of the table.
    Stop,
    /// Stop and start; the table stays.
    Restart,
    /// The same, if it runs.
    TryRestart,
    /// Load the configuration again.
    Reload,
    /// The same.
    ForceReload,
    /// Does it run?
    Status,
    /// Run in the foreground.
    Run,
    /// Is the configuration good?
    ConfigTest,
    /// What would a start or a reload change in the table?
    Plan,
    /// Write the configuration in the other grammar.
    Convert,
}

impl Verb {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 11] = [
        ("start", Self::Start),
        ("stop", Self::Stop),
        ("restart", Self::Restart),
        ("try-restart", Self::TryRestart),
        ("reload", Self::Reload),
        ("force-reload", Self::ForceReload),
        ("status", Self::Status),
        ("run", Self::Run),
        ("configtest", Self::ConfigTest),
        ("plan", Self::Plan),
        ("convert", Self::Convert),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, verb)| *verb == self).map_or("", |(name, _)| name)
    }
}

/// A command line that was understood.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// In the foreground, with more words.
    pub debug: bool,
    /// The checks are real and the table is not.
    pub dry_run: bool,
    /// Act on the process itself, also where systemd runs: what the unit's own commands do.
    pub direct: bool,
    /// By the director of another configuration (`execute`): a start goes to the background in any case, and a reload of
    /// one that does not run is a start.
    pub executed: bool,
    /// The background half of `start`: leave the terminal and its signals, and keep this pid file.
    pub pid_file: Option<PathBuf>,
    /// How `plan` and `configtest` tell what they find.
    pub telling: Telling,
    /// What `convert` makes, and where it puts it.
    pub conversion: Conversion,
    /// The configuration, where one is named.
    pub config: Option<String>,
    /// What to do.
    pub verb: Verb,
}

/// How `plan` and `configtest` tell what they find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Telling {
    /// For a program to read.
    pub json: bool,
    /// The whole configuration too, as it was understood.
    pub show: bool,
    /// The exit status says too whether there is something to change.
    pub exit_code: bool,
}

/// What `convert` makes, and where it puts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// The grammar to write; the other one where none is named.
    pub to: Option<Grammar>,
    /// The file to write; standard output where none is named.
    pub output: Option<PathBuf>,
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// To do something.
    Do(Args),
    /// The manual.
    Help,
    /// The version.
    Version,
    /// It is not understood, for this reason (which may be none: no arguments at all).
    Misuse(Option<String>),
}

fn definition() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("ldirectord")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(flag("debug").short('d'))
        .arg(flag("help").short('h').short_alias('?'))
        .arg(flag("version").short('v'))
        .arg(flag("dry-run"))
        .arg(flag("direct"))
        .arg(flag("executed"))
        .arg(flag("json"))
        .arg(flag("exit-code"))
        .arg(flag("show"))
        .arg(Arg::new("pid-file").long("pid-file").value_parser(value_parser!(PathBuf)))
        .arg(Arg::new("to").long("to"))
        .arg(Arg::new("output").long("output").value_parser(value_parser!(PathBuf)))
        .arg(Arg::new("words").num_args(0..))
}

/// Understands a command line, the program's name not included.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Request {
    let arguments = std::iter::once("ldirectord".to_owned()).chain(arguments);
    let matches = match definition().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return Request::Misuse(Some(misuse(&error))),
    };
    let flag = |name| matches.get_flag(name);
    if flag("help") {
        return Request::Help;
    }
    if flag("version") {
        return Request::Version;
    }
    let words: Vec<&String> = matches.get_many("words").unwrap_or_default().collect();
    // As in the reference: one word is a command for the default configuration, and a third word is ignored.
    let (config, verb) = match words[..] {
        [] => return Request::Misuse(None),
        [verb] => (None, verb),
        [config, verb, ..] => (Some(config.clone()), verb),
    };
    let Some((_, verb)) = Verb::ALL.iter().find(|(name, _)| name == verb) else {
        return Request::Misuse(Some(format!("Unknown command: {verb}{}", did_you_mean(verb))));
    };
    // Nobody who tries something must get the real thing.
    if flag("dry-run") && !matches!(verb, Verb::Run | Verb::Start | Verb::ConfigTest) {
        return Request::Misuse(Some(format!("--dry-run goes with run and start, not with {}", verb.name())));
    }
    let goes_with: [(&str, &[Verb], &str); 3] = [
        ("json", &[Verb::Plan, Verb::ConfigTest], "plan and configtest"),
        ("exit-code", &[Verb::Plan], "plan"),
        ("show", &[Verb::ConfigTest], "configtest"),
    ];
    for (option, verbs, names) in goes_with {
        if flag(option) && !verbs.contains(verb) {
            return Request::Misuse(Some(format!("--{option} goes with {names}, not with {}", verb.name())));
        }
    }
    let (to, output) = (matches.get_one::<String>("to"), matches.get_one("output").cloned());
    if (to.is_some() || output.is_some()) && *verb != Verb::Convert {
        let option = if to.is_some() { "to" } else { "output" };
        return Request::Misuse(Some(format!("--{option} goes with convert, not with {}", verb.name())));
    }
    let to = match to.map(String::as_str) {
        None => None,
        Some("toml") => Some(Grammar::Toml),
        Some("cf") => Some(Grammar::Classic),
        Some(other) => return Request::Misuse(Some(format!("--to is toml or cf, not {other}"))),
    };
    Request::Do(Args {
        debug: flag("debug"),
        dry_run: flag("dry-run"),
        direct: flag("direct"),
        executed: flag("executed"),
        pid_file: matches.get_one("pid-file").cloned(),
        telling: Telling { json: flag("json"), show: flag("show"), exit_code: flag("exit-code") },
        conversion: Conversion { to, output },
        config,
        verb: *verb,
    })
}

/// The nearest command, where the two arguments may have been swapped or one is merely cut short.
fn did_you_mean(word: &str) -> String {
    let near = Verb::ALL.iter().find(|(name, _)| name.starts_with(word) || word.starts_with(name));
    near.map(|(name, _)| format!(" (did you mean {name}?)")).unwrap_or_default()
}

fn misuse(error: &clap::Error) -> String {
    let word = error.get(clap::error::ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    if error.kind() == ErrorKind::UnknownArgument {
        format!("Unknown option: {}", word.trim_start_matches('-'))
    } else {
        error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{cli::Exit, config::manual::heads};

    fn line(text: &str) -> Request {
        parse(text.split_whitespace().map(str::to_owned))
    }

    fn args(verb: Verb, config: Option<&str>) -> Args {
        let config = config.map(str::to_owned);
        Args {
            debug: false,
            dry_run: false,
            direct: false,
            executed: false,
            pid_file: None,
            telling: Telling::default(),
            conversion: Conversion::default(),
            config,
            verb,
        }
    }

    #[test]
    fn the_reference_command_lines() {
        assert_eq!(line("start"), Request::Do(args(Verb::Start, None)));
        assert_eq!(line("www stop"), Request::Do(args(Verb::Stop, Some("www"))));
        assert_eq!(line("www status more"), Request::Do(args(Verb::Status, Some("www"))));
        assert_eq!(line("-d www start"), Request::Do(Args { debug: true, ..args(Verb::Start, Some("www")) }));
        assert_eq!(line("-- www try-restart"), Request::Do(args(Verb::TryRestart, Some("www"))));
        assert_eq!((line("-h"), line("-?"), line("--help")), (Request::Help, Request::Help, Request::Help));
        assert_eq!((line("-v"), line("-dv")), (Request::Version, Request::Version));
    }

    #[test]
    fn what_is_not_understood_says_why() {
        assert_eq!(line(""), Request::Misuse(None));
        assert_eq!(line("-x start"), Request::Misuse(Some("Unknown option: x".into())));
        assert_eq!(line("--frob start"), Request::Misuse(Some("Unknown option: frob".into())));
        let mixed = Request::Misuse(Some("Unknown command: stat (did you mean status?)".into()));
        assert_eq!(line("www stat"), mixed);
        let real = "--dry-run goes with run and start, not with stop";
        assert_eq!(line("--dry-run www stop"), Request::Misuse(Some(real.into())));
        let plans = "--json goes with plan and configtest, not with status";
        assert_eq!(line("--json www status"), Request::Misuse(Some(plans.into())));
        let plan = Args {
            telling: Telling { json: true, show: false, exit_code: true },
            ..args(Verb::Plan, Some("www"))
        };
        assert_eq!(line("--json --exit-code www plan"), Request::Do(plan));
        let there = "--to goes with convert, not with status";
        assert_eq!(line("--to cf www status"), Request::Misuse(Some(there.into())));
        assert_eq!(line("--to x www convert"), Request::Misuse(Some("--to is toml or cf, not x".into())));
        let conversion = Conversion { to: Some(Grammar::Classic), output: Some("/x.cf".into()) };
        let convert = Args { conversion, ..args(Verb::Convert, Some("-")) };
        assert_eq!(line("- convert --to cf --output /x.cf"), Request::Do(convert));
        let executed = Args { direct: true, executed: true, ..args(Verb::Reload, Some("mail")) };
        assert_eq!(line("--direct --executed mail reload"), Request::Do(executed));
        assert_eq!(line("start www"), Request::Misuse(Some("Unknown command: www".into())));
    }

    #[test]
    fn every_command_is_in_the_manual() {
        for (name, _) in Verb::ALL {
            assert!(crate::cli::MANUAL.contains(&format!("\n    {name}")), "{name}");
        }
    }

    #[test]
    fn the_page_and_the_manual_have_every_command_option_and_exit_code_and_no_other() {
        let page = include_str!("../../packaging/man/ldirectord.8");
        let names = Verb::ALL.map(|(name, _)| name.to_owned());
        assert_eq!(heads(page, "COMMANDS"), names.into());
        let codes = [Exit::Ok, Exit::Failed, Exit::Config, Exit::NotRunning, Exit::Changes, Exit::Usage];
        assert_eq!(heads(page, "EXIT STATUS"), codes.map(|exit| exit.code().to_string()).into());
        // What directors say to each other, and the words behind the options.
        let private = ["executed", "pid-file", "words"];
        let all = definition();
        let options = all.get_arguments().filter(|of| !private.contains(&of.get_id().as_str()));
        let written = |of: &Arg| {
            let short = of.get_short().map(|short| format!("-{short}, "));
            format!("{}--{}", short.unwrap_or_default(), of.get_id())
        };
        let options: BTreeSet<String> = options.map(written).collect();
        let told = heads(page, "OPTIONS").into_iter().map(|head| {
            let value = head.find(|c: char| c.is_ascii_uppercase()).unwrap_or(head.len());
            head[..value].trim_end().to_owned()
        });
        assert_eq!(told.collect::<BTreeSet<_>>(), options);
        for option in options {
            assert!(crate::cli::MANUAL.contains(&format!("\n    {option}")), "{option}");
        }
    }
}
