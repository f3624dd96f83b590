//! What a vector holds: one file of `data/` each.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

/// One recorded run.
#[derive(Debug, Deserialize)]
pub(crate) struct Vector {
    /// The file's name: a number and what the run shows.
    #[serde(skip)]
    pub(crate) name: String,
    /// What the configuration holds; some runs have none. Here and below, `@DIR@` is the run's folder.
    pub(crate) configuration: Option<String>,
    /// Lines for `/etc/hosts`.
    #[serde(default)]
    pub(crate) hosts: String,
    /// Further files, by path, all executable.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) servers: Vec<ServerSpec>,
    pub(crate) steps: Vec<Step>,
}

/// A scripted server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSpec {
    pub(crate) address: std::net::SocketAddr,
    #[serde(default)]
    pub(crate) udp: bool,
    #[serde(default)]
    pub(crate) tls: bool,
    /// The answer to each datagram.
    pub(crate) reply: Option<String>,
    /// The addresses that a name server tells for every name.
    pub(crate) dns: Option<Vec<std::net::Ipv4Addr>>,
    /// The file that an FTP server has, under every name.
    pub(crate) ftp: Option<String>,
    /// What happens on each connection, which is closed then.
    #[serde(default)]
    pub(crate) script: Vec<Line>,
}

/// A line of a server's script.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Line {
    /// Reads until this text was read; where it is empty, until the other side has ended.
    ReadUntil(String),
    Write(String),
    /// In seconds.
    Sleep(f64),
    /// Goes on when this file is not there.
    SleepWhile(String),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    #[serde(flatten)]
    pub(crate) act: Act,
    /// What is to be seen after it, sorted.
    pub(crate) expect: Vec<String>,
}

/// What is done; `seconds` is how long the recording waited then.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Act {
    /// Runs the program with these words; `@CF@` is the configuration.
    Run {
        words: Vec<String>,
    },
    Start {
        seconds: f64,
    },
    Stop,
    /// Runs the program in the foreground.
    Bg {
        words: Vec<String>,
        seconds: f64,
    },
    /// Sends a signal to it, and waits for its end.
    Fgsig {
        signal: String,
    },
    /// Sends a signal to the daemon.
    Sig {
        signal: String,
        seconds: f64,
    },
    /// The same twice, with so many seconds in between.
    Sig2 {
        signal: String,
        pause: f64,
        seconds: f64,
    },
    Sleep {
        seconds: f64,
    },
    /// Replaces the configuration.
    Cf {
        text: String,
    },
    Write {
        path: String,
        text: String,
    },
    Rm {
        path: String,
    },
    /// Changes the table by hand, a command line each.
    Ipvs {
        words: Vec<String>,
    },
    /// Looks at the table.
    Show,
    /// Looks at a file; `@DIR@/wire` is what the servers were asked.
    Cat {
        path: String,
    },
    /// Looks for processes that nobody buries.
    Psz,
}

impl Act {
    /// Its name, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Run { words } => format!("run {}", words.join(" ")),
            Self::Start { .. } => "start".to_owned(),
            Self::Stop => "stop".to_owned(),
            Self::Bg { .. } => "in the foreground".to_owned(),
            Self::Fgsig { signal } | Self::Sig { signal, .. } => format!("signal {signal}"),
            Self::Sig2 { signal, .. } => format!("signal {signal} twice"),
            Self::Sleep { .. } => "wait".to_owned(),
            Self::Cf { .. } => "another configuration".to_owned(),
            Self::Write { path, .. } => format!("write {path}"),
            Self::Rm { path } => format!("remove {path}"),
            Self::Ipvs { words } => format!("ipvsadm {}", words.join("; ")),
            Self::Show => "show".to_owned(),
            Self::Cat { path } => format!("look at {path}"),
            Self::Psz => "zombies".to_owned(),
        }
    }
}

impl Vector {
    /// All there are, by name.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/data");
        let read = |entry: std::io::Result<fs::DirEntry>| {
            let path = entry.unwrap().path();
            let mut vector: Self = toml::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            path.file_stem().unwrap().to_str().unwrap().clone_into(&mut vector.name);
            vector
        };
        let mut all: Vec<Self> = fs::read_dir(folder).unwrap().map(read).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// What it is called by elsewhere.
    pub(crate) fn number(&self) -> &str {
        &self.name[..3]
    }

    /// What was recorded, by step.
    pub(crate) fn recorded(&self) -> Vec<Vec<String>> {
        self.steps.iter().map(|step| step.expect.clone()).collect()
    }
}
