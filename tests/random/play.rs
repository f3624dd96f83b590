//! Plays a story on the real loop and checks the invariants on the way.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use ldirectord::{
    director::{Command, Event, Fact, Phase, Refusal, Rejection},
    ipvs::{Dest, Fault, IpvsError, Memory, Op, Table, table::kernel_id},
    model::{Check, Config, Family, Forward, RealId, VirtualId},
    runtime::{Loaded, Report},
};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::sim::{self, Callbacks, Disk, Running, Watched, World, lock};

use super::{
    action::{Action, REST, Story},
    oracle::{self, ByHand},
};

/// The longest a stop may take, whatever the table does.
const STOP_WITHIN: Duration = Duration::from_secs(16);

/// Plays a story; the error says which invariant broke, and how.
pub fn play(story: &Story) -> Result<(), String> {
    let runtime = sim::paused();
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(Stage::play(story))));
    played.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        Err(words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
    })
}

struct Stage {
    world: World,
    table: Watched,
    disk: Disk,
    callbacks: Callbacks,
    running: Running,
    /// On disk.
    config: Arc<Config>,
    /// In force, by what was told.
    in_force: Arc<Config>,
    by_hand: ByHand,
    /// Who is down, by the facts that were told.
    down: BTreeMap<(VirtualId, RealId), bool>,
    /// What the eye on the table saw.
    broken: Arc<Mutex<Vec<String>>>,
    /// Those who asked for something and wait for the answer.
    asking: Vec<JoinHandle<Result<(), Refusal>>>,
}

fn loaded(config: Arc<Config>) -> Loaded {
    Loaded { config, warnings: Vec::new() }
}

impl Stage {
    async fn play(story: &Story) -> Result<(), String> {
        let config = oracle::config(story.config);
        let memory = Memory::holding(Table([oracle::foreign()].into()));
        let broken: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = broken.clone();
        let table = Watched::new(memory, move |before, ops| lock(&seen).extend(emptied(before, ops)));
        let (world, callbacks) = (World::default(), Callbacks::default());
        let disk: Disk = Arc::new(Mutex::new(Ok(loaded(config.clone()))));
        let running = sim::start(table.clone(), world.clone(), &disk, &callbacks);
        let by_hand = ByHand::default();
        let down = BTreeMap::new();
        let (in_force, asking) = (config.clone(), Vec::new());
        let mut stage =
            Self { world, table, disk, callbacks, running, config, in_force, by_hand, down, broken, asking };
        for (wait, action) in &story.actions {
            sleep(*wait).await;
            stage.act(action).await?;
            stage.look()?;
        }
        Ok(())
    }

    async fn act(&mut self, action: &Action) -> Result<(), String> {
        let memory = self.table.memory.clone();
        match action {
            Action::Behave(n, behaviour) => self.world.set(oracle::server(*n), *behaviour),
            Action::Edit(seed) => {
                self.config = oracle::config(*seed);
                *lock(&self.disk) = Ok(loaded(self.config.clone()));
                self.running.inbox.report(Event::SourcesChanged("test.cf".into())).await;
            }
            Action::EditBroken => {
                let text: Arc<str> = "test.cf:1: error: unknown directive".into();
                *lock(&self.disk) = Err(Rejection { text: text.clone(), first: text, errors: 1 });
                self.running.inbox.report(Event::SourcesChanged("test.cf".into())).await;
                // The good one is put back later without notice: a reload will find it.
                sleep(Duration::from_millis(100)).await;
                *lock(&self.disk) = Ok(loaded(self.config.clone()));
            }
            Action::Tweak(seed) => {
                self.config = oracle::tweaked(&self.config, *seed);
                *lock(&self.disk) = Ok(loaded(self.config.clone()));
                self.running.inbox.report(Event::SourcesChanged("test.cf".into())).await;
            }
            Action::Ask(n) => {
                for _ in 0..*n {
                    let inbox = self.running.inbox.clone();
                    self.asking.push(tokio::spawn(async move { inbox.ask(Command::Reload).await }));
                }
            }
            Action::LoadSlow(time) => {
                *lock(&self.running.load_time) = *time;
                *lock(&self.running.hook_time) = *time;
            }
            Action::EditService(n) => memory.meddle(|table| {
                if let Some(service) = table.0.get_mut(&oracle::virtual_id(*n)) {
                    service.settings.scheduler = "lc".into();
                    service.settings.persistence = None;
                }
            }),
            Action::Reload => self.act_reload().await,
            Action::TableFails => {
                let hung = IpvsError::Hung(Duration::from_secs(10));
                memory.fail(Some(Fault::Everything(hung)));
            }
            Action::TableHalves(n) => memory.fail(Some(Fault::HalfDone(*n))),
            Action::TableSlow(delay) => *lock(&self.table.delay) = *delay,
            Action::TableWorks => self.works(),
            Action::Flush => {
                memory.meddle(|table| table.0.retain(|id, _| *id == oracle::foreign().0));
            }
            Action::DeleteService(n) => memory.meddle(|table| drop(table.0.remove(&oracle::virtual_id(*n)))),
            Action::DeleteServer(v, n) => memory.meddle(|table| {
                if let Some(service) = table.0.get_mut(&oracle::virtual_id(*v)) {
                    let real = service.dests.keys().nth(usize::from(*n)).copied();
                    real.map(|real| service.dests.remove(&real));
                }
            }),
            Action::SetWeight(v, n, weight) => {
                self.set_weight(oracle::virtual_id(*v), usize::from(*n), *weight);
            }
            Action::AddServer(v) => {
                let id = oracle::virtual_id(*v);
                let real = match id.family() {
                    Family::V4 => RealId(([10, 7, 7, 7], 80).into()),
                    Family::V6 => RealId(([0xfd07, 0, 0, 0, 0, 0, 0, 7], 80).into()),
                };
                let dest = Dest::new(Forward::Masq, 1);
                memory.meddle(|table| {
                    // There may be no such service just now.
                    let _ = table.apply(&Op::AddDest(id, real, dest));
                });
                self.by_hand.servers.push((id, real));
            }
            Action::Crash => self.restart(None).await?,
            Action::Restart => self.restart(Some(false)).await?,
            Action::StopStart => self.restart(Some(true)).await?,
            Action::Rest => self.rest().await?,
        }
        Ok(())
    }

