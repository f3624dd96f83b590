//! What a check costs: CPU time of the thread that runs the checks, per check, at a fixed rate over loopback against a
//! server on a thread of its own. `cargo bench --bench checks`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "this is a bench")]
#![expect(clippy::disallowed_methods, reason = "the server has a thread of its own")]

use std::{
    hint::black_box,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use ldirectord::{
    check::{Prober, Probes, Progress, tls::Trust},
    health::Verdict,
    model::{Cadence, CheckKind, CheckSpec, Expected, HttpCheck, Pattern, Route, Security, TlsVerify},
};
use openssl::{
    asn1::Asn1Time,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::PKey,
    ssl::{Ssl, SslAcceptor, SslContext, SslMethod},
    x509::{X509, X509NameBuilder, extension::SubjectAlternativeName},
};
use rustix::time::{ClockId, clock_gettime};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_openssl::SslStream;

const NAME: &str = "www.example.com";
const TICK: Duration = Duration::from_millis(10);
/// Checks in flight at once where memory is measured.
const HELD: u32 = 2_000;
const WARM_UP: u32 = 100;
const TICKS: u32 = 500;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\na good page\n";

fn main() {
    let (context, pem) = identity();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    let probes = Probes::trusting(Trust::file(file.path()).unwrap()).unwrap();
    let (plain, secure) = (serve(None), serve(Some(context)));
    let page = |verify: Option<TlsVerify>, receive: Option<&str>| {
        let security =
            |verify| Arc::new(Security { verify, server_name: Some(NAME.into()), ..Security::default() });
        let receive = receive.map(|text| Arc::new(Pattern::new(text).unwrap()));
        CheckKind::from(HttpCheck {
            tls: verify.map(security),
            virtual_host: Some(NAME.into()),
            request: "/index.html".into(),
            expected: Expected { receive, refuse: None },
            ..HttpCheck::page()
        })
    };
    hold("http, silent server", &probes, &page(None, Some("go+d")));
    hold("https, silent server", &probes, &page(Some(TlsVerify::Chain), Some("go+d")));
    println!("{:<28} {:>8} {:>8} {:>12} {:>8}", "check", "1/s", "bytes", "us CPU each", "failed");
    for (name, rate, target, kind) in [
        ("connect", 3000, plain, CheckKind::Connect),
        ("http, status", 3000, plain, page(None, None)),
        ("http, pattern", 3000, plain, page(None, Some("go+d"))),
        ("https, not verified", 200, secure, page(Some(TlsVerify::No), Some("go+d"))),
        ("https, chain", 200, secure, page(Some(TlsVerify::Chain), Some("go+d"))),
        ("https, full", 200, secure, page(Some(TlsVerify::Full), Some("go+d"))),
    ] {
        let cadence = Cadence::steady(Duration::from_secs(1), Duration::from_secs(1));
        let spec = Arc::new(CheckSpec { target, kind, connects: None, route: Route::default(), cadence });
        let bytes = size_of_val(&probes.probe(&spec, &Progress::new()));
        let (each, failed) = runtime().block_on(measure(&probes, &spec, rate));
        println!("{name:<28} {rate:>8} {bytes:>8} {each:>12.1} {failed:>8}");
    }
}

/// Starts checks of servers that say nothing, and prints the memory each takes (of this process: sockets are the
/// kernel's). Nobody accepts: the kernel opens the connections.
fn hold(name: &str, probes: &Probes, kind: &CheckKind) {
    runtime().block_on(async {
        let listener = TcpSocket::new_v4().unwrap();
        listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listener.listen(HELD).unwrap();
        let cadence = Cadence::steady(Duration::from_secs(1), Duration::from_secs(60));
        let target = listener.local_addr().unwrap();
        let spec = Arc::new(CheckSpec {
            target,
            kind: kind.clone(),
            connects: None,
            route: Route::default(),
            cadence,
        });
        let (mut running, before) = (JoinSet::new(), resident());
        for _ in 0..HELD {
            let (probes, spec) = (probes.clone(), Arc::clone(&spec));
            running.spawn(async move { probes.probe(&spec, &Progress::new()).await });
        }
        assert!(timeout(Duration::from_secs(2), running.join_next()).await.is_err(), "a check ended");
        let each = resident().saturating_sub(before) / u64::from(HELD);
        println!("{name:<28} {HELD:>8} held, {each} bytes each");
    });
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs the checks as the scheduler does: so many at each tick. CPU microseconds per check, and how many failed.
async fn measure(probes: &Probes, spec: &Arc<CheckSpec>, rate: u32) -> (f64, usize) {
    let each_tick = rate / 100;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut running, mut start, mut failed) = (JoinSet::new(), cpu(), 0);
    for tick in 0..WARM_UP + TICKS {
        if tick == WARM_UP {
            (start, failed) = (cpu(), 0);
        }
        ticks.tick().await;
        for _ in 0..each_tick {
            let (probes, spec) = (probes.clone(), Arc::clone(spec));
            running.spawn(async move {
                let progress = Progress::new();
                timeout(spec.cadence.deadline, probes.probe(&spec, &progress)).await
            });
        }
        while let Some(ended) = running.try_join_next() {
            failed += usize::from(!matches!(black_box(ended).unwrap(), Ok(Verdict::Pass(_))));
        }
    }
    let spent = cpu().saturating_sub(start);
    (spent.as_secs_f64() * 1e6 / f64::from(TICKS * each_tick), failed)
}

/// CPU time of this thread.
fn cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// A server on a thread of its own.
fn serve(context: Option<SslContext>) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let context = context.clone();
                connections.spawn(async move {
                    let Some(context) = context else { return answer(stream).await };
                    let mut stream = SslStream::new(Ssl::new(&context).unwrap(), stream).unwrap();
                    if Pin::new(&mut stream).accept().await.is_ok() {
                        answer(stream).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
    });
    told.recv().unwrap()
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut request = [0; 1024];
    if stream.read(&mut request).await.is_ok() && stream.write_all(ANSWER).await.is_ok() {
        // Until the check is over.
        let _ = timeout(Duration::from_secs(1), stream.read(&mut request)).await;
    }
}

/// A certificate that is its own authority.
fn identity() -> (SslContext, Vec<u8>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, NAME).unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    builder.set_pubkey(&key).unwrap();
    let names = SubjectAlternativeName::new().dns(NAME).build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let certificate = builder.build();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    acceptor.set_private_key(&key).unwrap();
    (acceptor.build().into_context(), certificate.to_pem().unwrap())
}
