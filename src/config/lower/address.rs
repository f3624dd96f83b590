//! Hosts and ports to addresses. Each name is asked for once in a load, and all hosts together.

use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::url;
use crate::{
    config::{
        Resolver, Spanned, Unresolved,
        diagnostic::Report,
        draft::{Draft, Host, Port},
    },
    model::{Family, Protocol},
};

/// No range has more servers: longer ones are slips.
const LONGEST_RANGE: u128 = 65_536;

/// The answers of a resolver.
pub(super) struct Names<'d, R> {
    resolver: &'d R,
    hosts: HashMap<(String, Family), Result<IpAddr, Unresolved>>,
    hostname: Option<String>,
}

impl<'d, R: Resolver> Names<'d, R> {
    /// Asks for all hosts of a draft.
    pub(super) fn new(resolver: &'d R, draft: &Draft) -> Self {
        let names = draft.hosts().filter_map(|(host, family)| match host {
            Host::Name(name) => Some((name.as_str(), family)),
            Host::Address(_) => None,
        });
        let mut names: BTreeSet<_> = names.collect();
        // Those in requests that are whole URLs too.
        let asked = draft.virtuals.iter().flat_map(|service| {
            let requests = service.reals.iter().filter_map(|real| real.value.exchange.as_ref());
            requests.filter_map(|(request, _)| Some((url::host_name(&request.value)?, service.family())))
        });
        names.extend(asked);
        let names: Vec<_> = names.into_iter().map(|(name, family)| (name.to_owned(), family)).collect();
        let answers = if names.is_empty() { Vec::new() } else { resolver.hosts(&names) };
        Self { resolver, hosts: names.into_iter().zip(answers).collect(), hostname: None }
    }

    /// The address of a host; reports where there is none.
    pub(super) fn address(
        &mut self,
        host: &Spanned<Host>,
        family: Family,
        report: &mut Report,
    ) -> Option<IpAddr> {
        let name = match &host.value {
            Host::Address(address) => return Some(*address),
            Host::Name(name) => name,
        };
        let resolver = self.resolver;
        let answer = self.hosts.entry((name.clone(), family)).or_insert_with_key(|key| {
            // The draft knows all of its hosts, so that this is for one that is wanted in another family.
            resolver.hosts(std::slice::from_ref(key)).pop().unwrap_or(Err(Unresolved::NoAddress))
        });
        match answer {
            Ok(address) => Some(*address),
            Err(error) => {
                let family = if family == Family::V4 { "IPv4" } else { "IPv6" };
                report.error(host.span, format!("no {family} address for \"{name}\": {error}"));
                None
            }
        }
    }

    /// The number of a port, in any protocol if none is given; reports where there is none.
    pub(super) fn port(
        &mut self,
        port: &Spanned<Port>,
        protocol: Option<Protocol>,
        report: &mut Report,
    ) -> Option<u16> {
        let name = match &port.value {
            Port::Number(number) => return Some(*number),
            Port::Name(name) => name,
        };
        // A name that only the other protocol has means that port all the same.
        let number = self.resolver.service(name, protocol).or_else(|| self.resolver.service(name, None));
        if number.is_none() {
            report
                .error(port.span, format!("no service is called \"{name}\""))
                .help("write the port as a number, or add the name to /etc/services");
        }
        number
    }

    /// The name of this machine.
    pub(super) fn hostname(&mut self) -> &str {
        let resolver = self.resolver;
        self.hostname.get_or_insert_with(|| resolver.hostname())
    }
}

/// All addresses from `first` to `last`; reports where that is no range.
pub(super) fn range(
    first: (IpAddr, &Spanned<Host>),
    last: (IpAddr, &Spanned<Host>),
    report: &mut Report,
) -> Option<Vec<IpAddr>> {
    let span = crate::config::Span::new(first.1.span.start, last.1.span.end);
    let (from, to) = (number(first.0), number(last.0));
    if from > to {
        report.error(span, "the range ends before it begins").help(format!(
            "write {}->{}",
            shown(last.0),
            shown(first.0)
        ));
        return None;
    }
    if to - from >= LONGEST_RANGE {
        report.error(span, format!("a range of more than {LONGEST_RANGE} servers"));
        return None;
    }
    Some((from..=to).map(|number| address(number, Family::of(first.0))).collect())
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(number: u128, family: Family) -> IpAddr {
    match (family, u32::try_from(number)) {
        (Family::V4, Ok(number)) => Ipv4Addr::from(number).into(),
        (Family::V4 | Family::V6, _) => Ipv6Addr::from(number).into(),
    }
}

fn shown(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
