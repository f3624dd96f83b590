//! The real loop in a world made of words: a table in memory, servers that behave as they are told, and a clock that
//! jumps to the next thing that happens. An hour takes milliseconds and is the same twice.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use ldirectord::{
    check::{Prober, Progress},
    director::{Fact, Mail, Rejection, Snapshot},
    health::{Advice, Certificate, Evidence, Failure, Left, Stage, Verdict},
    inbox::{self, Inbox},
    ipvs::{Ipvs, IpvsError, Memory, Op, Scope, Table},
    model::{CheckKind, CheckSpec, Config, IpvsTimeouts},
    runtime::{self, Fatal, Limits, Loaded, Outlets, Parts, Report},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};

/// How a server behaves towards a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    #[default]
    Good,
    /// Nobody listens.
    Refused,
    /// The answer is not what it should be.
    Wrong,
    /// The same, and who only connects does not notice.
    Hollow,
    /// It accepts and says nothing.
    Hangs,
    /// It answers well, but only after this time.
    Slow(Duration),
    /// Its agent says that it is well, and advises this.
    Advises(Advice),
}

/// What the checks meet.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<WorldState>>);

#[derive(Debug, Default)]
struct WorldState {
    /// When 1970 was.
    epoch: Option<Instant>,
    servers: BTreeMap<SocketAddr, Behaviour>,
    /// When the certificates of servers that have one end, since 1970.
    certificates: BTreeMap<SocketAddr, Duration>,
    probes: BTreeMap<SocketAddr, u64>,
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub fn set(&self, server: SocketAddr, behaviour: Behaviour) {
        lock(&self.0).servers.insert(server, behaviour);
    }

    pub fn behaviour(&self, server: SocketAddr) -> Behaviour {
        lock(&self.0).servers.get(&server).copied().unwrap_or_default()
    }

    /// What the agent on a server advises, if that is who is asked.
    fn advice(&self, spec: &CheckSpec) -> Option<Advice> {
        let asked = matches!(spec.kind, CheckKind::Agent(_));
        asked.then(|| {
            let Behaviour::Advises(advice) = self.behaviour(spec.target) else { return Advice::default() };
            advice
        })
    }

    /// The time since 1970.
    fn wall(&self) -> Duration {
        lock(&self.0).epoch.get_or_insert_with(Instant::now).elapsed()
    }

    /// A server has a certificate that is good for this time from now on.
    pub fn certify(&self, server: SocketAddr, time: Duration) {
        let end = self.wall() + time;
        lock(&self.0).certificates.insert(server, end);
    }

    /// What comes of a check that a server passes, by its certificate if it has one and is asked for it.
    fn pass(&self, spec: &CheckSpec) -> Verdict {
        let now = self.wall();
        let end = lock(&self.0).certificates.get(&spec.target).copied();
        let (Some(end), Some(security)) = (end, spec.kind.security()) else {
            return Verdict::Pass(Evidence { advice: self.advice(spec), ..Evidence::default() });
        };
        let left = Left(end.saturating_sub(now));
        if left.0 < security.expiry.failure {
            return Verdict::Fail(Failure::Tls(format!("certificate ends in {left}")));
        }
        let not_after = i64::try_from(end.as_secs()).expect("a story ends before that");
        let certificate =
            Certificate { name_matches: true, not_after, ends_soon: left.0 < security.expiry.warning };
        Verdict::Pass(Evidence { certificate: Some(certificate), ..Evidence::default() })
    }

    /// How often each server was asked.
    pub fn probes(&self) -> BTreeMap<SocketAddr, u64> {
        lock(&self.0).probes.clone()
    }
}

impl Prober for World {
    async fn probe(&self, spec: &CheckSpec, progress: &Progress) -> Verdict {
        *lock(&self.0).probes.entry(spec.target).or_default() += 1;
        progress.enter(Stage::Answer);
        match self.behaviour(spec.target) {
            Behaviour::Good | Behaviour::Advises(_) => {
                sleep(Duration::from_millis(4)).await;
                self.pass(spec)
            }
            Behaviour::Refused => Verdict::Fail(Failure::Refused),
            Behaviour::Hollow if matches!(spec.kind, CheckKind::Connect) => {
                sleep(Duration::from_millis(4)).await;
                Verdict::Pass(Evidence::default())
            }
            Behaviour::Wrong | Behaviour::Hollow => {
                sleep(Duration::from_millis(4)).await;
                Verdict::Fail(Failure::Status { code: 500, text: "Internal Server Error".into() })
            }
            Behaviour::Hangs => std::future::pending().await,
            Behaviour::Slow(time) => {
                sleep(time).await;
                self.pass(spec)
            }
        }
    }
}

/// Looks at a table and what is about to be done to it.
type Eye = Arc<dyn Fn(&Table, &[Op]) + Send + Sync>;

