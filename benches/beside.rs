//! What a check costs beside one of `HAProxy`'s: both check the same servers over loopback, at the same rate, one after the
//! other in one run, each as a process of its own. `cargo bench --bench beside`, three minutes; `make bench` installs `HAProxy`.
//!
//! CPU is that of the whole process, from `/proc/PID/stat`, over the connections that the kernel opened meanwhile (nothing
//! else should open any). Memory is what each server adds to the process once all have been checked: of the whole number
//! over that of half of it, so that what checks take while they run, of which there are only so many, is in both.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "this is a bench")]
#![expect(clippy::disallowed_methods, reason = "servers have threads, and HAProxy is a program")]

use std::{
    collections::BTreeSet,
    env,
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    pin::Pin,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, SystemTime},
};

use ldirectord::{
    check::Probes,
    config::{SystemFiles, TableResolver, load},
    inbox,
    ipvs::Memory,
    runtime::{self, Limits, Loaded, Outlets, Parts},
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
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpSocket,
    runtime::{Builder, Runtime},
    sync::{mpsc as channel, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_openssl::SslStream;

const NAME: &str = "www.example.com";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\na good page\n";
/// How long CPU is counted.
const WINDOW: Duration = Duration::from_secs(10);

/// What is measured: how many servers are checked how often, and how that is written for both programs.
struct Kind {
    name: &'static str,
    servers: u32,
    /// Seconds.
    interval: u32,
    secure: bool,
    ours: &'static str,
    theirs: &'static str,
    /// Behind each server.
    server: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "connect",
        servers: 3_000,
        interval: 1,
        secure: false,
        ours: "checktype = connect",
        theirs: "",
        server: "",
    },
    Kind {
        name: "http, pattern",
        servers: 3_000,
        interval: 1,
        secure: false,
        ours: "service = http\n\tvirtualhost = www.example.com\n\trequest = \"/index.html\"\n\treceive = \"go+d\"",
        theirs: "option httpchk\n http-check send meth GET uri /index.html ver HTTP/1.1 hdr Host www.example.com\n \
                 http-check expect rstring go+d",
        server: "",
    },
    Kind {
        name: "https, chain",
        servers: 4_000,
        interval: 20,
        secure: true,
        ours: "service = https\n\tvirtualhost = www.example.com\n\trequest = \"/index.html\"\n\treceive = \"go+d\"",
        theirs: "option httpchk\n http-check send meth GET uri /index.html ver HTTP/1.1 hdr Host www.example.com\n \
                 http-check expect rstring go+d",
        server: "check-ssl verify required ca-file CA sni str(www.example.com) check-sni www.example.com no-ssl-reuse",
    },
];

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, flag, file] = &arguments[..]
        && flag == "--direct"
    {
        return direct(Path::new(file));
    }
    if Command::new("haproxy").arg("-v").stdout(Stdio::null()).status().is_err() {
        println!("skipped: there is no haproxy on this machine (Debian: haproxy)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (context, pem) = identity();
    let authority = folder.path().join("ca.pem");
    fs::write(&authority, pem).unwrap();
    let (plain, secure) = (serve(None), serve(Some(context)));
    println!(
        "{:<16} {:<12} {:>8} {:>8} {:>12} {:>16}",
        "check", "program", "servers", "1/s", "us CPU each", "bytes a server"
    );
    for kind in &KINDS {
        let port = if kind.secure { secure } else { plain }.port();
        for program in [Program::Ldirectord, Program::Haproxy] {
            let run = |servers, window| {
                let (file, text) = program.configuration(folder.path(), kind, servers, port, &authority);
                fs::write(&file, text).unwrap();
                let folder = matches!(program, Program::Haproxy).then(|| folder.path());
                measure(program.start(&file), kind, window, folder)
            };
            let few = run(kind.servers / 2, Duration::ZERO);
            let many = run(kind.servers, WINDOW);
            let bytes = many.memory.saturating_sub(few.memory) / u64::from(kind.servers - kind.servers / 2);
            println!(
                "{:<16} {:<12} {:>8} {:>8.0} {:>12.1} {bytes:>16}",
                kind.name,
                program.name(),
                kind.servers,
                many.checks / WINDOW.as_secs_f64(),
                many.cpu.as_secs_f64() * 1e6 / many.checks
            );
        }
    }
}

#[derive(Clone, Copy)]
enum Program {
    Ldirectord,
    Haproxy,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Ldirectord => "ldirectord",
            Self::Haproxy => "haproxy",
        }
    }

    /// The file of its configuration, and what belongs into it: all servers are one, at addresses of their own.
    fn configuration(
        self,
        folder: &Path,
        kind: &Kind,
        servers: u32,
        port: u16,
        authority: &Path,
    ) -> (PathBuf, String) {
        let (interval, authority) = (kind.interval, authority.display());
        let addresses = (0..servers).map(|server| Ipv4Addr::from(0x7f01_0001 + server));
        match self {
            Self::Ldirectord => {
                let mut text = format!(
                    "checkinterval = {interval}\nchecktimeout = 5\nnegotiatetimeout = 5\ntls-ca = \"{authority}\"\n"
                );
                for (server, address) in addresses.enumerate() {
                    if server % 100 == 0 {
                        let _ = write!(text, "virtual = 192.0.2.{}:80\n\t{}\n", server / 100 + 1, kind.ours);
                    }
                    let _ = writeln!(text, "\treal = {address}:{port} masq");
                }
                (folder.join("ours.cf"), text)
            }
            Self::Haproxy => {
                let socket = folder.join("socket");
                let mut text = format!(
                    "global\n nbthread 1\n maxconn 100\n stats socket {}.stats\ndefaults\n mode http\n timeout connect 5s\n timeout check 5s\n \
                     timeout client 5s\n timeout server 5s\nfrontend f\n bind unix@{}\n default_backend b\nbackend b\n {}\n",
                    socket.display(),
                    socket.display(),
                    kind.theirs
                );
                let options = kind.server.replace("CA", &authority.to_string());
                for (server, address) in addresses.enumerate() {
                    let _ = writeln!(
                        text,
                        " server s{server} {address}:{port} check inter {interval}s {options}"
                    );
                }
                (folder.join("theirs.cfg"), text)
            }
        }
    }

    fn start(self, file: &Path) -> Ended {
        let mut command = match self {
            Self::Ldirectord => Command::new(env::current_exe().unwrap()),
            Self::Haproxy => Command::new("haproxy"),
        };
        match self {
            Self::Ldirectord => command.arg("--direct"),
            Self::Haproxy => command.args(["-db", "-q", "-f"]),
        };
        Ended(command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

/// A program that ends when nobody looks at it any longer.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Figures {
    cpu: Duration,
    checks: f64,
    memory: u64,
}

/// Waits until every server was checked once, then counts.
fn measure(mut program: Ended, kind: &Kind, window: Duration, haproxy_in: Option<&Path>) -> Figures {
    let warm_up = Duration::from_secs(u64::from(kind.interval) + 3);
    thread::sleep(warm_up);
    let id = program.0.id();
    let (cpu_before, opened_before) = (cpu(id), opened());
    thread::sleep(window);
    assert!(program.0.try_wait().unwrap().is_none(), "{}: it has ended, and says above why", kind.name);
    let figures = Figures {
        cpu: cpu(id).saturating_sub(cpu_before),
        checks: f64::from(opened() - opened_before),
        memory: memory(id),
    };
    assert_eq!(haproxy_in.and_then(down_in_haproxy), None);
    figures
}

/// Which of `HAProxy`'s servers are not up, in its words. Our own process ends when one goes down.
fn down_in_haproxy(folder: &Path) -> Option<String> {
    let mut socket = UnixStream::connect(folder.join("socket.stats")).unwrap();
    socket.write_all(b"show stat\n").unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    let servers = text.lines().filter(|line| line.starts_with("b,s"));
    let down: Vec<&str> = servers.filter(|line| !line.contains(",UP,")).collect();
    down.first().map(|first| format!("{} servers are down for HAProxy, the first: {first}", down.len()))
}

/// CPU time of a process, user and system: fields 14 and 15 (proc(5)).
fn cpu(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap()).sum();
    // Of a hundredth of a second each (USER_HZ of Linux).
    Duration::from_millis(ticks * 10)
}

