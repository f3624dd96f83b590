//! The text of `ipvsadm -L -n` → a [`Table`], and of `ipvsadm -L -n --thresholds` → what is missing there.
//!
//! `-L` and not `-S`: it is the one format that can show a single service, it tells `Local` from `Route`, and it costs
//! the same. All that `-S` shows beyond it are types of tunnels, which `-L` shows with `--tun-info`.
//!
//! ```text
//! IP Virtual Server version 1.2.1 (size=4096)
//! Prot LocalAddress:Port Scheduler Flags
//!   -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
//! TCP  192.0.2.1:443 wrr persistent 1800 mask 255.255.255.0
//!   -> 10.0.0.1:443                 Route   2      0          0
//! UDP  192.0.2.1:5060 rr persistent 60 pe sip ops
//! FWM  7 IPv6 sh (sh-fallback,sh-port)
//!   -> [2001:db8::5]:0              Tunnel  1      0          0
//! ```
//!
//! With `--tun-info` a column behind `Forward` has the type of the tunnel: `ipip`, `gre:-c`, `gre:+c`, `gue:6080:-c`,
//! `gue:6080:+c`, `gue:6080:r+c`, and `n/a` where there is no tunnel. Both forms are read.
//!
//! With `--thresholds` the columns of a destination are its upper and its lower threshold and its connections.

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU32, str::FromStr, sync::Arc, time::Duration};

use crate::{
    ipvs::{Dest, IpvsError, Service, ServiceSettings, Table},
    model::{
        Family, Forward, GueChecksum, IpvsTimeouts, Netmask, Persistence, PersistenceEngine, Protocol,
        RealId, SchedulerFlags, Thresholds, VirtualId,
    },
};

/// Reads a listing, of the whole table or of one service; services that are not `wanted` are left out.
///
/// What this program could never have made (another protocol, an unknown way of forwarding) is somebody else's and is
/// left out too.
///
/// # Errors
/// [`IpvsError::Listing`] with the first line that is nothing `ipvsadm` prints.
pub fn parse(text: &str, wanted: impl Fn(VirtualId) -> bool) -> Result<Table, IpvsError> {
    let mut reader = Reader::default();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let understood = match words.next() {
            None | Some("IP" | "Prot") => Some(()),
            Some("->") => reader.dest(words),
            Some(kind) => reader.service(kind, words, &wanted),
        };
        understood.ok_or_else(|| IpvsError::Listing(line.trim().chars().take(200).collect()))?;
    }
    Ok(reader.table)
}

/// Reads what `ipvsadm -L --timeout` prints: `Timeout (tcp tcpfin udp): 900 120 300`.
///
/// # Errors
/// [`IpvsError::Listing`] with the text, if it is something else.
pub fn timeouts(text: &str) -> Result<IpvsTimeouts, IpvsError> {
    let numbers = text.trim().strip_prefix("Timeout (tcp tcpfin udp):").unwrap_or_default();
    let numbers: Option<Vec<u32>> = numbers.split_ascii_whitespace().map(number).collect();
    match numbers.as_deref() {
        Some(&[tcp, tcp_fin, udp]) => Ok(IpvsTimeouts { tcp, tcp_fin, udp }),
        Some(_) | None => Err(IpvsError::Listing(text.trim().chars().take(200).collect())),
    }
}

/// Adds the thresholds of a listing to the destinations of a table; says whether there was any.
///
/// # Errors
/// [`IpvsError::Listing`] with the first line that is nothing `ipvsadm` prints.
pub fn add_thresholds(text: &str, table: &mut Table) -> Result<bool, IpvsError> {
    let (mut current, mut any) = (None, false);
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let understood = match words.next() {
            None | Some("IP" | "Prot") => Some(()),
            Some("->") => threshold(words, current, table).map(|some| any |= some),
            Some(kind) => identity(kind, words.next(), &mut words).map(|listed| current = listed.id()),
        };
        understood.ok_or_else(|| IpvsError::Listing(line.trim().chars().take(200).collect()))?;
    }
    Ok(any)
}

