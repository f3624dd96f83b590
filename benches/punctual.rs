//! Whether checks begin when they are due, in a farm of which a tenth has fallen into a black hole: the real loop and
//! real checks over loopback, a table in memory. `cargo bench --bench punctual`, four minutes.
//!
//! What is measured is when a probe begins, against the slots that `docs/architecture.md` promises, worked out here anew
//! and not asked of the scheduler.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "this is a bench")]
#![expect(clippy::disallowed_methods, reason = "the server has a thread of its own")]

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime},
};

use ldirectord::{
    check::{Prober, Probes, Progress},
    config::{MemoryFiles, TableResolver, load},
    director::Fact,
    health::Verdict,
    inbox,
    ipvs::Memory,
    model::{CheckSpec, Config},
    runtime::{self, Limits, Loaded, Outlets, Parts},
};
use rustix::time::{ClockId, clock_gettime};
use socket2::{Domain, Socket, Type};
use tokio::{
    runtime::Builder,
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

const SERVERS: u32 = 5_000;
/// Each tenth server is in the hole.
const HOLE: u32 = 10;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\na good page\n";

fn main() {
    let (good, hole) = (serve(), BlackHole::new());
    let few = Limits::within(Some(1_024), None);
    println!(
        "{SERVERS} servers, {} of them in a black hole\n{:<34} {:>8} {:>7} {:>9} {:>8} {:>8} {:>8} {:>6}",
        SERVERS / HOLE,
        "check",
        "checks",
        "late",
        "on time %",
        "p50 ms",
        "p99.9 ms",
        "max ms",
        "CPU %"
    );
    let external =
        "checktype = external\n\tcheckcommand = sh -c \"case $3 in 127.2.*) exec sleep 60;; esac\" sh";
    for (name, check, interval, rounds, limits) in [
        ("connect", "checktype = connect", 10, 4, Limits::default()),
        ("connect, 1,024 descriptors", "checktype = connect", 10, 4, few),
        ("http", "service = http\n\trequest = \"/\"\n\treceive = \"go+d\"", 10, 4, Limits::default()),
        ("external, a shell each", external, 60, 2, Limits::default()),
    ] {
        let config = config(good, hole.address, check, interval);
        let interval = Duration::from_secs(interval);
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let before = cpu();
            let starts = run(config, interval * rounds, limits).await;
            let busy = cpu().saturating_sub(before).as_secs_f64() / (interval * rounds).as_secs_f64();
            report(name, &starts, interval, busy);
        });
    }
}

fn is_in_hole(server: u32) -> bool {
    server.is_multiple_of(HOLE)
}

/// A hundred servers a service, each at an address of its own.
fn config(good: SocketAddr, hole: SocketAddr, check: &str, interval: u64) -> Arc<Config> {
    let mut text = format!("checkinterval = {interval}\nchecktimeout = 5\nnegotiatetimeout = 5\n");
    for server in 0..SERVERS {
        if server.is_multiple_of(100) {
            let _ = write!(text, "virtual = 192.0.2.{}:80\n\t{check}\n", server / 100 + 1);
        }
        let (net, port) = if is_in_hole(server) { (2, hole.port()) } else { (1, good.port()) };
        let _ = writeln!(text, "\treal = 127.{net}.{}.{}:{port} masq", server / 200, server % 200 + 1);
    }
    let files = MemoryFiles::default().with("/bench.cf", text);
    Arc::new(load(Path::new("/bench.cf"), &files, &TableResolver::default()).unwrap().config)
}

/// Notes when each check begins.
#[derive(Clone)]
struct Noting {
    probes: Probes,
    starts: Arc<Mutex<Vec<Vec<Instant>>>>,
}

impl Prober for Noting {
    async fn probe(&self, spec: &CheckSpec, progress: &Progress) -> Verdict {
        let SocketAddr::V4(target) = spec.target else { unreachable!("all of them are of IPv4") };
        let [_, _, block, host] = target.ip().octets();
        let server = usize::from(block) * 200 + usize::from(host) - 1;
        self.starts.lock().unwrap()[server].push(Instant::now());
        self.probes.probe(spec, progress).await
    }
}

