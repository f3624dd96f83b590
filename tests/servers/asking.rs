//! A question: lines of a configuration, asked of a server as the director does.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
};

use ldirectord::{
    check::{Prober, Probes, Progress, tls::Trust},
    config::{MemoryFiles, Rejected, TableResolver, load},
    health::Verdict,
    model::{Check, CheckSpec},
};
use tokio::time::timeout;

/// Both loopbacks.
pub(crate) const LOOPBACKS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// How the packets of a service travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

/// What is to come of a check: that it passes, or a word for the kind of its failure with a part of the words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Pass,
    Fail(&'static str, &'static str),
}

impl Expected {
    /// What is wrong with what came, if anything.
    pub(crate) fn complaint(self, verdict: &Verdict) -> Option<String> {
        match (self, verdict) {
            (Self::Pass, Verdict::Pass(_)) => None,
            (Self::Fail(kind, words), Verdict::Fail(failure))
                if failure.kind() == kind && failure.to_string().contains(words) =>
            {
                None
            }
            (_, Verdict::Pass(_)) => Some(format!("wanted {self:?}, and it passed")),
            (_, Verdict::Fail(failure)) => {
                Some(format!("wanted {self:?}, and it failed: {failure} ({})", failure.kind()))
            }
        }
    }
}

/// Asks with the real probes, which trust the authority of the servers.
pub(crate) struct Asker {
    probes: Probes,
}

impl Asker {
    pub(crate) fn new(authority: &Path) -> Self {
        Self { probes: Probes::trusting(Trust::file(authority).unwrap()).unwrap() }
    }

    /// What the loop does: asks once, within the deadline.
    pub(crate) async fn ask(&self, spec: &CheckSpec) -> Verdict {
        let progress = Progress::new();
        timeout(spec.cadence.deadline, self.probes.probe(spec, &progress))
            .await
            .unwrap_or_else(|_| Verdict::Fail(progress.timed_out()))
    }
}

/// The check that these lines of a virtual service mean for a server at this address.
pub(crate) fn check(
    ip: IpAddr,
    port: u16,
    transport: Transport,
    lines: &str,
) -> Result<Arc<CheckSpec>, String> {
    let mut text = match ip {
        IpAddr::V4(_) => format!("virtual = 192.0.2.1:{port}\nreal = {ip}:{port} masq\n"),
        IpAddr::V6(_) => format!("virtual6 = [2001:db8::1]:{port}\nreal6 = [{ip}]:{port} masq\n"),
    };
    text += match transport {
        Transport::Tcp => "protocol = tcp\n",
        Transport::Udp => "protocol = udp\n",
    };
    text += lines;
    let text = text.replace('\n', "\n\t");
    let files = MemoryFiles::default().with("/servers.cf", text.as_str());
    let names = TableResolver { hostname: "director.example.com".to_owned(), ..TableResolver::default() };
    let loaded = load(Path::new("/servers.cf"), &files, &names).map_err(|rejected| told(&rejected))?;
    match &loaded.config.virtuals[0].reals[0].check {
        Check::Probe(spec) => Ok(spec.clone()),
        Check::On | Check::Off => Err(format!("this asks nothing: {text}")),
    }
}

fn told(rejected: &Rejected) -> String {
    let lines: Vec<String> = rejected.diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
