//! One arm for each effect.

use std::{collections::HashMap, time::SystemTime};

use tokio::sync::{mpsc, oneshot};

use crate::{
    check::Prober,
    director::{Effect, Fact, Phase, Refusal, Ticket},
    ipvs::Ipvs,
};

use super::{Fatal, Report, event_loop::Loop};

/// Answers that somebody waits for.
pub(super) type Waiting = HashMap<Ticket, oneshot::Sender<Result<(), Refusal>>>;

/// Facts on their way to people. What a reader that does not keep up misses is counted and said.
#[derive(Debug)]
pub(super) struct Telling {
    sender: mpsc::Sender<(SystemTime, Fact)>,
    lost: u64,
}

impl Telling {
    pub(super) fn new(sender: mpsc::Sender<(SystemTime, Fact)>) -> Self {
        Self { sender, lost: 0 }
    }

    pub(super) fn tell(&mut self, at: SystemTime, fact: Fact) {
        if self.lost > 0 {
            let what = format!("{} log messages were lost: the log did not keep up", self.lost);
            if self.sender.try_send((at, Fact::Trouble { what })).is_ok() {
                self.lost = 0;
            }
        }
        if self.sender.try_send((at, fact)).is_err() {
            self.lost += 1;
        }
    }
}

impl<I: Ipvs, P: Prober> Loop<I, P> {
    /// Carries out what was decided; `Some` when the end is there.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) -> Option<Result<(), Fatal>> {
        let mut end = None;
        for effect in effects {
            match effect {
                Effect::Load => self.load(),
                Effect::StartProbe(id, spec, meter) => self.scheduler.add(id, spec, meter),
                Effect::PaceProbe(id, interval) => self.scheduler.set_interval(id, interval),
                Effect::StopProbe(id) => self.scheduler.remove(id),
                Effect::Saw(table, ids) => self.reconciler.saw(&table, ids),
                Effect::Want { id, wanted, enforce } => {
                    self.reconciler.want(id, wanted, enforce);
                    self.owed = true;
                }
                Effect::Resync(every) => self.reconciler.resync_every(self.now().instant, every),
                Effect::Timeouts(timeouts) => self.timeouts = Some(timeouts),
                Effect::Tell(fact) => {
                    let at = (self.clock)();
                    self.telling.tell(at, fact);
                }
                Effect::Publish => self.stale = true,
                Effect::Answer(ticket, answer) => {
                    // Who hears the answer looks at once, and must see what it is about.
                    self.publish();
                    if let Some(reply) = self.waiting.remove(&ticket) {
                        // Who asked may have gone; that is no news to anybody.
                        let _ = reply.send(answer);
                    }
                }
                Effect::Run(hook) => self.hooks.want(hook),
                Effect::Notify(phase) => {
                    // The line for people goes first: whoever waits for READY=1 may look at once.
                    if phase == Phase::Ready {
                        self.publish();
                    }
                    (self.service)(Report::Phase(phase));
                }
                Effect::Exit(how) => end = Some(how.map_err(Fatal::GaveUp)),
            }
        }
        end
    }

    fn load(&mut self) {
        self.loads.spawn((self.load_fn)());
    }
}
