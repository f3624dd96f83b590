//! What can happen in a random story, and how one is made up.

use std::{fmt, time::Duration};

use crate::sim::Behaviour;

use super::rng::Rng;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Action {
    /// A server (by number) behaves like this from now on.
    Behave(u8, Behaviour),
    /// The configuration with this seed is put in place; loaded by autoreload.
    Edit(u64),
    /// A file that is called like a server (in one of several ways, by number) is put into the maintenance directory, or
    /// removed from it.
    Maintain(u8, u8, bool),
    /// A broken configuration is put in place.
    EditBroken,
    /// A few things are changed in the configuration that is there.
    Tweak(u64),
    /// Somebody asks for a reload.
    Reload,
    /// So many ask for one and wait for the answer.
    Ask(u8),
    /// Reading a configuration takes this long from now on.
    LoadSlow(Duration),
    /// Writing and reading fail from now on.
    TableFails,
    /// Only so many changes of each batch are carried out.
    TableHalves(usize),
    /// Each call takes this long.
    TableSlow(Duration),
    /// The table works again.
    TableWorks,
    /// `ipvsadm -C`, but for the foreign service.
    Flush,
    /// Somebody removes a service of ours (by number).
    DeleteService(u8),
    /// Somebody removes one of a service's destinations (by number).
    DeleteServer(u8, u8),
    /// Somebody sets the weight of a service's destination.
    SetWeight(u8, u8, u16),
    /// Somebody changes scheduler and persistence of a service.
    EditService(u8),
    /// Somebody adds a server that is not configured.
    AddServer(u8),
    /// The director is killed and started again.
    Crash,
    /// It is stopped without cleaning up, and started again.
    Restart,
    /// It is stopped with cleaning up, and started again.
    StopStart,
    /// Nothing happens for long enough that everything must have come to rest, and the rest is checked.
    Rest,
}

/// A story: a configuration to begin with, and what happens when.
#[derive(Clone, Debug)]
pub struct Story {
    pub config: u64,
    /// Each with the time since the one before.
    pub actions: Vec<(Duration, Action)>,
}

/// The longest a rest takes: see `play`.
pub const REST: Duration = Duration::from_secs(600);

impl Story {
    /// The story of a seed.
    pub fn random(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let config = rng.next();
        let count = 10 + rng.below(40);
        let mut actions: Vec<(Duration, Action)> = (0..count)
            .map(|_| {
                // Mostly close together, so that one thing happens in the middle of another.
                let wait = match rng.below(4) {
                    0 => Duration::from_millis(rng.below(200)),
                    1 => Duration::from_millis(rng.below(5_000)),
                    2 => Duration::from_millis(rng.below(60_000)),
                    _ => Duration::from_secs(rng.below(600)),
                };
                (wait, action(&mut rng))
            })
            .collect();
        actions.push((Duration::ZERO, Action::TableWorks));
        actions.push((Duration::ZERO, Action::Rest));
        Self { config, actions }
    }

    /// How long it lasts.
    pub fn length(&self) -> Duration {
        self.actions
            .iter()
            .map(|(wait, what)| *wait + if matches!(what, Action::Rest) { REST } else { Duration::ZERO })
            .sum()
    }
}

fn action(rng: &mut Rng) -> Action {
    let small = |rng: &mut Rng, n: u64| u8::try_from(rng.below(n)).unwrap_or(0);
    match rng.below(52) {
        0..=13 => {
            let behaviour = match rng.below(8) {
                0..=3 => Behaviour::Good,
                4 => Behaviour::Refused,
                5 => Behaviour::Wrong,
                6 => Behaviour::Hangs,
                _ => Behaviour::Slow(Duration::from_millis(rng.below(12_000))),
            };
            Action::Behave(small(rng, 8), behaviour)
        }
        14..=17 => Action::Edit(rng.next()),
        18 => Action::EditBroken,
        19 => Action::Reload,
        20 => Action::TableFails,
        21 => Action::TableHalves(usize::from(small(rng, 5))),
        22 => Action::TableSlow(Duration::from_millis(rng.below(9_000))),
        23..=25 => Action::TableWorks,
        26 => Action::Flush,
        27 => Action::DeleteService(small(rng, 4)),
        28 | 29 => Action::DeleteServer(small(rng, 4), small(rng, 6)),
        30 | 31 => Action::SetWeight(small(rng, 4), small(rng, 6), rng.of(&[0, 1, 3, 77])),
        32 => Action::AddServer(small(rng, 4)),
        33 => Action::Crash,
        34 => Action::Restart,
        35 => Action::StopStart,
        36..=38 => Action::Tweak(rng.next()),
        39 | 40 => Action::Ask(1 + small(rng, 3)),
        41 => Action::LoadSlow(Duration::from_millis(rng.below(4_000))),
        48..=51 => Action::Maintain(small(rng, 4), small(rng, 8), rng.once_in(2)),
        42 => Action::EditService(small(rng, 4)),
        _ => Action::Rest,
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "begin with configuration {:#x}", self.config)?;
        let mut at = Duration::ZERO;
        for (wait, action) in &self.actions {
            at += *wait;
            writeln!(f, "{:>9.3}s {action:?}", at.as_secs_f64())?;
            if matches!(action, Action::Rest) {
                at += REST;
            }
        }
        Ok(())
    }
}
