//! The loop itself.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until, timeout_at},
};

use crate::{
    check::Prober,
    director::{Director, Event, Fact, Mail, Now, Rejection, Snapshot, Start, Ticket},
    inbox::Input,
    ipvs::{Ipvs, Scope},
    model::IpvsTimeouts,
    plan::{Job, Outcome, Reconciler},
};

use super::{
    Fatal, LoadFn, Loaded, Parts, Report,
    effects::{Telling, Waiting},
    hooks::Hooks,
    job::{Ended, Work},
    scheduler::Scheduler,
};

/// Snapshots are at least this far apart: changes in between are published together.
const PUBLISH_GAP: Duration = Duration::from_millis(20);
/// Writes to the table are at least this far apart.
const WRITE_GAP: Duration = Duration::from_millis(50);
/// The same while first verdicts of many checks come in, soon after the start and later: a start of thousands of servers
/// is a handful of writes, and not many more where they are slow to answer.
const FIRST_ROUND_WRITE_GAP: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(1));
/// So few first verdicts that are still to come make nobody wait: a server that hangs must not delay what a reload or
/// another server's failure wants.
const FEW: usize = 8;
/// How long the end waits for the last fallback commands. With the longest stop of the director itself this stays
/// within what a service manager grants.
const LAST_HOOKS: Duration = Duration::from_secs(4);
/// Messages and verdicts taken in one turn before the timers are looked at again.
const BATCH: usize = 64;

/// Everything the loop owns.
pub(super) struct Loop<I, P> {
    pub(super) director: Director,
    pub(super) reconciler: Reconciler,
    pub(super) scheduler: Scheduler<P>,
    pub(super) telling: Telling,
    pub(super) mails: mpsc::Sender<Mail>,
    pub(super) waiting: Waiting,
    pub(super) hooks: Hooks,
    pub(super) load_fn: LoadFn,
    pub(super) loads: JoinSet<Result<Loaded, Rejection>>,
    pub(super) service: Box<dyn FnMut(Report) + Send>,
    pub(super) clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// The snapshot that is out is no longer true.
    pub(super) stale: bool,
    /// The director wants to hear when the table is as wanted.
    pub(super) owed: bool,
    snapshots: watch::Sender<Arc<Snapshot>>,
    started: Instant,
    published: Option<Instant>,
    status: String,
    /// The table, while no job has it.
    ipvs: Option<I>,
    jobs: JoinSet<(I, Ended)>,
    /// How long the kernel shall keep connections, where that is to be seen to.
    pub(super) timeouts: Option<IpvsTimeouts>,
    /// A configuration that was read and waits for a reading of the table.
    loaded: Option<Loaded>,
    /// The job that is out reads the whole table, and was begun after that configuration was read.
    reading_for_load: bool,
    background: Option<tokio::runtime::Handle>,
    tickets: u64,
    watchdog: Option<(Duration, Instant)>,
}

/// Runs the director until it is told to stop and has.
///
/// # Errors
/// The table could not be used at the start, or something broke that cannot be gone on without.
pub async fn run<I: Ipvs, P: Prober>(
    parts: Parts<I, P>,
    mut inbox: mpsc::Receiver<Input>,
) -> Result<(), Fatal> {
    let Parts { mut ipvs, prober, begin, load, hook, outlets, limits, watchdog, background, clock } = parts;
    let table = Arc::new(ipvs.read(&Scope::All).await?);
    let now = Instant::now();
    let start = Start {
        config: begin.config,
        maintenance: begin.maintenance,
        warnings: begin.warnings,
        table,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
    };
    let (director, effects) = Director::new(Now { instant: now.into_std(), wall: clock() }, start);
    let mut this = Loop {
        director,
        reconciler: Reconciler::new(),
        scheduler: Scheduler::new(prober, limits),
        telling: Telling::new(outlets.facts, outlets.monitored),
        mails: outlets.mails,
        waiting: Waiting::new(),
        hooks: Hooks::new(hook),
        load_fn: load,
        loads: JoinSet::new(),
        service: outlets.service,
        clock,
        stale: true,
        owed: false,
        snapshots: outlets.snapshots,
        started: now,
        published: None,
        status: String::new(),
        ipvs: Some(ipvs),
        jobs: JoinSet::new(),
        timeouts: None,
        loaded: None,
        reading_for_load: false,
        background,
        tickets: 0,
        watchdog: watchdog.map(|every| (every / 2, now)),
    };
    let end = this.carry_out(effects);
    let end = match end {
        Some(end) => end,
        None => this.turn_until_end(&mut inbox).await,
    };
    this.last_hooks().await;
    this.publish();
    end
}

