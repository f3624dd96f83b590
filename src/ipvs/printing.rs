//! The table of `--dry-run`: what would be done is printed, as the lines one would type.

use std::io::Write;

use super::{Ipvs, IpvsError, Memory, Op, Scope, Table, ipvsadm::render};
use crate::model::IpvsTimeouts;

/// A table in memory, empty at first, that prints each change as a line of `ipvsadm`.
#[derive(Debug)]
pub struct DryRun<W> {
    table: Memory,
    out: W,
}

impl<W: Write + Send + 'static> DryRun<W> {
    /// Prints to `out`.
    pub fn to(out: W) -> Self {
        Self { table: Memory::default(), out }
    }

    /// The table, shared: to look at, or to change by hand.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.table.clone()
    }
}

impl<W: Write + Send + 'static> Ipvs for DryRun<W> {
    async fn read(&mut self, scope: &Scope) -> Result<Table, IpvsError> {
        self.table.read(scope).await
    }

    async fn apply(&mut self, ops: &[Op]) -> Result<(), IpvsError> {
        for op in ops {
            // A reader that went away (a pager, `head`) is no reason to stop what is being tried.
            writeln!(self.out, "ipvsadm {}", render::line(op)).ok();
        }
        self.out.flush().ok();
        self.table.apply(ops).await
    }

    async fn timeouts(&mut self) -> Result<IpvsTimeouts, IpvsError> {
        self.table.timeouts().await
    }

    async fn set_timeouts(&mut self, timeouts: IpvsTimeouts) -> Result<(), IpvsError> {
        writeln!(self.out, "ipvsadm {}", render::timeouts(timeouts)).ok();
        self.out.flush().ok();
        self.table.set_timeouts(timeouts).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipvs::ServiceSettings;

    #[tokio::test]
    async fn changes_are_printed_and_remembered() {
        let mut dry = DryRun::to(Vec::new());
        let id = "tcp:192.0.2.1:80".parse().unwrap();
        let settings = ServiceSettings { scheduler: "wrr".into(), ..ServiceSettings::default() };
        dry.apply(&[Op::AddService(id, settings)]).await.unwrap();
        assert!(dry.read(&Scope::All).await.unwrap().0.contains_key(&id));
        assert_eq!(String::from_utf8_lossy(&dry.out), "ipvsadm -A -t 192.0.2.1:80 -s wrr\n");
        assert_eq!(dry.memory().counts(), (1, 1));
    }
}