/// The table in memory, with a pace and an eye on every change.
#[derive(Clone)]
pub struct Watched {
    pub memory: Memory,
    pub delay: Arc<Mutex<Duration>>,
    /// Called with the table before a batch and with the batch.
    eye: Eye,
}

impl Watched {
    pub fn new(memory: Memory, eye: impl Fn(&Table, &[Op]) + Send + Sync + 'static) -> Self {
        Self { memory, delay: Arc::default(), eye: Arc::new(eye) }
    }

    async fn dawdle(&self) {
        let delay = *lock(&self.delay);
        if !delay.is_zero() {
            sleep(delay).await;
        }
    }
}

impl Ipvs for Watched {
    async fn read(&mut self, scope: &Scope) -> Result<Table, IpvsError> {
        self.dawdle().await;
        self.memory.read(scope).await
    }

    async fn apply(&mut self, ops: &[Op]) -> Result<(), IpvsError> {
        self.dawdle().await;
        (self.eye)(&self.memory.table(), ops);
        self.memory.apply(ops).await
    }

    async fn timeouts(&mut self) -> Result<IpvsTimeouts, IpvsError> {
        self.dawdle().await;
        self.memory.timeouts().await
    }

    async fn set_timeouts(&mut self, timeouts: IpvsTimeouts) -> Result<(), IpvsError> {
        self.dawdle().await;
        self.memory.set_timeouts(timeouts).await
    }
}

/// A running director.
pub struct Running {
    pub inbox: Inbox,
    pub facts: mpsc::Receiver<(SystemTime, Fact)>,
    pub mails: mpsc::Receiver<Mail>,
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    pub reports: Arc<Mutex<Vec<Report>>>,
    pub task: JoinHandle<Result<(), Fatal>>,
    /// How long a callback takes.
    pub hook_time: Arc<Mutex<Duration>>,
    /// How long reading a configuration takes (a slow name server).
    pub load_time: Arc<Mutex<Duration>>,
    /// Good configurations in the order in which they were read.
    pub loads: Arc<Mutex<VecDeque<Arc<Config>>>>,
}

/// What a load finds on disk.
pub type Disk = Arc<Mutex<Result<Loaded, Rejection>>>;

/// Callbacks and fallback commands that were run: program and arguments.
pub type Callbacks = Arc<Mutex<Vec<Vec<String>>>>;

/// Starts a director on the table and the disk.
pub fn start(table: Watched, world: World, disk: &Disk, callbacks: &Callbacks) -> Running {
    start_within(Limits::default(), table, world, disk, callbacks)
}

/// The same, with so many checks at once.
pub fn start_within(
    limits: Limits,
    table: Watched,
    world: World,
    disk: &Disk,
    callbacks: &Callbacks,
) -> Running {
    let (inbox, queue) = inbox::channel();
    let (facts_in, facts) = mpsc::channel(100_000);
    let (mails_in, mails) = mpsc::channel(100_000);
    let (snapshots_in, snapshots) = watch::channel(Arc::default());
    let reports: Arc<Mutex<Vec<Report>>> = Arc::default();
    let (said, wall) = (reports.clone(), world.clone());
    let (load, calls) = (disk.clone(), callbacks.clone());
    let loads: Arc<Mutex<VecDeque<Arc<Config>>>> = Arc::default();
    let read = loads.clone();
    let load_time: Arc<Mutex<Duration>> = Arc::default();
    let takes = load_time.clone();
    let hook_time: Arc<Mutex<Duration>> = Arc::default();
    let lasts = hook_time.clone();
    let begin = lock(disk).clone().expect("the first configuration is good");
    let parts = Parts {
        ipvs: table,
        prober: world,
        begin,
        load: Arc::new(move || {
            let loaded = lock(&load).clone();
            lock(&read).extend(loaded.iter().map(|loaded| loaded.config.clone()));
            let time = *lock(&takes);
            Box::pin(async move {
                sleep(time).await;
                loaded
            })
        }),
        hook: Arc::new(move |hook| {
            lock(&calls).push(hook.argv());
            let time = *lock(&lasts);
            Box::pin(async move {
                sleep(time).await;
                Ok(())
            })
        }),
        outlets: Outlets {
            facts: facts_in,
            mails: mails_in,
            monitored: None,
            snapshots: snapshots_in,
            service: Box::new(move |report| lock(&said).push(report)),
        },
        limits,
        watchdog: None,
        background: None,
        clock: Arc::new(move || SystemTime::UNIX_EPOCH + wall.wall()),
    };
    let task = tokio::spawn(runtime::run(parts, queue));
    Running { inbox, facts, mails, snapshots, reports, task, hook_time, load_time, loads }
}

impl Running {
    /// What was mailed since the last call.
    pub fn take_mails(&mut self) -> Vec<Mail> {
        std::iter::from_fn(|| self.mails.try_recv().ok()).collect()
    }

    /// What was told since the last call.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::iter::from_fn(|| self.facts.try_recv().ok()).map(|(_, fact)| fact).collect()
    }
}

/// A runtime whose clock is paused.
pub fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
}
