//! Stand-in until the probes are merged.
use crate::{
    health::{Stage, Verdict},
    model::CheckSpec,
};
use std::{
    future::Future,
    sync::atomic::{AtomicU8, Ordering},
};
/// Stage.
#[derive(Debug, Default)]
pub struct Progress(AtomicU8);
impl Progress {
    /// Stage.
    pub fn enter(&self, stage: Stage) {
        self.0.store(stage as u8, Ordering::Relaxed);
    }
    /// Stage.
    pub fn stage(&self) -> Stage {
        Stage::Connect
    }
}
/// Probes.
pub trait Prober: Clone + Send + Sync + 'static {
    /// Probe.
    fn probe(&self, spec: &CheckSpec, progress: &Progress) -> impl Future<Output = Verdict> + Send;
}
