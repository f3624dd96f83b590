//! `run`: the parts of a director put together, in the foreground.
//!
//! Two threads: the loop with all checks on this one; the bus, the control socket, the file watch and the jobs on the
//! table on another, so that neither a flood of calls nor a long listing makes a check late. They meet in the inbox
//! and in the snapshots. A third writes the log.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use rustix::process::{Resource, getrlimit, setrlimit, setsid};
use tokio::{
    runtime::{Builder, Handle},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use crate::{
    check::{Live, Prober, Probes},
    config,
    control::{self, ControlServer},
    dbus::{self, About, Bus},
    director::{Fact, Hook, Snapshot},
    inbox::{self, Inbox},
    ipvs::{DryRun, Ipvs, Ipvsadm},
    log, mailer,
    model::Settings,
    notify::{self, Notifier},
    runtime::{self, Fatal, HookFn, Limits, Outlets, Parts},
    watch as files,
};

use super::{
    Args, Exit, Target, Verb, complain, configtest, hooks, inlets::Signals, loading, loading::Loading, lock,
};

/// Lines of the log that wait at most.
const FACTS: usize = 4_096;
/// How long the end waits for the log.
const LOG_END: Duration = Duration::from_secs(2);
/// How long the end waits for the last mails.
const MAILS_END: Duration = Duration::from_secs(5);
/// How long the end waits for threads that ask a name server or a dead disk.
const THREADS_END: Duration = Duration::from_millis(100);

/// Facts on their way to the log.
type Facts = mpsc::Sender<(SystemTime, Fact)>;

/// Runs the director of a configuration until it is told to stop.
pub(super) fn run(args: &Args, target: &Target) -> Exit {
    if args.pid_file.is_some() {
        // Fails only where this is a session of its own already.
        let _ = setsid();
    }
    let loaded = match loading::first(&target.path) {
        Ok(loaded) => loaded,
        Err(rejected) => {
            configtest::show(&rejected.diagnostics);
            complain("Exiting with exit_status 2: config_error: Configuration Error");
            return Exit::Config;
        }
    };
    let place = match Place::take(args, target) {
        Ok(place) => place,
        Err(words) => {
            complain(&words);
            return Exit::Failed;
        }
    };
    let probes = Probes::new().and_then(|probes| probes.knowing(loaded.config.authorities()));
    let ended = match (args.dry_run, probes) {
        (_, Err(error)) => Err(error.to_string()),
        (true, Ok(probes)) => Daemon { args, target, place }.run(DryRun::to(io::stdout()), probes, &loaded),
        (false, Ok(probes)) => Daemon { args, target, place }.run(Ipvsadm::new(), probes, &loaded),
    };
    match ended {
        Ok(()) => Exit::Ok,
        Err(words) => {
            complain(&words);
            Exit::Failed
        }
    }
}

/// Something else than systemd looks after this process, and reads its standard output. `run` is a word of ours that
/// the reference does not have: it logs as it always does.
fn supervised(args: &Args, settings: &Settings) -> bool {
    settings.supervised && !args.debug && !args.dry_run && args.verb != Verb::Run
}

/// What one instance has for itself on this machine, for as long as it lives; a dry run has nothing.
struct Place {
    /// Held: there is never a second director of one configuration.
    _lock: Option<File>,
    control: Option<ControlServer>,
    pid_file: Option<PathBuf>,
}

impl Place {
    fn take(args: &Args, target: &Target) -> Result<Self, String> {
        if args.dry_run {
            return Ok(Self { _lock: None, control: None, pid_file: None });
        }
        let name = target.instance.name();
        let in_words = |what: &Path, error: io::Error| format!("{}: {error}", what.display());
        std::fs::create_dir_all(control::RUN_DIR).map_err(|e| in_words(Path::new(control::RUN_DIR), e))?;
        let path = control::lock_file(name);
        let lock = lock::take(&path).map_err(|e| in_words(&path, e))?.ok_or_else(|| {
            format!("a director of {} is running already (it holds {})", target.shown(), path.display())
        })?;
        let path = control::socket(name);
        let control = ControlServer::bind(&path).map_err(|e| in_words(&path, e))?;
        if let Some(path) = &args.pid_file {
            std::fs::write(path, format!("{}\n", std::process::id())).map_err(|e| in_words(path, e))?;
        }
        Ok(Self { _lock: Some(lock), control: Some(control), pid_file: args.pid_file.clone() })
    }
}

struct Daemon<'a> {
    args: &'a Args,
    target: &'a Target,
    place: Place,
}

