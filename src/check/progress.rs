//! How far a probe has come.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU8, Ordering},
};

use crate::health::{Failure, Stage};

/// How far a probe has come: written by the probe, read by whoever ended it.
#[derive(Debug)]
pub struct Progress {
    stage: AtomicU8,
    /// What has come so far, where that says more than the stage.
    so_far: Mutex<Option<Failure>>,
}

impl Progress {
    const STAGES: [Stage; 6] =
        [Stage::Connect, Stage::Tls, Stage::Login, Stage::Answer, Stage::Transfer, Stage::Program];

    /// A probe that has not begun: it is about to connect.
    #[must_use]
    pub fn new() -> Self {
        Self { stage: AtomicU8::new(0), so_far: Mutex::new(None) }
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
        self.stage.store(index, Ordering::Relaxed);
    }

    /// Notes what it would be if nothing more came: a server that answered wrongly, and then waits, has not merely timed
    /// out.
    pub fn so_far(&self, failure: Option<Failure>) {
        *self.so_far.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// The stage the probe is in.
    #[must_use]
    pub fn stage(&self) -> Stage {
        Self::STAGES[usize::from(self.stage.load(Ordering::Relaxed))]
    }

    /// What it means that the deadline has passed.
    #[must_use]
    pub fn timed_out(&self) -> Failure {
        let so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner).take();
        so_far.unwrap_or_else(|| Failure::TimedOut(self.stage()))
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
            assert_eq!(progress.timed_out(), Failure::TimedOut(stage));
        }
    }

    #[test]
    fn what_came_so_far_says_more_than_the_stage() {
        let progress = Progress::new();
        let mismatch = Failure::Mismatch { wanted: "^220".into(), got: "554 no".into() };
        progress.so_far(Some(Failure::Refused));
        progress.so_far(Some(mismatch.clone()));
        assert_eq!(progress.timed_out(), mismatch);
        progress.so_far(None);
        assert_eq!(progress.timed_out(), Failure::TimedOut(Stage::Connect));
    }
}