    fn works(&mut self) {
        self.table.memory.fail(None);
        *lock(&self.table.delay) = Duration::ZERO;
    }

    fn set_weight(&mut self, id: VirtualId, n: usize, weight: u16) {
        let by_hand = &mut self.by_hand;
        self.table.memory.meddle(|table| {
            if let Some(service) = table.0.get_mut(&id)
                && let Some((real, dest)) = service.dests.iter_mut().nth(n)
            {
                dest.weight = weight;
                by_hand.weights.insert((id, *real), weight);
            }
        });
    }

    /// Ends the director (`None`: by force; else by a stop, with or without cleaning up) and starts it again. A
    /// start needs a table that works.
    async fn restart(&mut self, stop: Option<bool>) -> Result<(), String> {
        if let Some(clean) = stop {
            // However slow or broken the table is, a stop comes to its end; only a table that works is left clean.
            let works = self.table.memory.works() && lock(&self.table.delay).is_zero();
            self.running.inbox.report(Event::Stop { why: "signal: TERM", clean }).await;
            let ended = timeout(STOP_WITHIN, &mut self.running.task).await;
            let ended = ended.map_err(|_| "the stop hangs")?.map_err(|e| e.to_string())?;
            if works {
                ended.map_err(|e| format!("the stop failed: {e}"))?;
            }
            self.answered().await?;
            let clean = clean && works;
            let left = self.table.memory.table();
            if clean && left.0.keys().any(|id| *id != oracle::foreign().0) && self.config_owns(&left) {
                return Err(format!("after a stop the table still has {left:?}"));
            }
        } else {
            self.running.task.abort();
            let _ = (&mut self.running.task).await;
        }
        self.works();
        self.hear()?;
        self.asking.clear();
        self.down.clear();
        self.by_hand = ByHand::default();
        self.in_force = self.config.clone();
        self.running = sim::start(self.table.clone(), self.world.clone(), &self.disk, &self.callbacks);
        Ok(())
    }