impl Daemon<'_> {
    fn run<I: Ipvs>(mut self, table: I, probes: Probes, loaded: &config::Loaded) -> Result<(), String> {
        let in_words = |error: io::Error| error.to_string();
        let (facts, told) = mpsc::channel(FACTS);
        let (log_target, targets) = watch::channel(loaded.config.settings.logfile.clone());
        let mut options = log::Options::new(self.target.instance.name(), self.args.pid_file.is_none());
        if self.args.dry_run {
            // Nobody's log: whoever tries something reads it on the terminal.
            options.surroundings = log::Surroundings::default();
        }
        options.supervised = supervised(self.args, &loaded.config.settings);
        let under_systemd = options.surroundings.systemd;
        let (monitored, checks) = mpsc::channel(FACTS);
        let log = log::start(&options, told, checks, targets).map_err(in_words)?;

        let (live, authorities) = Live::new(probes);
        let (sources, watched) = watch::channel(loading::sources(&loaded.sources));
        let path = self.target.path.clone();
        let begin = loading::begin(loaded).map_err(in_words)?;
        let (maintenance, directory) = watch::channel(loading::directory(&begin.config));
        let loading = Arc::new(Loading { path, sources, maintenance, log: log_target, probes: authorities });
        let (inbox, queue) = inbox::channel();
        let (snapshots, seen) = watch::channel(Arc::new(Snapshot::default()));
        let mut notifier = if self.args.dry_run { Notifier::silent() } else { Notifier::from_env() };

        let (mails, to_send) = mailer::channel();
        let (sent, all_sent) = oneshot::channel::<()>();
        let mut tasks = self.inlets((watched, directory), seen, &inbox, &facts);
        let mailing = mailer::serve(mailer::Options::new(self.args.dry_run), to_send, teller(&facts));
        tasks.push(Box::pin(async move {
            let _sent = sent;
            mailing.await;
        }));
        let background = Background::start(tasks).map_err(in_words)?;
        let parts = Parts {
            ipvs: table,
            prober: live,
            begin,
            load: Arc::new(move || loading.again()),
            hook: self.hook(under_systemd),
            outlets: Outlets {
                facts: facts.clone(),
                // A dry run leaves no traces.
                monitored: (!self.args.dry_run).then_some(monitored),
                mails,
                snapshots,
                service: Box::new(move |r| notifier.report(r)),
            },
            limits: limits(),
            watchdog: notify::watchdog_interval(),
            background: Some(background.handle.clone()),
            clock: Arc::new(wall_clock),
        };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(in_words)?;
        let ended = runtime.block_on(until_end(parts, queue, inbox, under_systemd, teller(&facts)));
        if let Err(fatal) = &ended {
            // The log hears of it as well as whoever started the program.
            let what = format!("Exiting with exit_status 1: {fatal}");
            let _ = facts.try_send((wall_clock(), Fact::Trouble { what }));
        }
        // The loop is gone, and with it whoever could want another mail.
        let mailed = runtime.block_on(async { tokio::time::timeout(MAILS_END, all_sent).await });
        if mailed.is_err() {
            let what = "The mails that were not sent yet are lost: the director ends".to_owned();
            let _ = facts.try_send((wall_clock(), Fact::Trouble { what }));
        }
        // Whoever has a sender of facts ends first, so that the log can come to its end.
        background.end();
        runtime.shutdown_timeout(THREADS_END);
        drop(facts);
        if !log.finish(LOG_END) {
            complain("the log hangs; its last lines are lost");
        }
        if let Some(path) = self.place.pid_file.take() {
            let _ = std::fs::remove_file(path);
        }
        ended.map_err(|fatal| fatal.to_string())
    }

    /// What runs on the other thread beside the jobs on the table.
    fn inlets(
        &mut self,
        (watched, directory): (watch::Receiver<Vec<files::Source>>, watch::Receiver<Option<PathBuf>>),
        snapshots: watch::Receiver<Arc<Snapshot>>,
        inbox: &Inbox,
        facts: &Facts,
    ) -> Vec<BoxFuture<'static, ()>> {
        let mut all: Vec<BoxFuture<'static, ()>> = Vec::new();
        all.push(Box::pin(files::run(watched, inbox.clone(), teller(facts))));
        all.push(Box::pin(files::run_directory(directory, inbox.clone(), teller(facts))));
        if let Some(server) = self.place.control.take() {
            let (inbox, snapshots, tell) = (inbox.clone(), snapshots.clone(), teller(facts));
            all.push(Box::pin(async move {
                if let Err(error) = control::serve(server, inbox, snapshots).await {
                    tell(Fact::Trouble { what: format!("the control socket broke: {error}") });
                }
            }));
        }
        if !self.args.dry_run {
            let about = Arc::new(About {
                version: env!("CARGO_PKG_VERSION"),
                instance: self.target.instance.name().to_owned(),
                config_path: self.target.path.display().to_string(),
            });
            all.push(Box::pin(dbus::serve(Bus::System, about, snapshots, inbox.clone(), teller(facts))));
        }
        all
    }

    /// Programs of the administrator's.
    fn hook(&self, under_systemd: bool) -> HookFn {
        let (path, dry_run) = (self.target.path.clone(), self.args.dry_run);
        Arc::new(move |hook: Hook| {
            let path = path.clone();
            Box::pin(async move {
                if dry_run {
                    return Err("not run: this is a dry run".to_owned());
                }
                hooks::run(hook, &path, under_systemd).await
            })
        })
    }
}

