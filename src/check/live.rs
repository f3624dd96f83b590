//! Probes that can be exchanged while checks go on: a reload may find other certificate authorities on disk.

use tokio::sync::watch;

use super::{Prober, Probes, Progress};
use crate::{
    health::Verdict,
    model::{Authorities, CheckSpec},
};

/// The probes of the moment. A check that is under way ends with those it began with.
#[derive(Clone)]
pub struct Live(watch::Receiver<Probes>);

/// Exchanges the probes.
pub struct Exchange(watch::Sender<Probes>);

impl Live {
    /// Begins with these.
    #[must_use]
    pub fn new(probes: Probes) -> (Self, Exchange) {
        let (sender, receiver) = watch::channel(probes);
        (Self(receiver), Exchange(sender))
    }
}

impl Exchange {
    /// Looks for other authorities of the system; where they cannot be read, the probes stay as they are.
    ///
    /// # Errors
    /// In words, why they cannot be read.
    pub fn refresh(&self) -> Result<(), String> {
        let refreshed = self.0.borrow().refreshed().map_err(|error| error.to_string())?;
        self.0.send_replace(refreshed);
        Ok(())
    }

    /// Makes ready for a configuration that names these authorities.
    ///
    /// # Errors
    /// In words, why one of them cannot be used; the probes stay as they are.
    pub fn learn<'a>(&self, authorities: impl IntoIterator<Item = &'a Authorities>) -> Result<(), String> {
        let knowing = self.0.borrow().knowing(authorities).map_err(|error| error.to_string())?;
        self.0.send_replace(knowing);
        Ok(())
    }
}

impl Prober for Live {
    async fn probe(&self, spec: &CheckSpec, progress: &Progress) -> Verdict {
        let probes = self.0.borrow().clone();
        probes.probe(spec, progress).await
    }
}