    /// Whoever asked has been answered.
    async fn answered(&mut self) -> Result<(), String> {
        for asking in self.asking.drain(..) {
            let answer = timeout(Duration::from_secs(1), asking).await;
            let answer = answer.map_err(|_| "a reload was asked for and not answered")?;
            let _ = answer.map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn config_owns(&self, table: &Table) -> bool {
        self.config.virtuals.iter().any(|service| table.0.contains_key(&service.id))
    }

    /// Long enough without events that all must be as the oracle says; then nothing may happen any more.
    async fn rest(&mut self) -> Result<(), String> {
        self.works();
        *lock(&self.running.load_time) = Duration::ZERO;
        *lock(&self.running.hook_time) = Duration::ZERO;
        if self.config.settings.resync_interval.is_none() || self.in_force.settings.resync_interval.is_none()
        {
            // Nobody looks for what somebody else did; a reload puts it right.
            self.act_reload().await;
        }
        sleep(REST / 2).await;
        self.look()?;
        let actual = self.table.memory.table();
        // Services of a configuration before a crash belong to nobody now.
        let ours = |table: &Table| {
            let known = |id: &VirtualId| {
                self.config.virtuals.iter().any(|v| v.id == *id) || *id == oracle::foreign().0
            };
            Table(table.0.iter().filter(|(id, _)| known(id)).map(|(id, s)| (*id, s.clone())).collect())
        };
        let wanted = oracle::table(&self.config, &self.world, &actual, &self.by_hand);
        if ours(&actual) != wanted {
            return Err(format!("at rest the table is\n{actual:?}\nand should be\n{wanted:?}"));
        }
        self.shown_as(&actual)?;
        self.answered().await?;
        self.phases()?;
        let (_, writes) = self.table.memory.counts();
        let before = self.world.probes();
        self.running.take_facts();
        sleep(REST / 2).await;
        for (server, count) in self.world.probes() {
            let asked = count - before.get(&server).copied().unwrap_or_default();
            let reals = || self.config.virtuals.iter().flat_map(|service| &service.reals);
            let wanted =
                reals().any(|real| matches!(&real.check, Check::Probe(spec) if spec.target == server));
            if (asked > 0) != wanted {
                return Err(format!("{server} was asked {asked} times at rest"));
            }
        }
        let (_, after) = self.table.memory.counts();
        if after != writes {
            return Err(format!("{} writes while nothing happened", after - writes));
        }
        let told = self.running.take_facts();
        if !told.is_empty() {
            return Err(format!("told while nothing happened: {told:?}"));
        }
        Ok(())
    }

    /// The view of the moment agrees with the table.
    fn shown_as(&self, table: &Table) -> Result<(), String> {
        for row in &self.running.snapshots.borrow().virtuals {
            for real in &row.reals {
                let id = kernel_id(row.id, real.id, real.forward);
                let dest = table.0.get(&row.id).and_then(|service| service.dests.get(&id));
                let service = self.config.virtuals.iter().find(|service| service.id == row.id);
                let fallback = service.and_then(|service| service.fallback);
                let stands_in = row.fallback_active
                    && fallback.is_some_and(|f| kernel_id(row.id, RealId(f.address), f.forward) == id);
                let weight = dest.map_or(0, |dest| dest.weight);
                if weight != real.weight && !stands_in {
                    return Err(format!(
                        "{} of {} is shown with weight {}, has {weight}",
                        real.id, row.id, real.weight
                    ));
                }
            }
        }
        Ok(())
    }

    async fn act_reload(&mut self) {
        self.running.inbox.report(Event::ReloadWanted).await;
    }

    /// The service manager was told of an end for each beginning.
    fn phases(&self) -> Result<(), String> {
        let reports = lock(&self.running.reports);
        let mut phases = reports.iter().filter_map(|report| match report {
            Report::Phase(phase) => Some(*phase),
            Report::Status(_) | Report::Alive => None,
        });
        match phases.next_back() {
            Some(Phase::Ready) => Ok(()),
            other => Err(format!("at rest the last word to the service manager is {other:?}")),
        }
    }

    /// What must be true at any moment.
    fn look(&mut self) -> Result<(), String> {
        if self.running.task.is_finished() {
            return Err("the director ended".to_owned());
        }
        self.hear()
    }

    /// What must be true of what was done and told.
    fn hear(&mut self) -> Result<(), String> {
        if let Some(words) = lock(&self.broken).first() {
            return Err(words.clone());
        }
        let (id, foreign) = oracle::foreign();
        if self.table.memory.table().0.get(&id) != Some(&foreign) {
            return Err("somebody else's service was changed".to_owned());
        }
        for fact in self.running.take_facts() {
            if matches!(fact, Fact::ConfigLoaded { .. } | Fact::ConfigUnchanged) {
                let next = lock(&self.running.loads).pop_front().ok_or("a load that was none")?;
                self.down.retain(|key, _| checked(&self.in_force, *key) && checked(&next, *key));
                self.in_force = next;
            }
            let (key, down) = if let Fact::WentDown { virtual_id, real, .. } = &fact {
                ((*virtual_id, *real), true)
            } else if let Fact::WentUp { virtual_id, real, .. } = &fact {
                ((*virtual_id, *real), false)
            } else {
                continue;
            };
            if !checked(&self.in_force, key) {
                return Err(format!("told of a server that is not checked: {fact}"));
            }
            if self.down.insert(key, down) == Some(down) {
                return Err(format!("told twice in a row: {fact}"));
            }
        }
        Ok(())
    }
}

/// Whether a server is checked in this configuration.
fn checked(config: &Config, (id, real): (VirtualId, RealId)) -> bool {
    let service = config.virtuals.iter().find(|service| service.id == id);
    let real = service.and_then(|service| service.reals.iter().find(|r| r.id == real));
    real.is_some_and(|real| matches!(real.check, Check::Probe(_)))
}

/// A service that had a destination to serve, will have one, and on the way had none.
fn emptied(before: &Table, ops: &[Op]) -> Option<String> {
    let serves = |table: &Table, id: VirtualId| {
        table.0.get(&id).is_some_and(|s| s.dests.values().any(|dest| dest.weight > 0))
    };
    let mut after = before.clone();
    for op in ops {
        let _ = after.apply(op);
    }
    let mut table = before.clone();
    for op in ops {
        let id = op.virtual_id();
        let before_op = serves(&table, id);
        let _ = table.apply(op);
        if before_op && !serves(&table, id) && serves(&after, id) {
            return Some(format!("{op:?} leaves its service without a destination, in {ops:?}"));
        }
    }
    None
}
