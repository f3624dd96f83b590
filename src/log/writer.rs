//! Writes each fact to all places, and says of a place that fails what is the matter, once, in another.

use std::{fmt, io, path::Path, time::SystemTime};

use crate::{director::Fact, model::LogTarget};

use super::{
    Options,
    file::File,
    journal::Journal,
    line::Prefix,
    places::{Place, choose},
    stderr::Stderr,
    stdout::Stdout,
    syslog::Syslog,
};

/// A place that was opened.
#[derive(Debug)]
enum Sink {
    Journal(Journal),
    Syslog(Syslog),
    File(File),
    Stderr(Stderr),
    Stdout(Stdout),
}

impl Sink {
    fn write(&self, at: SystemTime, fact: &Fact) -> io::Result<()> {
        match self {
            Self::Journal(journal) => {
                journal.write(fact);
                Ok(())
            }
            Self::Syslog(syslog) => syslog.write(at, fact.severity(), &fact.to_string()),
            Self::File(file) => file.write(at, &fact.to_string()),
            Self::Stderr(stderr) => stderr.write(at, fact.severity(), &fact.to_string()),
            Self::Stdout(stdout) => stdout.write(at, &fact.to_string()),
        }
    }
}

/// One of the places the log goes to.
#[derive(Debug)]
struct Outlet {
    place: Place,
    sink: Sink,
    /// How many facts are missing in it since it began to fail; 0 while it works.
    missing: u64,
}

impl Outlet {
    /// Writes a fact; a place that works again says how much it missed. The error is of a place that worked before.
    fn write(&mut self, at: SystemTime, fact: &Fact) -> Result<(), io::Error> {
        let gap = match self.missing {
            0 => Ok(()),
            missing => {
                let what = format!("{missing} messages are missing here: this log could not be written");
                self.sink.write(at, &Fact::Trouble { what })
            }
        };
        let worked = self.missing == 0;
        match gap.and_then(|()| self.sink.write(at, fact)) {
            Ok(()) => {
                self.missing = 0;
                Ok(())
            }
            Err(error) => {
                self.missing += 1;
                if worked { Err(error) } else { Ok(()) }
            }
        }
    }
}

/// All places the log goes to.
#[derive(Debug)]
pub(super) struct Writer {
    options: Options,
    prefix: Prefix,
    outlets: Vec<Outlet>,
    /// What is to be said of the log itself before the next fact.
    troubles: Vec<String>,
}

impl Writer {
    pub(super) fn new(options: &Options, target: Option<&LogTarget>) -> Self {
        let prefix = Prefix::new(&options.instance);
        let mut this = Self { options: options.clone(), prefix, outlets: Vec::new(), troubles: Vec::new() };
        this.retarget(target);
        this
    }

    /// The configuration in force names another place. Places that stay are not opened again.
    pub(super) fn retarget(&mut self, target: Option<&LogTarget>) {
        let (places, trouble) = choose(&self.options, target);
        self.troubles.extend(trouble);
        let mut before = std::mem::take(&mut self.outlets);
        for place in places {
            let outlet = match before.iter().position(|outlet| outlet.place == place) {
                Some(at) => before.swap_remove(at),
                None => self.open(place),
            };
            self.outlets.push(outlet);
        }
    }

    fn open(&mut self, place: Place) -> Outlet {
        let sink = match &place {
            Place::Journal(facility) => match (Journal::open(&self.options.instance, *facility), facility) {
                (Ok(journal), _) => Sink::Journal(journal),
                (Err(_), Some(facility)) => Sink::Syslog(Syslog::new(*facility)),
                (Err(error), None) => {
                    self.troubles.push(format!("There is no journal ({error}): logging to standard error"));
                    Sink::Stderr(self.stderr())
                }
            },
            Place::Syslog(facility) => Sink::Syslog(Syslog::new(*facility)),
            Place::File(path) => Sink::File(File::new(path, self.prefix.clone())),
            Place::Stderr => Sink::Stderr(self.stderr()),
            Place::Stdout => Sink::Stdout(Stdout::new()),
        };
        Outlet { place, sink, missing: 0 }
    }

    fn stderr(&self) -> Stderr {
        Stderr::new(self.prefix.clone())
    }

    /// Writes a fact everywhere.
    pub(super) fn tell(&mut self, at: SystemTime, fact: &Fact) {
        for what in std::mem::take(&mut self.troubles) {
            self.write(at, &Fact::Trouble { what });
        }
        self.write(at, fact);
    }

    fn write(&mut self, at: SystemTime, fact: &Fact) {
        let mut broken = Vec::new();
        for outlet in &mut self.outlets {
            if let Err(error) = outlet.write(at, fact) {
                broken.push(Shown(&outlet.place).trouble(&error));
            }
        }
        for what in broken {
            self.complain(at, what, fact);
        }
    }

    /// A place failed that worked: the others say so, and where there is none, the standard error output, with the
    /// fact that would be lost.
    fn complain(&mut self, at: SystemTime, what: String, lost: &Fact) {
        let trouble = Fact::Trouble { what };
        let mut heard = false;
        for outlet in self.outlets.iter_mut().filter(|outlet| outlet.missing == 0) {
            // A second place that fails just now says so itself when its turn comes.
            heard |= outlet.write(at, &trouble).is_ok();
        }
        if !heard {
            let stderr = self.stderr();
            for fact in [&trouble, lost] {
                // There is no further place.
                let _ = stderr.write(at, fact.severity(), &fact.to_string());
            }
        }
    }
}

/// A place in the words of an error message.
struct Shown<'a>(&'a Place);

impl Shown<'_> {
    fn trouble(&self, error: &io::Error) -> String {
        let remedy = match (error.kind(), self.0) {
            (io::ErrorKind::NotFound, Place::File(path)) => {
                let directory = path.parent().unwrap_or(Path::new("/")).display();
                format!("; does the directory {directory} exist?")
            }
            (io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused, Place::Syslog(_)) => {
                "; is a syslog daemon running?".to_owned()
            }
            _ => String::new(),
        };
        format!("{self} cannot be written ({error}), trying again with each message{remedy}")
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Journal(_) => f.write_str("The journal"),
            Place::Syslog(_) => f.write_str("Syslog"),
            Place::File(path) => write!(f, "The log {}", path.display()),
            Place::Stderr => f.write_str("The standard error output"),
            Place::Stdout => f.write_str("The standard output"),
        }
    }
}