/// One destination's line; whether it has a threshold. `None` is not understood.
fn threshold<'a>(
    mut words: impl Iterator<Item = &'a str>,
    current: Option<VirtualId>,
    table: &mut Table,
) -> Option<bool> {
    let address = words.next()?;
    if address == "RemoteAddress:Port" {
        return Some(false);
    }
    let address = address.parse().ok()?;
    let thresholds = Thresholds { upper: number(words.next()?)?, lower: number(words.next()?)? };
    if thresholds == Thresholds::default() {
        return Some(false);
    }
    let service = current.and_then(|id| table.0.get_mut(&id));
    if let Some(dest) = service.and_then(|service| service.dests.get_mut(&RealId(address))) {
        dest.thresholds = thresholds;
    }
    Some(true)
}

/// Which service a line is about.
enum Listed {
    Known(VirtualId),
    /// One of a kind that is not known here.
    Other,
}

impl Listed {
    fn id(self) -> Option<VirtualId> {
        match self {
            Self::Known(id) => Some(id),
            Self::Other => None,
        }
    }
}

/// Which service a line is about; `None` is not understood.
fn identity<'a>(
    kind: &str,
    name: Option<&str>,
    words: &mut (impl Iterator<Item = &'a str> + Clone),
) -> Option<Listed> {
    let name = name?;
    let address = || name.parse::<SocketAddr>().ok();
    Some(Listed::Known(match kind {
        "TCP" => VirtualId::Addr { protocol: Protocol::Tcp, address: address()? },
        "UDP" => VirtualId::Addr { protocol: Protocol::Udp, address: address()? },
        "SCTP" => VirtualId::Addr { protocol: Protocol::Sctp, address: address()? },
        "FWM" => VirtualId::FwMark { mark: mark(name)?, family: family(words) },
        _ => return address().map(|_other_protocol| Listed::Other),
    }))
}

#[derive(Default)]
struct Reader {
    table: Table,
    /// The service that the next destinations belong to; `Skipped` belongs to no one here.
    current: Current,
    /// The names of schedulers that were seen, which are few.
    schedulers: Vec<Arc<str>>,
}

#[derive(Default)]
enum Current {
    /// No service was listed yet.
    #[default]
    Nothing,
    Skipped,
    Kept(VirtualId),
}

impl Reader {
    /// A service; `None` is not understood.
    fn service<'a>(
        &mut self,
        kind: &str,
        mut words: impl Iterator<Item = &'a str> + Clone,
        wanted: &impl Fn(VirtualId) -> bool,
    ) -> Option<()> {
        let id = identity(kind, words.next(), &mut words)?.id();
        let scheduler = words.next()?;
        self.current = match id {
            Some(id) if wanted(id) => {
                let settings = settings(self.scheduler(scheduler), words, id.family())?;
                self.table.0.insert(id, Service { settings, dests: BTreeMap::new() });
                Current::Kept(id)
            }
            Some(_) | None => Current::Skipped,
        };
        Some(())
    }

    /// A destination of the current service; `None` is not understood.
    fn dest<'a>(&mut self, mut words: impl Iterator<Item = &'a str>) -> Option<()> {
        let address = words.next()?;
        let id = match self.current {
            Current::Kept(id) => id,
            Current::Skipped => return Some(()),
            Current::Nothing => return (address == "RemoteAddress:Port").then_some(()),
        };
        let address = address.parse().ok()?;
        let forward = words.next()?;
        let mut next = words.next()?;
        let tunnel =
            (next == "n/a" || (forward == "Tunnel" && number::<i64>(next).is_none())).then_some(next);
        if tunnel.is_some() {
            next = words.next()?;
        }
        let weight = weight(next)?;
        if let Some(forward) = forwarding(forward, tunnel) {
            self.table.0.get_mut(&id)?.dests.insert(RealId(address), Dest::new(forward, weight));
        }
        Some(())
    }

    fn scheduler(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.schedulers.iter().find(|known| known.as_ref() == name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        self.schedulers.push(Arc::clone(&new));
        new
    }
}