/// When the checks of each server began.
async fn run(config: Arc<Config>, time: Duration, limits: Limits) -> Vec<Vec<Instant>> {
    let starts = Arc::new(Mutex::new(vec![Vec::new(); SERVERS as usize]));
    let (_inbox, queue) = inbox::channel();
    let (facts, mut told) = mpsc::channel(100_000);
    let begin = Loaded { config, maintenance: BTreeSet::new(), warnings: Vec::new() };
    let again = begin.clone();
    let parts = Parts {
        ipvs: Memory::default(),
        prober: Noting { probes: Probes::new().unwrap(), starts: starts.clone() },
        begin,
        load: Arc::new(move || Box::pin(std::future::ready(Ok(again.clone())))),
        hook: Arc::new(|_| Box::pin(std::future::ready(Ok(())))),
        outlets: Outlets {
            facts,
            mails: mpsc::channel(1).0,
            monitored: None,
            snapshots: watch::channel(Arc::default()).0,
            service: Box::new(|_| ()),
        },
        limits,
        watchdog: None,
        background: None,
        clock: Arc::new(SystemTime::now),
    };
    tokio::select! {
        ended = runtime::run(parts, queue) => panic!("{ended:?}"),
        () = sleep(time) => {}
    }
    while let Ok((_, fact)) = told.try_recv() {
        if let Fact::ChecksLate(_) | Fact::ChecksOnTime(_) = fact {
            println!("  told: {fact}");
        }
    }
    let starts = starts.lock().unwrap();
    starts.clone()
}

/// When the first check of a server is due: at its place in the first round.
fn first(server: u32, interval: Duration) -> Duration {
    (Duration::from_millis(1) * SERVERS).min(interval) * server / SERVERS
}

/// When all its checks are due: the later ones at its place in the interval, or an interval after the first where that
/// would be right behind it. Of a few servers between the two, ticks of the clock decide; they have none.
fn slots(server: u32, interval: Duration) -> Option<impl Iterator<Item = Duration>> {
    let (first, steady) = (first(server, interval), interval * server / SERVERS);
    let right_behind = first + interval / 8;
    if steady.abs_diff(right_behind) < Duration::from_millis(20) {
        return None;
    }
    let second = if steady < right_behind { first + interval } else { steady };
    Some(std::iter::once(first).chain((0..).map(move |round| second + interval * round)))
}

/// CPU time of this thread.
fn cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

fn report(name: &str, starts: &[Vec<Instant>], interval: Duration, busy: f64) {
    // When the configuration was taken, by the most punctual of the first round.
    let begun = |(server, starts): (u32, &Vec<Instant>)| starts.first()?.checked_sub(first(server, interval));
    let base = (0..).zip(starts).filter_map(begun).min().unwrap();
    let mut late: Vec<Duration> = Vec::new();
    for (server, starts) in (0..).zip(starts).filter(|(server, _)| !is_in_hole(*server)) {
        let of_server = starts.iter().zip(slots(server, interval).into_iter().flatten());
        late.extend(of_server.map(|(start, slot)| start.saturating_duration_since(base + slot)));
    }
    late.sort_unstable();
    let of_thousand = |part: usize| late[(late.len() - 1) * part / 1_000].as_secs_f64() * 1e3;
    let count = |late: &[Duration]| u32::try_from(late.len()).unwrap();
    let too_late = count(&late) - count(&late[..late.partition_point(|late| *late <= interval / 10)]);
    let on_time = 100.0 - 100.0 * f64::from(too_late) / f64::from(count(&late));
    println!(
        "{name:<34} {:>8} {too_late:>7} {on_time:>9.3} {:>8.1} {:>8.1} {:>8.1} {:>6.1}",
        late.len(),
        of_thousand(500),
        of_thousand(999),
        of_thousand(1_000),
        100.0 * busy
    );
}

/// A web server on threads of its own, at all addresses of this machine.
fn serve() -> SocketAddr {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([0, 0, 0, 0], 0)).into()).unwrap();
    socket.listen(4_096).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    for _ in 0..2 {
        let listener = listener.try_clone().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut request = [0; 1_024];
                if let Ok(mut stream) = stream
                    && stream.read(&mut request).is_ok()
                {
                    let _ = stream.write_all(ANSWER);
                }
            }
        });
    }
    address
}

/// A port at which nothing is ever answered, at all addresses of this machine: the queue of who wants to be accepted is
/// full, and the kernel drops what comes beyond it.
struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _queue: Vec<Socket>,
}

impl BlackHole {
    fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([0, 0, 0, 0], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let there = SocketAddr::from(([127, 0, 0, 1], address.port())).into();
        let connect = || {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.connect_timeout(&there, Duration::from_secs(2)).ok().map(|()| socket)
        };
        let queue = std::iter::from_fn(connect).collect();
        Self { address, _listener: listener, _queue: queue }
    }
}
