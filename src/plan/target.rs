//! One service between what it is and what it shall be.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    ipvs::{Dest, Op, Service},
    model::{RealId, VirtualId},
};

use super::{
    Wanted,
    diff::{Policy, diff},
    outcome::Foreign,
};

/// One service on its way to being as wanted.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) wanted: Arc<Wanted>,
    pub(super) actual: Option<Service>,
    /// What the table was seen to have as wanted.
    pub(super) settled: BTreeMap<RealId, Dest>,
    /// Others' destinations go, and weights set by hand are put right, until the service was once as wanted.
    pub(super) enforce: bool,
    /// What somebody else did that is left so.
    pub(super) foreign: Foreign,
    /// Attempts in a row that did not lead to what was wanted.
    pub(super) failures: usize,
}

impl Target {
    pub(super) fn new(wanted: Arc<Wanted>, actual: Option<Service>) -> Self {
        Self {
            wanted,
            actual,
            settled: BTreeMap::new(),
            enforce: true,
            foreign: Foreign::default(),
            failures: 0,
        }
    }

    pub(super) fn policy(&self) -> Policy<'_> {
        Policy { purge: self.enforce, settled: &self.settled }
    }

    pub(super) fn ops(&self, id: VirtualId) -> Vec<Op> {
        diff(id, self.actual.as_ref(), &self.wanted, self.policy())
    }

    /// Forgets what was settled and is no longer wanted so: the next difference there is ours to mend.
    pub(super) fn unsettle(&mut self) {
        let dests = self.wanted.service.as_ref().map(|s| &s.dests);
        self.settled.retain(|real, dest| dests.is_some_and(|d| d.get(real) == Some(dest)));
    }

    /// Notes what the table has as wanted.
    pub(super) fn settle(&mut self) {
        if let (Some(service), Some(actual)) = (&self.wanted.service, &self.actual) {
            for (real, want) in &service.dests {
                if actual.dests.get(real).is_some_and(|got| got.weight == want.weight) {
                    self.settled.insert(*real, *want);
                }
            }
        }
    }
}