/// Resident memory of a process, in bytes.
fn memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// How many connections of TCP were opened on this machine: `ActiveOpens`, the fifth number of its line.
fn opened() -> u32 {
    let snmp = fs::read_to_string("/proc/net/snmp").unwrap();
    let line = snmp.lines().filter_map(|line| line.strip_prefix("Tcp: ")).nth(1).unwrap();
    line.split_whitespace().nth(4).unwrap().parse().unwrap()
}

/// The director: the loop as it is, with a table in memory, until it is killed.
fn direct(file: &Path) {
    let loaded = load(file, &SystemFiles, &TableResolver::default()).unwrap();
    let config = Arc::new(loaded.config);
    let probes = Probes::new().unwrap().knowing(config.authorities()).unwrap();
    let (_inbox, queue) = inbox::channel();
    let (facts, mut told) = channel::channel(100_000);
    let begin = Loaded { config: config.clone(), maintenance: BTreeSet::new(), warnings: Vec::new() };
    let again = begin.clone();
    let parts = Parts {
        ipvs: Memory::default(),
        prober: probes,
        begin,
        load: Arc::new(move || Box::pin(std::future::ready(Ok(again.clone())))),
        hook: Arc::new(|_| Box::pin(std::future::ready(Ok(())))),
        outlets: Outlets {
            facts,
            mails: channel::channel(1).0,
            monitored: None,
            snapshots: watch::channel(Arc::default()).0,
            service: Box::new(|_| ()),
        },
        limits: Limits::default(),
        watchdog: None,
        background: None,
        clock: Arc::new(SystemTime::now),
    };
    let ended = runtime().block_on(async {
        tokio::select! {
            ended = runtime::run(parts, queue) => format!("{ended:?}"),
            down = async {
                loop {
                    match told.recv().await {
                        Some((_, fact @ ldirectord::director::Fact::WentDown { .. })) => break fact.to_string(),
                        Some(_) => {}
                        None => std::future::pending().await,
                    }
                }
            } => down,
        }
    });
    panic!("{ended}");
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server on a thread of its own, at all addresses of this machine.
fn serve(context: Option<SslContext>) -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([0, 0, 0, 0], 0).into()).unwrap();
            let listener = socket.listen(4_096).unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let mut connections = JoinSet::new();
            loop {
                // Who only connects has gone again.
                let Ok((stream, _)) = listener.accept().await else { continue };
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