/// The loop, with the signals beside it.
async fn until_end<I: Ipvs, P: Prober>(
    parts: Parts<I, P>,
    queue: mpsc::Receiver<inbox::Input>,
    inbox: Inbox,
    under_systemd: bool,
    tell: impl Fn(Fact),
) -> Result<(), Fatal> {
    let signals = Signals::listen().map_err(|_| Fatal::Crashed("signals cannot be heard"))?;
    tokio::select! {
        biased;
        ended = runtime::run(parts, queue) => ended,
        () = signals.report(inbox, under_systemd, tell) => Err(Fatal::Crashed("signals are no longer heard")),
    }
}

/// Tells the log without ever waiting for it.
fn teller(facts: &Facts) -> impl Fn(Fact) + Send + Sync + 'static {
    let facts = facts.clone();
    move |fact| {
        // A log that does not keep up loses lines; the loop counts its own and says so.
        let _ = facts.try_send((wall_clock(), fact));
    }
}

#[expect(clippy::disallowed_methods, reason = "the one wall clock")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// As many checks at once as there are descriptors and processes for; the soft limit is raised to the hard one first.
fn limits() -> Limits {
    let mut limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit = raised;
    }
    let count = |limit: Option<u64>| limit.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    Limits::within(count(limit.current), count(getrlimit(Resource::Nproc).current))
}

/// The other thread.
struct Background {
    handle: Handle,
    end: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Background {
    /// Runs these there until the end.
    fn start(tasks: Vec<BoxFuture<'static, ()>>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let work = move || {
            runtime.block_on(work(tasks, ended));
            runtime.shutdown_timeout(THREADS_END);
        };
        let thread = thread::Builder::new().name("background".to_owned()).spawn(work)?;
        Ok(Self { handle, end, thread })
    }

    /// Ends what runs there; all of it may be dropped at any time.
    fn end(self) {
        let _ = self.end.send(());
        let _ = self.thread.join();
    }
}

async fn work(tasks: Vec<BoxFuture<'static, ()>>, mut ended: oneshot::Receiver<()>) {
    let mut tasks: JoinSet<()> = tasks.into_iter().collect();
    loop {
        tokio::select! {
            biased;
            _ = &mut ended => return,
            Some(joined) = tasks.join_next() => {
                if joined.is_err_and(|error| error.is_panic()) {
                    complain("a background task crashed; checks and the table go on without it");
                }
            }
        }
    }
}
