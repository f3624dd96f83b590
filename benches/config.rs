//! What reading a configuration costs: time and peak memory of `ldirectord configtest`, from a small farm through one
//! of the size that its peers are measured with to 100,000 real servers. Fails where that one takes more than it may,
//! or where a server costs more in a large file than in a small one. `cargo bench --bench config`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "this is a bench")]
#![expect(clippy::disallowed_methods, reason = "it runs the program, times it and watches it")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The farm for which `keepalived -t` took 0.33 s and 32 MB.
const SERVICES: usize = 2_277;
const SERVERS_EACH: usize = 16;
/// What we may take for it.
const MOST_TIME: Duration = Duration::from_millis(350);
const MOST_MEMORY: u64 = 40 << 20;
/// What a server of the largest farm may cost, in those of the smallest.
const MOST_GROWTH: f64 = 1.5;
/// Runs of each size. The fastest counts: all that other processes do is to make it slower.
const RUNS: usize = 5;

fn main() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let idle = run(folder.path(), "").peak;
    println!(
        "{:<24} {:>8} {:>7} {:>7} {:>9}   each server",
        "configtest", "servers", "s", "s CPU", "MiB, peak"
    );
    let mut good = true;
    for kind in [Kind::Alike, Kind::Diverse] {
        let [small, farm, _, large] = [SERVICES / 4, SERVICES, 2 * SERVICES, 100_000 / SERVERS_EACH]
            .map(|services| Figures::of(folder.path(), kind, services, idle));
        let (time, memory) = (large.micros / small.micros, large.bytes / small.bytes);
        println!("{:<59}   x {time:.2}, x {memory:.2} from the first to the last", "");
        good &= farm.time <= MOST_TIME && farm.peak <= MOST_MEMORY;
        good &= time <= MOST_GROWTH && memory <= MOST_GROWTH;
    }
    let word = if good { "good" } else { "TOO MUCH" };
    let farm = SERVICES * SERVERS_EACH;
    println!(
        "{word}: {farm} servers may take {MOST_TIME:?} and {} MiB, and growth is linear",
        MOST_MEMORY >> 20
    );
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Farms, by what their services have in common.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Each service asks for the same page of the same host.
    Alike,
    /// Each has a host, a page and a pattern of its own.
    Diverse,
}

/// What one size came to.
struct Figures {
    time: Duration,
    /// Memory, at its most.
    peak: u64,
    /// CPU time and memory of one server, without what a process takes that reads next to nothing.
    micros: f64,
    bytes: f64,
}

impl Figures {
    fn of(folder: &Path, kind: Kind, services: usize, idle: u64) -> Self {
        let text = farm(kind, services);
        let runs: Vec<_> = (0..RUNS).map(|_| run(folder, &text)).collect();
        let time = runs.iter().map(|run| run.time).min().unwrap();
        let cpu = runs.iter().map(|run| run.cpu).min().unwrap();
        let peak = runs.iter().map(|run| run.peak).max().unwrap();
        let servers = services * SERVERS_EACH;
        let micros = cpu.as_secs_f64() * 1e6 / servers as f64;
        let bytes = peak.saturating_sub(idle) as f64 / servers as f64;
        let (seconds, cpu, mib) = (time.as_secs_f64(), cpu.as_secs_f64(), peak as f64 / f64::from(1 << 20));
        let name = format!("{kind:?}, {services} x {SERVERS_EACH}");
        println!(
            "{name:<24} {servers:>8} {seconds:>7.3} {cpu:>7.3} {mib:>9.1}   {micros:.2} us, {bytes:.0} bytes"
        );
        Self { time, peak, micros, bytes }
    }
}

/// One run: from start to end, in all; what it had of a processor, and the most memory, in bytes.
struct Run {
    time: Duration,
    cpu: Duration,
    peak: u64,
}

/// Tests this configuration, which must be good: once for the time, and once again under observation.
fn run(folder: &Path, text: &str) -> Run {
    let path = folder.join("farm.cf");
    fs::write(&path, text).unwrap();
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ldirectord"));
        command.arg(&path).arg("configtest").stdout(Stdio::null()).spawn().unwrap()
    };
    let before = Instant::now();
    assert!(start().wait().unwrap().success(), "the configuration is good");
    let time = before.elapsed();
    let (cpu, peak) = observe(start());
    Run { time, cpu, peak }
}

/// What the kernel counts of a process, read over and over until its end.
fn observe(mut process: Child) -> (Duration, u64) {
    let (mut cpu, mut peak) = (Duration::ZERO, 0);
    while process.try_wait().unwrap().is_none() {
        let read = |name| fs::read_to_string(format!("/proc/{}/{name}", process.id())).unwrap_or_default();
        let (status, times) = (read("status"), read("schedstat"));
        let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let mark = mark.and_then(|mark| mark.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(mark.unwrap_or_default() * 1024);
        let nanos = times.split(' ').next().and_then(|nanos| nanos.parse().ok());
        cpu = cpu.max(Duration::from_nanos(nanos.unwrap_or_default()));
        thread::sleep(Duration::from_micros(500));
    }
    (cpu, peak)
}

/// A farm as people write it.
fn farm(kind: Kind, services: usize) -> String {
    let mut text = "# a farm\nchecktimeout = 3\ncheckinterval = 5\nquiescent = no\n".to_owned();
    for service in 0..services {
        let own = match kind {
            Kind::Alike => 0,
            Kind::Diverse => service,
        };
        let (high, low) = (service / 250, service % 250 + 1);
        write!(text, "\n# service {service}\nvirtual = 10.0.{high}.{low}:80\n").unwrap();
        for server in 1..=SERVERS_EACH {
            writeln!(text, "\treal = 10.{}.{low}.{server}:80 gate 10", high + 1).unwrap();
        }
        write!(
            text,
            "\tservice = http\n\trequest = \"/health/{own}.html\"\n\treceive = \"service {own} is well\"\n\
             \tvirtualhost = www{own}.example.com\n\tscheduler = wlc\n\tprotocol = tcp\n\tchecktype = negotiate\n\
             \tfallback = 127.0.0.1:80\n"
        )
        .unwrap();
    }
    text
}
