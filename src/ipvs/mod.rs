//! The kernel's IPVS table: as a value, as a seam, and the two tables that ship: the real one through `ipvsadm`,
//! and one in memory, which also serves `--dry-run`.
//!
//! Knows the model's identities; knows nothing of health, of checks or of why a table is wanted.

mod error;
pub mod ipvsadm;
mod memory;
mod printing;
mod refusal;
pub mod table;

use std::future::Future;

pub use error::IpvsError;
pub use ipvsadm::Ipvsadm;
pub use memory::{Fault, Memory};
pub use printing::DryRun;
pub use refusal::refusal;
pub use table::{Dest, Op, Service, ServiceSettings, Table};

use crate::model::{IpvsTimeouts, VirtualId};

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole table, others' services included.
    All,
    /// The same at the cost of one look, for what is done all the time: thresholds and types of tunnels are left out
    /// where nobody is known to use them.
    Glance,
    /// These services; one that does not exist is simply absent from the answer.
    Services(Vec<VirtualId>),
}

/// A table that can be read and written.
pub trait Ipvs: Send + 'static {
    /// Reads the table. A scope of few services may be answered by a whole table; callers look up what they asked for.
    fn read(&mut self, scope: &Scope) -> impl Future<Output = Result<Table, IpvsError>> + Send;

    /// Writes changes, in order, going on after one that fails. An error tells why at least one failed, and says
    /// nothing about the others; success means that no failure was seen, which is not much either. In both cases the
    /// caller reads back what it wrote.
    fn apply(&mut self, ops: &[Op]) -> impl Future<Output = Result<(), IpvsError>> + Send;

    /// How long the kernel keeps connections, of whatever service.
    fn timeouts(&mut self) -> impl Future<Output = Result<IpvsTimeouts, IpvsError>> + Send;

    /// Sets that; a zero keeps what there is. As with [`Self::apply`], only a reading proves it.
    fn set_timeouts(&mut self, timeouts: IpvsTimeouts) -> impl Future<Output = Result<(), IpvsError>> + Send;
}
