//! The embedded table: the demo's, the tests' and `--dry-run`'s. It refuses what the kernel refuses.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Ipvs, IpvsError, Op, Scope, Table};
use crate::model::IpvsTimeouts;

/// A table in memory. Clones share it, so that a test or a display can look at (and change) what a director writes.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

/// What a kernel begins with.
const TIMEOUTS: IpvsTimeouts = IpvsTimeouts { tcp: 900, tcp_fin: 120, udp: 300 };

#[derive(Debug)]
struct Inner {
    table: Table,
    timeouts: IpvsTimeouts,
    applied: Vec<Op>,
    fault: Option<Fault>,
    reads: u64,
    writes: u64,
}

impl Default for Inner {
    fn default() -> Self {
        let table = Table::default();
        Self { table, timeouts: TIMEOUTS, applied: Vec::new(), fault: None, reads: 0, writes: 0 }
    }
}

/// A way in which the table can fail, for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Reading and writing fail like this.
    Everything(IpvsError),
    /// Of each batch only the first so many changes are carried out, and success is reported all the same, as
    /// `ipvsadm --restore` does.
    HalfDone(usize),
}

impl Memory {
    /// A table that has this in it already.
    #[must_use]
    pub fn holding(table: Table) -> Self {
        let memory = Self::default();
        memory.with(|inner| inner.table = table);
        memory
    }

    /// What is in it now.
    #[must_use]
    pub fn table(&self) -> Table {
        self.with(|inner| inner.table.clone())
    }

    /// Changes it by hand, as somebody with `ipvsadm` would.
    pub fn meddle(&self, change: impl FnOnce(&mut Table)) {
        self.with(|inner| change(&mut inner.table));
    }

    /// Takes the changes that were carried out since the last call.
    #[must_use]
    pub fn take_applied(&self) -> Vec<Op> {
        self.with(|inner| std::mem::take(&mut inner.applied))
    }

    /// Fails from now on, or no longer.
    pub fn fail(&self, fault: Option<Fault>) {
        self.with(|inner| inner.fault = fault);
    }

    /// Whether nothing fails.
    #[must_use]
    pub fn works(&self) -> bool {
        self.with(|inner| inner.fault.is_none())
    }

    /// How often it was read and written: what would have been processes.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.with(|inner| (inner.reads, inner.writes))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ipvs for Memory {
    async fn read(&mut self, scope: &Scope) -> Result<Table, IpvsError> {
        self.with(|inner| {
            inner.reads += 1;
            if let Some(Fault::Everything(error)) = &inner.fault {
                return Err(error.clone());
            }
            Ok(match scope {
                Scope::All | Scope::Glance => inner.table.clone(),
                Scope::Services(ids) => {
                    Table(ids.iter().filter_map(|id| Some((*id, inner.table.0.get(id)?.clone()))).collect())
                }
            })
        })
    }

    async fn apply(&mut self, ops: &[Op]) -> Result<(), IpvsError> {
        self.with(|inner| {
            inner.writes += 1;
            let take = match &inner.fault {
                Some(Fault::Everything(error)) => return Err(error.clone()),
                Some(Fault::HalfDone(n)) => *n,
                None => ops.len(),
            };
            let mut result = Ok(());
            for op in ops.iter().take(take) {
                match inner.table.apply(op) {
                    Ok(()) => inner.applied.push(op.clone()),
                    Err(words) => {
                        result =
                            Err(IpvsError::Failed { status: "exit status: 255".into(), words: words.into() });
                    }
                }
            }
            result
        })
    }

    async fn timeouts(&mut self) -> Result<IpvsTimeouts, IpvsError> {
        self.with(|inner| match &inner.fault {
            Some(Fault::Everything(error)) => Err(error.clone()),
            Some(Fault::HalfDone(_)) | None => Ok(inner.timeouts),
        })
    }

    async fn set_timeouts(&mut self, timeouts: IpvsTimeouts) -> Result<(), IpvsError> {
        self.with(|inner| match &inner.fault {
            Some(Fault::Everything(error)) => Err(error.clone()),
            // Not even half of it, and success is reported.
            Some(Fault::HalfDone(_)) => Ok(()),
            None => {
                inner.timeouts = timeouts.over(inner.timeouts);
                Ok(())
            }
        })
    }
}