impl<I: Ipvs, P: Prober> Loop<I, P> {
    pub(super) fn now(&self) -> Now {
        Now { instant: Instant::now().into_std(), wall: (self.clock)() }
    }

    async fn turn_until_end(&mut self, inbox: &mut mpsc::Receiver<Input>) -> Result<(), Fatal> {
        loop {
            if let Some(end) = self.between_turns() {
                return end;
            }
            let wake = self.wake();
            // What has ended comes first, then the clock, then what people ask for: a flood of calls cannot delay a
            // check or a verdict, and the batch below keeps it from being delayed itself.
            let end = tokio::select! {
                biased;
                Some(job) = self.jobs.join_next() => self.job_ended(job)?,
                Some(loaded) = self.loads.join_next() => self.load_ended(loaded)?,
                landed = self.scheduler.landed() => self.landed(landed),
                Some(fact) = self.hooks.ended() => { self.tell(fact); None }
                () = sleep_until(wake) => None,
                input = inbox.recv() => match input {
                    Some(input) => self.take(input),
                    // Nobody is left who could ask for anything, a stop included.
                    None => Some(Err(Fatal::Crashed("the queue was closed"))),
                },
            };
            if let Some(end) = end {
                return end;
            }
            if let Some(end) = self.batch(inbox) {
                return end;
            }
        }
    }

    /// What can be taken without waiting, up to a limit.
    fn batch(&mut self, inbox: &mut mpsc::Receiver<Input>) -> Option<Result<(), Fatal>> {
        for _ in 0..BATCH {
            let landed = self.scheduler.try_landed();
            let input = inbox.try_recv().ok();
            if landed.is_none() && input.is_none() {
                return None;
            }
            let end = landed.and_then(|landed| self.landed(landed));
            let end = end.or_else(|| input.and_then(|input| self.take(input)));
            if end.is_some() {
                return end;
            }
        }
        None
    }

    /// What the clock asks for.
    fn between_turns(&mut self) -> Option<Result<(), Fatal>> {
        let now = Instant::now();
        if let Some((every, next)) = &mut self.watchdog
            && *next <= now
        {
            *next = now + *every;
            (self.service)(Report::Alive);
        }
        let effects = self.director.conclude(self.now());
        if let Some(end) = self.carry_out(effects) {
            return Some(end);
        }
        if self.director.deadline().is_some_and(|at| at <= now.into_std()) {
            let effects = self.director.on(self.now(), Event::Due);
            if let Some(end) = self.carry_out(effects) {
                return Some(end);
            }
        }
        self.scheduler.start_due(now);
        if let Some(starts) = self.scheduler.starts(now) {
            let effects = self.director.on(self.now(), Event::Started(starts));
            if let Some(end) = self.carry_out(effects) {
                return Some(end);
            }
        }
        if let Some(end) = self.start_job(now) {
            return Some(end);
        }
        if self.stale && self.published.is_none_or(|at| at + PUBLISH_GAP <= now) {
            self.publish();
        }
        None
    }

