//! How far a probe has come.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::health::Stage;

/// How far a probe has come: written by the probe, read by whoever ended it.
#[derive(Debug)]
pub struct Progress(AtomicU8);

impl Progress {
    const STAGES: [Stage; 6] =
        [Stage::Connect, Stage::Tls, Stage::Login, Stage::Answer, Stage::Transfer, Stage::Program];

    /// A probe that has not begun: it is about to connect.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// Notes that the probe is in this stage now.
    pub fn enter(&self, stage: Stage) {
        let index = match stage {
            Stage::Connect => 0,
            Stage::Tls => 1,
            Stage::Login => 2,
            Stage::Answer => 3,
            Stage::Transfer => 4,
            Stage::Program => 5,
        };
        self.0.store(index, Ordering::Relaxed);
    }

    /// The stage the probe is in.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Self::STAGES[usize::from(self.0.load(Ordering::Relaxed))]
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_remembers_each_stage() {
        let progress = Progress::new();
        assert_eq!(progress.stage(), Stage::Connect);
        for stage in Progress::STAGES {
            progress.enter(stage);
            assert_eq!(progress.stage(), stage);
        }
    }
}
