//! Probes: one function per protocol, each asks one real server once and says what it found.
//!
//! A probe holds no state between two checks and starts no task of its own: dropping its future closes its sockets and
//! frees its memory, whatever it was waiting for. It has no clock either: the deadline around it belongs to the loop,
//! which reads from [`Progress`] what the probe was doing when the deadline passed.

mod connect;
#[cfg(any(feature = "http", feature = "ftp"))]
mod content;
mod external;
#[cfg(feature = "ftp")]
mod ftp;
#[cfg(feature = "http")]
pub mod http;
mod live;
mod net;
mod ping;
#[cfg(feature = "tls")]
pub mod tls;
mod trouble;

pub use live::{Exchange, Live};

#[cfg(feature = "tls")]
use std::{collections::HashMap, sync::Arc};
use std::{
    future::Future,
    sync::atomic::{AtomicU8, Ordering},
};

use crate::{
    health::{Evidence, Failure, Stage, Verdict},
    model::{Authorities, CheckKind, CheckSpec},
};

/// Who can ask a real server how it is: [`Probes`] over the network, a script in tests.
pub trait Prober: Clone + Send + Sync + 'static {
    /// Asks once. The caller puts the deadline around it ([`CheckSpec::longest`]), and when that passes drops the
    /// future and reports [`Failure::TimedOut`] with [`Progress::stage`].
    fn probe(&self, spec: &CheckSpec, progress: &Progress) -> impl Future<Output = Verdict> + Send;
}

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

/// The probes over the network, with what they share: trusted certificates, TLS contexts, the HTTP client that follows
/// redirects. A clone is a reference.
#[derive(Clone)]
pub struct Probes {
    #[cfg(feature = "tls")]
    shared: Arc<Shared>,
}

#[cfg(feature = "tls")]
struct Shared {
    /// With the system's authorities.
    system: Arc<Secured>,
    /// With those of a file, each made once (`tls-ca`): those that the last configuration names, and those that the one
    /// before it named, since its checks go on until the last one is in force.
    private: HashMap<Authorities, Arc<Secured>>,
    before: HashMap<Authorities, Arc<Secured>>,
}

/// What checks share that trust the same authorities.
#[cfg(feature = "tls")]
struct Secured {
    tls: tls::Tls,
    #[cfg(feature = "http")]
    clients: http::Clients,
}

#[cfg(feature = "tls")]
impl Secured {
    fn new(trust: tls::Trust) -> Result<Self, Unready> {
        Ok(Self {
            #[cfg(feature = "http")]
            clients: http::Clients::new(trust.clone()),
            tls: tls::Tls::new(trust)?,
        })
    }

    fn private(authorities: &Authorities) -> Result<Arc<Self>, Unready> {
        let secured = Self::new(tls::Trust::private(authorities)).map_err(|Unready(words)| {
            Unready(format!("the authorities in {} cannot be used: {words}", authorities.path().display()))
        })?;
        Ok(Arc::new(secured))
    }
}

/// What the probes share cannot be made: the certificate authorities cannot be read, or OpenSSL cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unready(String);

impl Probes {
    /// Probes that trust the certificate authorities of this system. Reads the file of authorities: call it off the
    /// loop.
    ///
    /// # Errors
    /// The file of authorities is there but cannot be read or understood. None at all is no error: then no certificate
    /// is trusted, and checks that verify say so.
    pub fn new() -> Result<Self, Unready> {
        #[cfg(feature = "tls")]
        return Self::trusting(tls::Trust::system()?);
        #[cfg(not(feature = "tls"))]
        return Ok(Self {});
    }

    /// Probes that trust these authorities.
    ///
    /// # Errors
    /// OpenSSL cannot be set up.
    #[cfg(feature = "tls")]
    pub fn trusting(trust: tls::Trust) -> Result<Self, Unready> {
        let system = Arc::new(Secured::new(trust)?);
        Ok(Self { shared: Arc::new(Shared { system, private: HashMap::new(), before: HashMap::new() }) })
    }

