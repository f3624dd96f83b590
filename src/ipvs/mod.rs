//! The kernel's IPVS table: as a value, as a seam, and the two tables that ship: the real one through `ipvsadm`,
//! and one in memory.
//!
//! Knows the model's identities; knows nothing of health, of checks or of why a table is wanted.

mod error;
mod memory;
pub mod table;

use std::future::Future;

pub use error::IpvsError;
pub use memory::{Fault, Memory};
pub use table::{Dest, Op, Service, ServiceSettings, Table};

use crate::model::VirtualId;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole table, others' services included.
    All,
    /// These services; one that does not exist is simply absent from the answer.
    Services(Vec<VirtualId>),
}

/// A table that can be read and written.
pub trait Ipvs: Send + 'static {
    /// Reads the table. A scope of few services may be answered by a whole table; callers look up what they asked for.
    fn read(&mut self, scope: &Scope) -> impl Future<Output = Result<Table, IpvsError>> + Send;

    /// Writes changes, in order, going on after one that fails. Success means the commands were carried out as far
    /// as the program's exit status tells, which is not far: the caller reads back what it wrote.
    fn apply(&mut self, ops: &[Op]) -> impl Future<Output = Result<(), IpvsError>> + Send;
}