/// A firewall mark; the upper half of its range is listed as a negative number.
fn mark(word: &str) -> Option<NonZeroU32> {
    let mark = word.parse::<i32>().map(i32::cast_unsigned).or_else(|_| word.parse::<u32>()).ok()?;
    NonZeroU32::new(mark)
}

fn family<'a>(words: &mut (impl Iterator<Item = &'a str> + Clone)) -> Family {
    let mut ahead = words.clone();
    if ahead.next() == Some("IPv6") {
        *words = ahead;
        Family::V6
    } else {
        Family::V4
    }
}

/// What is listed after the scheduler. A word of a newer `ipvsadm` is kept among the others as it is: it says that the
/// service is not a plain one.
fn settings<'a>(
    scheduler: Arc<str>,
    mut words: impl Iterator<Item = &'a str>,
    family: Family,
) -> Option<ServiceSettings> {
    let (mut persistence, mut flags) = (None, SchedulerFlags::default());
    let (mut one_packet, mut others) = (false, Vec::new());
    while let Some(word) = words.next() {
        match word {
            "persistent" => {
                let timeout = Duration::from_secs(number(words.next()?)?);
                persistence = Some(Persistence { timeout, netmask: None, engine: None });
            }
            "mask" => persistence.as_mut()?.netmask = Some(netmask(words.next()?, family)?),
            "pe" => match (words.next()?, &mut persistence) {
                ("sip", Some(persistence)) => persistence.engine = Some(PersistenceEngine::Sip),
                (other, _) => others.extend(["--pe", other]),
            },
            "ops" => one_packet = true,
            _ => match word.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                Some(inner) => match SchedulerFlags::parse(inner, &scheduler) {
                    Ok(known) => flags = known,
                    Err(_) => others.extend(["-b", inner]),
                },
                None => others.push(word),
            },
        }
    }
    let others = others.into_iter().map(str::to_owned).collect();
    Some(ServiceSettings { scheduler, persistence, one_packet, flags, others })
}

fn netmask(word: &str, family: Family) -> Option<Netmask> {
    match family {
        Family::V4 => word.parse().ok().map(Netmask::V4),
        Family::V6 => number(word).map(Netmask::V6),
    }
}

/// How packets are forwarded; `None` is a way that is not known here.
fn forwarding(word: &str, tunnel: Option<&str>) -> Option<Forward> {
    match word {
        "Route" => Some(Forward::Gate),
        "Masq" => Some(Forward::Masq),
        "Tunnel" => match tunnel {
            // A type that cannot be read cannot be wanted either; a tunnel it is.
            Some(tunnel) => Some(tunnel_type(tunnel).unwrap_or(Forward::Ipip)),
            None => Some(Forward::Ipip),
        },
        "Local" => Some(Forward::Local),
        _ => None,
    }
}

/// What `--tun-info` shows: type, port and checksums.
fn tunnel_type(word: &str) -> Option<Forward> {
    let mut parts = word.split(':');
    let forward = match (parts.next()?, parts.next(), parts.next()) {
        ("ipip", None, None) => Forward::Ipip,
        ("gre", Some("-c"), None) => Forward::Gre { checksum: false },
        ("gre", Some("+c"), None) => Forward::Gre { checksum: true },
        ("gue", Some(port), Some(flags)) => {
            let checksum = match flags {
                "-c" => GueChecksum::No,
                "+c" => GueChecksum::Yes,
                "r+c" => GueChecksum::Remote,
                _ => return None,
            };
            Forward::Gue { port: number(port)?, checksum }
        }
        _ => return None,
    };
    parts.next().is_none().then_some(forward)
}

/// A weight. The kernel's range is wider than what can be configured here; a foreign weight beyond it is "very much".
fn weight(word: &str) -> Option<u16> {
    let weight: i64 = number(word)?;
    Some(u16::try_from(weight.max(0)).unwrap_or(u16::MAX))
}

fn number<N: FromStr>(word: &str) -> Option<N> {
    word.parse().ok()
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
