//! What the probes over the network share, made once and exchanged when certificate authorities change.

use std::{collections::HashMap, sync::Arc};

#[cfg(feature = "http")]
use super::http;
use super::tls::{Tls, Trust};
use crate::{health::Failure, model::Authorities};

/// The probes over the network, with what they share: trusted certificates, TLS contexts, the HTTP client that follows
/// redirects. A clone is a reference.
#[derive(Clone)]
pub struct Probes {
    shared: Arc<Shared>,
}

struct Shared {
    /// With the system's authorities.
    system: Arc<Secured>,
    /// With those of a file, each made once (`tls-ca`): those that the last configuration names, and those that the one
    /// before it named, since its checks go on until the last one is in force.
    private: HashMap<Authorities, Arc<Secured>>,
    before: HashMap<Authorities, Arc<Secured>>,
}

/// What checks share that trust the same authorities.
pub(super) struct Secured {
    pub(super) tls: Tls,
    #[cfg(feature = "http")]
    pub(super) clients: http::Clients,
}

impl Secured {
    fn new(trust: Trust) -> Result<Self, Unready> {
        Ok(Self {
            #[cfg(feature = "http")]
            clients: http::Clients::new(trust.clone()),
            tls: Tls::new(trust)?,
        })
    }

    fn private(authorities: &Authorities) -> Result<Arc<Self>, Unready> {
        let secured = Self::new(Trust::private(authorities)).map_err(|Unready(words)| {
            Unready(format!("the authorities in {} cannot be used: {words}", authorities.path().display()))
        })?;
        Ok(Arc::new(secured))
    }
}

/// What the probes share cannot be made: the certificate authorities cannot be read, or OpenSSL cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unready(pub(super) String);

impl Probes {
    /// Probes that trust the certificate authorities of this system. Reads the file of authorities: call it off the
    /// loop.
    ///
    /// # Errors
    /// The file of authorities is there but cannot be read or understood. None at all is no error: then no certificate
    /// is trusted, and checks that verify say so.
    pub fn new() -> Result<Self, Unready> {
        Self::trusting(Trust::system()?)
    }

    /// Probes that trust these authorities.
    ///
    /// # Errors
    /// OpenSSL cannot be set up.
    pub fn trusting(trust: Trust) -> Result<Self, Unready> {
        let system = Arc::new(Secured::new(trust)?);
        Ok(Self { shared: Arc::new(Shared { system, private: HashMap::new(), before: HashMap::new() }) })
    }

    /// The same probes after the system's authorities may have changed: call it at each reload, off the loop. Costs one
    /// read of their file when they did not; checks in flight end with what they began with.
    ///
    /// # Errors
    /// As [`Probes::new`]; the probes at hand stay good.
    pub fn refreshed(&self) -> Result<Self, Unready> {
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
    pub fn knowing<'a>(
        &self,
        authorities: impl IntoIterator<Item = &'a Authorities>,
    ) -> Result<Self, Unready> {
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
}

impl Probes {
    /// What a check needs that trusts these, or the system's.
    pub(super) fn secured(&self, authorities: Option<&Authorities>) -> Result<Arc<Secured>, Failure> {
        let Some(authorities) = authorities else { return Ok(self.shared.system.clone()) };
        let known = self.shared.known(authorities).map_or_else(|| Secured::private(authorities), Ok);
        known.map_err(|error| Failure::Local(error.to_string()))
    }
}

impl Shared {
    fn known(&self, authorities: &Authorities) -> Option<Arc<Secured>> {
        self.private.get(authorities).or_else(|| self.before.get(authorities)).cloned()
    }
}
