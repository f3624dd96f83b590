//! The kernel's table through the program `ipvsadm` (1.31, ipvsadm(8)): one process for one change, one
//! `ipvsadm --restore` for some thousands, and one for a reading, however large.
//!
//! What its `--restore` does with a line it cannot carry out: when the kernel refuses, it says so without naming the
//! line, goes on, and exits with the status of the *last* line; when it does not like the line itself, it exits at
//! once and the lines after it are lost. So no exit status proves anything, and [`Ipvs::apply`] says to read back.

mod classify;
pub mod listing;
pub mod render;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Dest, Ipvs, IpvsError, Op, Scope, Table, refusal::refusal};
use crate::{
    child::{self, ChildError, Finished, Program},
    model::{IpvsTimeouts, Thresholds, VirtualId},
};

/// How long one `ipvsadm` may take. Reading 40,000 servers takes a tenth of this on a very slow machine.
const DEADLINE: Duration = Duration::from_secs(10);
/// How many changes one `ipvsadm --restore` gets. The kernel takes up to a millisecond for each on that machine, and
/// a batch that only is large must not be taken for one that hangs.
const BATCH: usize = 4_000;
/// How long it may take to end after SIGTERM. It has nothing to tidy up.
const GRACE: Duration = Duration::from_millis(500);
/// How much of its output is kept. A line has at most 130 bytes, so this is half a million destinations.
const OUTPUT_LIMIT: usize = 64 << 20;

/// The kernel's table.
#[derive(Debug)]
pub struct Ipvsadm {
    place: Place,
    deadline: Duration,
    processes: Arc<AtomicU64>,
    /// Somebody uses thresholds, as far as is known: they are read too.
    thresholds: bool,
    /// Somebody uses tunnels of other types than ipip, as far as is known: the types are read too.
    tunnels: bool,
    /// This `ipvsadm` is too old to know of types of tunnels (before 1.31).
    plain: bool,
}

#[derive(Debug)]
enum Place {
    /// Wherever the search path has it; looked for when it is needed first.
    Unknown,
    /// Found there.
    Found(PathBuf),
    /// There, and nowhere else.
    Given(PathBuf),
}

impl Default for Ipvsadm {
    fn default() -> Self {
        Self::new()
    }
}

impl Ipvsadm {
    /// The `ipvsadm` of the search path. Nothing is run and nothing looked for yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            place: Place::Unknown,
            deadline: DEADLINE,
            processes: Arc::default(),
            thresholds: false,
            tunnels: false,
            plain: false,
        }
    }

    /// The program at this path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::Given(path.into()), ..Self::new() }
    }

    /// Gives each of its processes this long.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The number of processes that were started, for whoever wants to watch it.
    #[must_use]
    pub fn processes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.processes)
    }

    /// Runs it with the words of `options` as arguments.
    async fn run(&mut self, options: &str, stdin: Option<String>) -> Result<Finished, IpvsError> {
        let program = Program {
            // Its own words are not translated, but those of its libraries are.
            env: vec![("LC_ALL".into(), "C".into())],
            stdin: stdin.map(String::into_bytes),
            deadline: self.deadline,
            grace: GRACE,
            output_limit: OUTPUT_LIMIT,
            ..Program::new(self.path()?, options.split_ascii_whitespace())
        };
        self.processes.fetch_add(1, Ordering::Relaxed);
        let finished = child::run(program).await.map_err(|error| {
            if matches!((&error, &self.place), (ChildError::NotFound { .. }, Place::Found(_))) {
                // It was removed, or moved by an upgrade.
                self.place = Place::Unknown;
            }
            classify::not_run(error)
        })?;
        if finished.truncated {
            let words = format!("it printed more than {} MiB", OUTPUT_LIMIT >> 20);
            return Err(IpvsError::Failed { status: finished.status.to_string(), words });
        }
        Ok(finished)
    }

    fn path(&mut self) -> Result<PathBuf, IpvsError> {
        match &self.place {
            Place::Found(path) | Place::Given(path) => Ok(path.clone()),
            Place::Unknown => {
                let path = child::find("ipvsadm").map_err(|looked| IpvsError::Missing { looked })?;
                self.place = Place::Found(path.clone());
                Ok(path)
            }
        }
    }

    async fn list(&mut self, options: &str, wanted: impl Fn(VirtualId) -> bool) -> Result<Table, IpvsError> {
        let finished = self.run(options, None).await?;
        if finished.status.success() {
            listing::parse(&String::from_utf8_lossy(&finished.stdout), wanted)
        } else if classify::is_absent(&finished) {
            Ok(Table::default())
        } else {
            Err(classify::failure(&finished))
        }
    }

    async fn add_thresholds(&mut self, options: &str, table: &mut Table) -> Result<bool, IpvsError> {
        let finished = self.run(options, None).await?;
        if finished.status.success() {
            listing::add_thresholds(&String::from_utf8_lossy(&finished.stdout), table)
        } else if classify::is_absent(&finished) {
            Ok(false)
        } else {
            Err(classify::failure(&finished))
        }
    }

    async fn change(&mut self, op: &Op) -> Result<(), IpvsError> {
        let finished = self.run(&render::line(op).to_string(), None).await?;
        if finished.status.success() { Ok(()) } else { Err(classify::failure(&finished)) }
    }

    /// Writes batch after batch. A failure of lines is no reason to leave out the batches after it; a failure to run is.
    async fn restore_all(&mut self, ops: &[&Op]) -> Result<(), IpvsError> {
        let mut result = Ok(());
        for batch in ops.chunks(BATCH) {
            match self.restore(batch).await {
                Err(error @ IpvsError::Failed { .. }) => result = result.and(Err(error)),
                done => done?,
            }
        }
        result
    }

    async fn restore(&mut self, ops: &[&Op]) -> Result<(), IpvsError> {
        let finished = self.batch(ops).await?;
        if finished.status.success() && !classify::grumbled(&finished) {
            return Ok(());
        }
        if classify::gave_up(&finished) {
            // One line that it does not like must not keep the other services from what they need. Doing again what
            // was done already changes nothing: what is there twice or gone already is refused.
            let services: Vec<&[&Op]> = ops.chunk_by(|a, b| a.virtual_id() == b.virtual_id()).collect();
            if services.len() > 1 {
                for service in services {
                    self.batch(service).await?;
                }
            }
        }
        Err(classify::failure(&finished))
    }

    async fn batch(&mut self, ops: &[&Op]) -> Result<Finished, IpvsError> {
        let mut lines = String::with_capacity(ops.len() * 64);
        for op in ops {
            // Writing to a string cannot fail.
            writeln!(lines, "{}", render::line(op)).ok();
        }
        self.run("--restore", Some(lines)).await
    }
}

