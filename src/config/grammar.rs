//! The two grammars.

use std::{fmt, path::Path};

use super::{Source, classic, diagnostic::Report, draft::Draft, native};

/// How a configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// That of `ldirectord.cf`.
    Classic,
    /// TOML, the native one.
    Toml,
}

impl Grammar {
    /// The grammar of a file: TOML if its name ends in `.toml`, else the classic one.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if path.extension().is_some_and(|extension| extension == "toml") { Self::Toml } else { Self::Classic }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Classic => Self::Toml,
            Self::Toml => Self::Classic,
        }
    }

    /// Reads a text. What is wrong with it goes into the report and is left out of the draft.
    pub(crate) fn read(self, source: &Source, report: &mut Report) -> Draft {
        match self {
            Self::Classic => classic::read(source, report),
            Self::Toml => native::read(source, report),
        }
    }
}

impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classic => "the classic grammar",
            Self::Toml => "TOML",
        })
    }
}
