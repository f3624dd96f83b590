//! Programs of the administrator's that run, and those that wait for their turn.

use std::collections::{HashMap, VecDeque};

use tokio::task::{Id, JoinError, JoinSet};

use crate::director::{Fact, Hook, Slot};

use super::HookFn;

/// So many fallback commands run at the same time: a farm that goes down as a whole has thousands.
const FALLBACKS: usize = 16;

/// All of them. In each slot one runs, and one waits: the last that was wanted.
pub(super) struct Hooks {
    run: HookFn,
    tasks: JoinSet<Result<(), String>>,
    running: HashMap<Id, Hook>,
    waiting: HashMap<Slot, Hook>,
    /// The slots of those that wait, in the order in which they began to.
    queue: VecDeque<Slot>,
}

impl Hooks {
    pub(super) fn new(run: HookFn) -> Self {
        Self {
            run,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            waiting: HashMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// Runs it, now or when its turn comes. It takes the place of one that waits in its slot.
    pub(super) fn want(&mut self, hook: Hook) {
        let slot = hook.slot();
        if !hook.repeats() && self.running.values().any(|running| *running == hook) {
            // What came in between was never begun.
            if self.waiting.remove(&slot).is_some() {
                self.queue.retain(|waiting| *waiting != slot);
            }
            return;
        }
        if self.waiting.insert(slot.clone(), hook).is_none() {
            self.queue.push_back(slot);
        }
        self.start();
    }

    /// Waits until one ends, and gives what is to be told of it; nothing while none runs.
    pub(super) async fn ended(&mut self) -> Option<Fact> {
        let joined = self.tasks.join_next_with_id().await?;
        Some(self.end(joined))
    }

    /// Whether one runs or waits that the end of the program waits for.
    pub(super) fn outlast_the_stop(&self) -> bool {
        self.running.values().chain(self.waiting.values()).any(Hook::outlasts_the_stop)
    }

    /// The end does not wait any longer: what is told of those that it had waited for.
    pub(super) fn give_up(&mut self) -> Vec<Fact> {
        let mut lost: Vec<Hook> = self.running.drain().map(|(_, hook)| hook).collect();
        lost.extend(self.waiting.drain().map(|(_, hook)| hook));
        lost.retain(Hook::outlasts_the_stop);
        // What is told must not depend on the order of a hash map.
        lost.sort_by_key(Hook::slot);
        lost.iter().map(|hook| hook.ended(Err("the director ended before it did".to_owned()))).collect()
    }

    fn end(&mut self, joined: Result<(Id, Result<(), String>), JoinError>) -> Fact {
        let (task, how) = match joined {
            Ok((task, how)) => (task, how),
            Err(error) => (error.id(), Err(format!("internal error: {error}"))),
        };
        let hook = self.running.remove(&task).expect("each task was noted when it was begun");
        self.start();
        hook.ended(how)
    }

    /// Starts all that need not wait.
    fn start(&mut self) {
        let mut fallbacks =
            self.running.values().filter(|hook| matches!(hook.slot(), Slot::Fallback(_))).count();
        for slot in std::mem::take(&mut self.queue) {
            let is_fallback = matches!(slot, Slot::Fallback(_));
            let busy = self.running.values().any(|hook| hook.slot() == slot);
            if busy || (is_fallback && fallbacks >= FALLBACKS) {
                self.queue.push_back(slot);
                continue;
            }
            if let Some(hook) = self.waiting.remove(&slot) {
                let task = self.tasks.spawn((self.run)(hook.clone()));
                self.running.insert(task.id(), hook);
                fallbacks += usize::from(is_fallback);
            }
        }
    }
}