    /// The same probes after the system's authorities may have changed: call it at each reload, off the loop. Costs one
    /// read of their file when they did not; checks in flight end with what they began with.
    ///
    /// # Errors
    /// As [`Probes::new`]; the probes at hand stay good.
    pub fn refreshed(&self) -> Result<Self, Unready> {
        #[cfg(feature = "tls")]
        if let Some(trust) = self.shared.system.tls.trust().changed()? {
            let system = Arc::new(Secured::new(trust)?);
            let Shared { private, before, .. } = &*self.shared;
            return Ok(Self {
                shared: Arc::new(Shared { system, private: private.clone(), before: before.clone() }),
            });
        }
        Ok(self.clone())
    }

    /// The same probes, ready for a configuration that names these authorities beside the system's: call it at each
    /// load, off the loop.
    ///
    /// # Errors
    /// OpenSSL does not take one of them; the probes at hand stay good.
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::needless_pass_by_value, reason = "there is nothing to make ready")
    )]
    pub fn knowing<'a>(
        &self,
        authorities: impl IntoIterator<Item = &'a Authorities>,
    ) -> Result<Self, Unready> {
        #[cfg(feature = "tls")]
        {
            let mut private = HashMap::new();
            for wanted in authorities {
                if !private.contains_key(wanted) {
                    let known = self.shared.known(wanted);
                    let secured = known.map_or_else(|| Secured::private(wanted), Ok)?;
                    private.insert(wanted.clone(), secured);
                }
            }
            let (system, before) = (self.shared.system.clone(), self.shared.private.clone());
            Ok(Self { shared: Arc::new(Shared { system, private, before }) })
        }
        #[cfg(not(feature = "tls"))]
        {
            let _ = authorities;
            Ok(self.clone())
        }
    }
}

#[cfg(feature = "tls")]
impl Shared {
    fn known(&self, authorities: &Authorities) -> Option<Arc<Secured>> {
        self.private.get(authorities).or_else(|| self.before.get(authorities)).cloned()
    }

    /// What a check needs that trusts these, or the system's.
    #[cfg(feature = "http")]
    fn secured(&self, authorities: Option<&Authorities>) -> Result<Arc<Secured>, Failure> {
        let Some(authorities) = authorities else { return Ok(self.system.clone()) };
        let known = self.known(authorities).map_or_else(|| Secured::private(authorities), Ok);
        known.map_err(|error| Failure::Local(error.to_string()))
    }
}

impl Prober for Probes {
    async fn probe(&self, spec: &CheckSpec, progress: &Progress) -> Verdict {
        progress.enter(Stage::Connect);
        let outcome: Result<Evidence, Failure> = match &spec.kind {
            CheckKind::Connect => connect::probe(spec.target, spec.route).await,
            #[cfg(feature = "http")]
            CheckKind::Http(check) => match self.shared.secured(check.authorities.as_ref()) {
                Ok(secured) => http::probe(&secured.tls, &secured.clients, spec, check, progress).await,
                Err(failure) => Err(failure),
            },
            // Boxed, so that the state of a large library future is no part of the small and frequent ones.
            #[cfg(feature = "ftp")]
            CheckKind::Ftp(check) => Box::pin(ftp::probe(spec.target, spec.route, check, progress)).await,
            CheckKind::Ping(check) => ping::probe(spec.target, spec.route, check, progress).await,
            // Boxed as well.
            CheckKind::External(check) => Box::pin(external::probe(spec, check, progress)).await,
            #[cfg(not(all(feature = "http", feature = "ftp")))]
            other => Err(Failure::Local(format!("this build has no {} checks", other.name()))),
        };
        match outcome {
            Ok(evidence) => Verdict::Pass(evidence),
            Err(failure) => Verdict::Fail(failure),
        }
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