    /// When the next turn begins, if nothing happens before.
    fn wake(&self) -> Instant {
        let publish = self.stale.then(|| self.published.map(|at| at + PUBLISH_GAP)).flatten();
        let std = |at: Option<std::time::Instant>| at.map(Instant::from_std);
        [
            self.scheduler.deadline(),
            // While a job has the table, nothing can be begun.
            self.ipvs.as_ref().and_then(|_| std(self.reconciler.deadline())),
            std(self.director.deadline()),
            self.watchdog.map(|(_, next)| next),
            publish,
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600))
    }

    /// Starts the next job on the table, if there is one; tells the director when there is nothing left.
    fn start_job(&mut self, now: Instant) -> Option<Result<(), Fatal>> {
        let (soon, later) = FIRST_ROUND_WRITE_GAP;
        let gap = if self.director.awaited() <= FEW {
            WRITE_GAP
        } else {
            ((now - self.started) / 2).clamp(soon, later)
        };
        self.reconciler.set_gap(gap);
        // The table comes first; between two writes to it there is time for the rest.
        if self.ipvs.is_some()
            && let Some(work) = self
                .reconciler
                .next(now.into_std())
                .map(Work::Table)
                .or_else(|| self.timeouts.take().map(Work::Timeouts))
            && let Some(ipvs) = self.ipvs.take()
        {
            self.reading_for_load =
                self.loaded.is_some() && matches!(work, Work::Table(Job::Read(Scope::All)));
            let work = work.on(ipvs);
            match &self.background {
                Some(handle) => self.jobs.spawn_on(work, handle),
                None => self.jobs.spawn(work),
            };
        }
        if self.owed && self.reconciler.settled() {
            self.owed = false;
            let outcome = Outcome { settled: true, ..Outcome::default() };
            let effects = self.director.on(self.now(), Event::Applied(outcome));
            return self.carry_out(effects);
        }
        None
    }

    fn job_ended(&mut self, job: Result<(I, Ended), JoinError>) -> Result<Option<Result<(), Fatal>>, Fatal> {
        let (ipvs, ended) = job.map_err(|_| Fatal::Crashed("the job on the table"))?;
        self.ipvs = Some(ipvs);
        let now = self.now();
        let done = match ended {
            Ended::Table(done) => done,
            Ended::Timeouts(ended) => {
                let ended = ended.map_err(|error| error.to_string().into());
                let effects = self.director.on(now, Event::Timeouts(ended));
                return Ok(self.carry_out(effects));
            }
        };
        let table = match (&done.read, std::mem::take(&mut self.reading_for_load)) {
            (Ok(table), true) => Some(Some(Arc::new(table.clone()))),
            (Err(_), true) => Some(None),
            (_, false) => None,
        };
        let outcome = self.reconciler.done(now.instant, done);
        self.owed &= !outcome.settled;
        let effects = self.director.on(now, Event::Applied(outcome));
        if let Some(end) = self.carry_out(effects) {
            return Ok(Some(end));
        }
        if let Some(table) = table
            && let Some(Loaded { config, maintenance, warnings }) = self.loaded.take()
        {
            let effects = self.director.on(now, Event::Loaded { config, table, maintenance, warnings });
            return Ok(self.carry_out(effects));
        }
        Ok(None)
    }

    /// A configuration was read: if it is good, the table is read next, for what is new in it may be served already.
    fn load_ended(
        &mut self,
        loaded: Result<Result<Loaded, Rejection>, JoinError>,
    ) -> Result<Option<Result<(), Fatal>>, Fatal> {
        match loaded.map_err(|_| Fatal::Crashed("reading the configuration"))? {
            Ok(loaded) => {
                self.loaded = Some(loaded);
                self.reconciler.resync_now(self.now().instant);
                Ok(None)
            }
            Err(rejection) => {
                let effects = self.director.on(self.now(), Event::Rejected(rejection));
                Ok(self.carry_out(effects))
            }
        }
    }

    fn landed(&mut self, landed: super::scheduler::Landed) -> Option<Result<(), Fatal>> {
        let now = self.now();
        let passed = matches!(landed.verdict, crate::health::Verdict::Pass(_));
        landed.meter.record(now.wall, landed.took, passed);
        let effects = self.director.on(now, Event::Probed(landed.id, landed.verdict));
        self.carry_out(effects)
    }

    fn tell(&mut self, fact: Fact) {
        let at = (self.clock)();
        self.telling.tell(at, fact);
    }

    /// The fallback commands that the end brought have a moment for it; they began when the table was begun with.
    async fn last_hooks(&mut self) {
        let until = Instant::now() + LAST_HOOKS;
        while self.hooks.outlast_the_stop() {
            match timeout_at(until, self.hooks.ended()).await {
                Ok(Some(fact)) => self.tell(fact),
                Ok(None) | Err(_) => break,
            }
        }
        for fact in self.hooks.give_up() {
            self.tell(fact);
        }
    }

    fn take(&mut self, input: Input) -> Option<Result<(), Fatal>> {
        let event = match input {
            Input::Event(event) => event,
            Input::Ask(command, reply) => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                self.waiting.insert(ticket, reply);
                Event::Asked(ticket, command)
            }
        };
        let effects = self.director.on(self.now(), event);
        self.carry_out(effects)
    }

    /// Publishes the view of the moment, and the line for people with it.
    pub(super) fn publish(&mut self) {
        if !self.stale {
            return;
        }
        self.stale = false;
        self.published = Some(Instant::now());
        let snapshot = Arc::new(self.director.snapshot());
        let line = snapshot.status_line();
        if line != self.status {
            self.status.clone_from(&line);
            (self.service)(Report::Status(line));
        }
        self.snapshots.send_replace(snapshot);
    }
}
