//! Which places a log goes to: the rule, apart from what it is applied to.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process,
};

use crate::model::LogTarget;

use super::{Options, syslog::Facility};

/// Where the journal listens.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// What is around the program, as far as it matters to a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// systemd runs this process as a service.
    pub systemd: bool,
    /// There is a journal on this machine.
    pub journal: bool,
}

impl Surroundings {
    /// The surroundings of this process.
    #[must_use]
    pub fn detect() -> Self {
        let stderr = rustix::fs::fstat(io::stderr()).ok().map(|stat| (stat.st_dev, stat.st_ino));
        Self {
            systemd: run_by_systemd(|name| env::var_os(name), stderr, process::id()),
            journal: Path::new(JOURNAL).exists(),
        }
    }
}

/// systemd runs the process with this environment and this standard error output (device and inode).
///
/// `INVOCATION_ID` and `NOTIFY_SOCKET` prove nothing: the one is inherited by whatever a service starts, cron jobs and
/// terminals of a desktop among them, the other is also set by those who stand in for systemd.
fn run_by_systemd(env: impl Fn(&str) -> Option<OsString>, stderr: Option<(u64, u64)>, pid: u32) -> bool {
    let env = |name| env(name).and_then(|value| value.into_string().ok());
    let stream = stderr.map(|(device, inode)| format!("{device}:{inode}"));
    let to_journal = stream.is_some() && env("JOURNAL_STREAM") == stream;
    // Since systemd 248; it holds where a unit sends its output elsewhere.
    let main_process = env("SYSTEMD_EXEC_PID") == Some(pid.to_string());
    to_journal || main_process
}

/// A place for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Journal(Option<Facility>),
    Syslog(Facility),
    File(PathBuf),
    Stderr,
    Stdout,
}

/// Where the log goes with this `logfile`, and what is wrong with that in words.
pub(super) fn choose(options: &Options, target: Option<&LogTarget>) -> (Vec<Place>, Option<String>) {
    if options.supervised {
        return (vec![Place::Stdout], None);
    }
    let Surroundings { systemd, journal } = options.surroundings;
    let mut trouble = None;
    let configured = match target {
        None => None,
        Some(LogTarget::File(path)) => Some(Place::File(path.clone())),
        Some(LogTarget::Facility(name)) => {
            let facility = Facility::named(name).unwrap_or_else(|| {
                trouble = Some(format!(
                    "There is no syslog facility '{name}' (logfile): logging to 'daemon'; the names are daemon, \
                     local0 to local7 and those of syslog.conf(5)"
                ));
                Facility::DAEMON
            });
            Some(if journal { Place::Journal(Some(facility)) } else { Place::Syslog(facility) })
        }
    };
    let places = match (systemd, options.foreground, configured) {
        (true, _, Some(Place::Journal(facility))) => vec![Place::Journal(facility)],
        (true, _, configured) => [Place::Journal(None)].into_iter().chain(configured).collect(),
        (false, true, configured) => [Place::Stderr].into_iter().chain(configured).collect(),
        (false, false, Some(configured)) => vec![configured],
        (false, false, None) => vec![Place::File(options.default_file.clone())],
    };
    (places, trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(systemd: bool, foreground: bool, journal: bool, target: Option<&LogTarget>) -> Vec<Place> {
        let options = Options {
            instance: "www".into(),
            foreground,
            supervised: false,
            surroundings: Surroundings { systemd, journal },
            default_file: "/default".into(),
        };
        choose(&options, target).0
    }

    #[test]
    fn the_rule() {
        let file = Some(&LogTarget::File("/f".into()));
        let local0 = Some(&LogTarget::Facility("local0".into()));
        let facility = Facility::named("local0").unwrap();
        let to_file = |path: &str| Place::File(path.into());
        // Under systemd.
        assert_eq!(places(true, false, true, None), [Place::Journal(None)]);
        assert_eq!(places(true, false, true, file), [Place::Journal(None), to_file("/f")]);
        assert_eq!(places(true, false, true, local0), [Place::Journal(Some(facility))]);
        // As a daemon without it.
        assert_eq!(places(false, false, true, None), [to_file("/default")]);
        assert_eq!(places(false, false, false, file), [to_file("/f")]);
        assert_eq!(places(false, false, true, local0), [Place::Journal(Some(facility))]);
        assert_eq!(places(false, false, false, local0), [Place::Syslog(facility)]);
        // In front of people.
        assert_eq!(places(false, true, true, None), [Place::Stderr]);
        assert_eq!(places(false, true, false, file), [Place::Stderr, to_file("/f")]);
    }

    #[test]
    fn a_supervisor_reads_all_of_it_and_nobody_else_any() {
        let options = Options { supervised: true, ..Options::new("www", true) };
        let file = LogTarget::File("/f".into());
        assert_eq!(choose(&options, Some(&file)).0, [Place::Stdout]);
    }

    #[test]
    fn an_unknown_facility_is_said() {
        let options = Options { surroundings: Surroundings::default(), ..Options::new("www", false) };
        let (places, trouble) = choose(&options, Some(&LogTarget::Facility("locla0".into())));
        assert_eq!(places, [Place::Syslog(Facility::DAEMON)]);
        assert!(trouble.unwrap().contains("'locla0'"));
    }

    #[test]
    fn systemd_is_told_from_what_it_started() {
        let with = |name: &'static str, value: &'static str| {
            let env = move |asked: &str| (asked == name).then(|| value.into());
            run_by_systemd(env, Some((8, 42)), 77)
        };
        assert!(with("JOURNAL_STREAM", "8:42"));
        assert!(!with("JOURNAL_STREAM", "8:43"), "the output was redirected");
        assert!(with("SYSTEMD_EXEC_PID", "77"));
        assert!(!with("SYSTEMD_EXEC_PID", "76"), "the service started a shell that started us");
        assert!(!with("INVOCATION_ID", "x") && !with("NOTIFY_SOCKET", "/x"));
    }
}