/// The destination as a change leaves it.
fn written(op: &Op) -> Option<&Dest> {
    match op {
        Op::AddDest(_, _, dest) | Op::EditDest(_, _, dest) => Some(dest),
        Op::AddService(..) | Op::EditService(..) | Op::DeleteService(_) | Op::DeleteDest(..) => None,
    }
}

impl Ipvs for Ipvsadm {
    async fn read(&mut self, scope: &Scope) -> Result<Table, IpvsError> {
        let (place, asked): (_, Option<BTreeSet<VirtualId>>) = match scope {
            Scope::All | Scope::Glance => (String::new(), None),
            Scope::Services(ids) => match ids.as_slice() {
                [] => return Ok(Table::default()),
                [id] => (format!(" {}", render::service(*id)), Some([*id].into())),
                several => (String::new(), Some(several.iter().copied().collect())),
            },
        };
        let wanted = |listed| asked.as_ref().is_none_or(|asked| asked.contains(&listed));
        // One column more, at the price of some bytes.
        let with_types = !self.plain && (*scope == Scope::All || self.tunnels);
        let types = if with_types { " --tun-info" } else { "" };
        let mut table = match self.list(&format!("-Ln{types}{place}"), wanted).await {
            // Any other failure may pass, and what is forgotten here stays forgotten.
            Err(IpvsError::Failed { words, .. }) if with_types && words.contains("unknown option") => {
                let table = self.list(&format!("-Ln{place}"), wanted).await?;
                self.plain = true;
                table
            }
            listed => listed?,
        };
        if *scope == Scope::All {
            let mut dests = table.0.values().flat_map(|service| service.dests.values());
            self.tunnels = dests.any(|dest| dest.forward.has_tunnel_type());
        }
        // A listing of their own: not paid for where nobody uses them.
        if (*scope == Scope::All || self.thresholds) && table.0.values().any(|s| !s.dests.is_empty()) {
            let any = self.add_thresholds(&format!("-Ln --thresholds{place}"), &mut table).await?;
            self.thresholds = any || (self.thresholds && *scope != Scope::All);
        }
        Ok(table)
    }

    async fn apply(&mut self, ops: &[Op]) -> Result<(), IpvsError> {
        let (mut sent, mut refused) = (Vec::with_capacity(ops.len()), None);
        for dest in ops.iter().filter_map(written) {
            self.thresholds |= dest.thresholds != Thresholds::default();
            self.tunnels |= dest.forward.has_tunnel_type();
        }
        for op in ops {
            match refusal(op) {
                None => sent.push(op),
                Some(why) => refused = refused.or(Some((op, why))),
            }
        }
        match sent.as_slice() {
            [] => {}
            [op] => self.change(op).await?,
            many => self.restore_all(many).await?,
        }
        refused.map_or(Ok(()), |(op, why)| {
            let words = format!("ipvsadm {}: {why}", render::line(op));
            Err(IpvsError::Failed { status: "not tried".into(), words })
        })
    }

    async fn timeouts(&mut self) -> Result<IpvsTimeouts, IpvsError> {
        let finished = self.run("-Ln --timeout", None).await?;
        if finished.status.success() {
            listing::timeouts(&String::from_utf8_lossy(&finished.stdout))
        } else {
            Err(classify::failure(&finished))
        }
    }

    async fn set_timeouts(&mut self, timeouts: IpvsTimeouts) -> Result<(), IpvsError> {
        let finished = self.run(&render::timeouts(timeouts).to_string(), None).await?;
        if finished.status.success() { Ok(()) } else { Err(classify::failure(&finished)) }
    }
}
