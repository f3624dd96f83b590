//! Exit codes: those of the reference, which are LSB's where LSB has one.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what it should, or there was nothing to do; for `status`: the director runs.
    Ok,
    /// It failed; for `status`: there is a pid file, and no director.
    Failed,
    /// The configuration is not good.
    Config,
    /// `status`: no director runs.
    NotRunning,
    /// `plan --exit-code`: there is something to change.
    Changes,
    /// The command line is not understood.
    Usage,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Config => 2,
            Self::NotRunning => 3,
            Self::Changes => 4,
            Self::Usage => 255,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
