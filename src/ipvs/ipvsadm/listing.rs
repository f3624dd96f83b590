//! The text of `ipvsadm -L -n` → a [`Table`].
//!
//! `-L` and not `-S`: it is the one format that can show a single service, it tells `Local` from `Route`, and it costs
//! the same. All that `-S` shows beyond it are kinds of tunnel, which the configuration cannot name.
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

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU32, str::FromStr, sync::Arc, time::Duration};

use crate::{
    ipvs::{Dest, IpvsError, Service, ServiceSettings, Table},
    model::{
        Family, Forward, IpvsTimeouts, Netmask, Persistence, PersistenceEngine, Protocol, RealId, VirtualId,
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
        let name = words.next()?;
        let id = match kind {
            "TCP" => Some(VirtualId::Addr { protocol: Protocol::Tcp, address: name.parse().ok()? }),
            "UDP" => Some(VirtualId::Addr { protocol: Protocol::Udp, address: name.parse().ok()? }),
            "SCTP" => Some(VirtualId::Addr { protocol: Protocol::Sctp, address: name.parse().ok()? }),
            "FWM" => Some(VirtualId::FwMark { mark: mark(name)?, family: family(&mut words) }),
            _ => name.parse::<SocketAddr>().ok().map(|_other_protocol| None)?,
        };
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
        let weight = weight(words.next()?)?;
        if let Some(forward) = forwarding(forward) {
            self.table.0.get_mut(&id)?.dests.insert(RealId(address), Dest { forward, weight });
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
    let (mut persistence, mut engine, mut flags) = (None, None, None);
    let (mut one_packet, mut unknown) = (false, Vec::new());
    while let Some(word) = words.next() {
        match word {
            "persistent" => {
                let timeout = Duration::from_secs(number(words.next()?)?);
                persistence = Some(Persistence { timeout, netmask: None, engine: None });
            }
            "mask" => persistence.as_mut()?.netmask = Some(netmask(words.next()?, family)?),
            "pe" => match (words.next()?, &mut persistence) {
                ("sip", Some(persistence)) => persistence.engine = Some(PersistenceEngine::Sip),
                (other, _) => engine = Some(other),
            },
            "ops" => one_packet = true,
            _ => match word.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                Some(inner) => flags = Some(inner),
                None => unknown.push(word),
            },
        }
    }
    let mut others = Vec::new();
    others.extend(engine.into_iter().flat_map(|name| ["--pe", name]));
    others.extend(one_packet.then_some("-o"));
    others.extend(flags.into_iter().flat_map(|names| ["-b", names]));
    others.extend(unknown);
    let others = others.into_iter().map(str::to_owned).collect();
    Some(ServiceSettings { scheduler, persistence, others })
}

fn netmask(word: &str, family: Family) -> Option<Netmask> {
    match family {
        Family::V4 => word.parse().ok().map(Netmask::V4),
        Family::V6 => number(word).map(Netmask::V6),
    }
}

fn forwarding(word: &str) -> Option<Forward> {
    match word {
        "Route" => Some(Forward::Gate),
        "Masq" => Some(Forward::Masq),
        "Tunnel" => Some(Forward::Ipip),
        "Local" => Some(Forward::Local),
        _ => None,
    }
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
