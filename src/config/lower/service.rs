//! One virtual service: its identity, its servers, its fallback.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::Path,
    sync::Arc,
};

use super::{Lowering, address::range, check::Plan, monitor};
use crate::{
    config::{
        Resolver, Span, Spanned,
        draft::{self, Port, ProtocolName, VirtualAt},
        suggest::nearest,
    },
    model::{
        Fallback, FallbackCommand, Family, Forward, Hysteresis, Netmask, Persistence, Protocol, Real, RealId,
        SchedulerFlags, Thresholds, Virtual, VirtualId,
    },
};

/// The scheduler where none is named.
const SCHEDULER: &str = "wrr";

/// Where a fallback server is; port 0 is that of the virtual service.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    address: IpAddr,
    port: u16,
    forward: Forward,
    span: Span,
}

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Which service it is; reports where that cannot be said.
    pub(super) fn identity(&mut self, service: &draft::Virtual) -> Option<VirtualId> {
        match &service.at.value {
            VirtualAt::FwMark { family, mark } => {
                if let Some(protocol) = &service.protocol
                    && protocol.value != ProtocolName::Fwm
                {
                    self.report
                        .error(protocol.span, "a firewall mark has no protocol of its own")
                        .help("leave \"protocol\" out, or write fwm");
                }
                Some(VirtualId::FwMark { mark: *mark, family: *family })
            }
            VirtualAt::Addr { family, host, port } => {
                let domain = match &port.value {
                    Port::Number(number) => *number == 53,
                    Port::Name(name) => name == "domain",
                };
                let protocol = match service.protocol {
                    Some(Spanned { value: ProtocolName::Udp, .. }) => Protocol::Udp,
                    Some(Spanned { value: ProtocolName::Sctp, .. }) => Protocol::Sctp,
                    Some(Spanned { value: ProtocolName::Fwm, span }) => {
                        self.report
                            .error(span, "fwm is for virtual services that are a firewall mark")
                            .help("write tcp, udp or sctp");
                        return None;
                    }
                    None if domain => Protocol::Udp,
                    Some(Spanned { value: ProtocolName::Tcp, .. }) | None => Protocol::Tcp,
                };
                let address = self.names.address(host, *family, self.report);
                let number = self.names.port(port, Some(protocol), self.report)?;
                if number == 0 {
                    self.report.error(port.span, "a virtual service needs a port from 1 to 65535");
                    return None;
                }
                Some(VirtualId::Addr { protocol, address: SocketAddr::new(address?, number) })
            }
        }
    }

    /// The whole service; `None` where something about it was reported.
    pub(super) fn service(&mut self, id: VirtualId, draft: &draft::Virtual) -> Option<Virtual> {
        let (own, all) = (&draft.common, &self.globals.common);
        let quiescent = super::first([own.quiescent, all.quiescent]).unwrap_or(false);
        let cleanstop = super::first([own.cleanstop, all.cleanstop]).unwrap_or(true);
        let hysteresis = Hysteresis {
            fall: super::first([own.fall, own.failure_count, all.fall, all.failure_count])
                .unwrap_or(NonZeroU32::MIN),
            rise: super::first([own.rise, all.rise]).unwrap_or(NonZeroU32::MIN),
        };
        self.look_at(own);
        let flags = self.flags(draft);
        let one_packet = self.one_packet(draft, id);
        let scheduler = self.shared(draft.scheduler.as_ref().map_or(SCHEDULER, |given| &given.value));
        let persistence = self.persistence(draft, id);
        let fallback = self.fallback(draft, id);
        let fallback_command = self.fallback_command(draft);
        self.look_at_mail(&own.mail, Some(&self.globals.common.mail));
        let alert = self.alert(&own.mail);
        let plan = self.plan(id, draft);
        let reals = plan.as_ref().map(|plan| self.reals(id, draft, plan));
        let (plan, reals) = (plan?, reals?);
        if let Some(spot) = &fallback
            && reals.iter().any(|real| real.id.0 == spot.value.address)
        {
            self.report
                .warning(spot.span, "the fallback server is one of the real servers that it stands in for");
        }
        let words = |given: &draft::Given<String>| given.as_ref().map(|given| given.value.as_str().into());
        Some(Virtual {
            id,
            name: words(&draft.name),
            comment: words(&draft.comment),
            scheduler,
            flags,
            one_packet,
            persistence,
            quiescent,
            cleanstop,
            fallback: fallback.map(|fallback| fallback.value),
            fallback_command,
            alert,
            monitor: draft.monitor.as_ref().map(|path| Path::new(&path.value).into()),
            hysteresis,
            start_state: super::first([own.start_state, all.start_state]).unwrap_or_default(),
            service: plan.service,
            check_type: self.shared(&plan.check_type.to_string()),
            reals,
        })
    }

    /// Looks at what is said about cadence in one place: a number under both of its names, and a fast that is slow.
    pub(super) fn look_at(&mut self, common: &draft::Common) {
        if let (Some(fall), Some(old)) = (&common.fall, &common.failure_count) {
            self.report
                .error(fall.span.max(old.span), "\"fall\" and \"failurecount\" are two names of one number")
                .help("give one of them; fall is the newer name");
        }
        if let (Some(fast), Some(steady)) = (&common.fast_interval, &common.check_interval)
            && fast.value > steady.value
        {
            self.report.warning(fast.span, "this is slower than \"checkinterval\"");
        }
    }

    /// One text for all that are equal: names of schedulers and types of checks are few.
    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.words.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        self.words.insert(name.to_owned(), Arc::clone(&new));
        new
    }

    /// The scheduler's flags; reports what is none.
    fn flags(&mut self, draft: &draft::Virtual) -> SchedulerFlags {
        let Some(given) = &draft.flags else { return SchedulerFlags::default() };
        let scheduler = draft.scheduler.as_ref().map_or(SCHEDULER, |given| &given.value);
        match SchedulerFlags::parse(&given.value, scheduler) {
            Ok(flags) => {
                if !["sh", "mh"].contains(&scheduler) {
                    self.report
                        .warning(given.span, format!("the scheduler {scheduler} of the kernel has no flags"))
                        .help("sh and mh have");
                }
                flags
            }
            Err(name) => {
                let known = || SchedulerFlags::known(scheduler);
                let help = match nearest(name, known()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
                };
                self.report
                    .error(given.span, format!("\"{name}\" is no flag of the scheduler {scheduler}"))
                    .help(help);
                SchedulerFlags::default()
            }
        }
    }

    /// Whether each packet is scheduled by itself: UDP only, elsewhere it means nothing, as in the reference.
    fn one_packet(&mut self, draft: &draft::Virtual, id: VirtualId) -> bool {
        let Some(given) = draft.one_packet.filter(|given| given.value) else { return false };
        let udp = matches!(id, VirtualId::Addr { protocol: Protocol::Udp, .. });
        if !udp {
            self.report.warning(given.span, "\"ops\" means nothing but for a UDP service");
        }
        udp
    }

    /// The thresholds of a real server; reports those that the kernel refuses.
    fn thresholds(&mut self, real: &draft::Real) -> Thresholds {
        let number = |given: draft::Given<u32>| given.map_or(0, |given| given.value);
        let thresholds = Thresholds { upper: number(real.upper), lower: number(real.lower) };
        if let Some(lower) = real.lower
            && thresholds.lower > thresholds.upper
        {
            let help = match real.upper {
                Some(_) => "the kernel refuses a lower threshold that is above the upper one",
                None => "give the upper one too, u:NUMBER: the kernel refuses a lower one alone",
            };
            self.report.error(lower.span, "the lower threshold is above the upper one").help(help);
        }
        thresholds
    }

    fn persistence(&mut self, draft: &draft::Virtual, id: VirtualId) -> Option<Persistence> {
        let Some(timeout) = draft.persistent.filter(|given| !given.value.is_zero()) else {
            if let Some(zero) = draft.persistent {
                self.report.warning(zero.span, "no persistence").help("leave \"persistent\" out");
            }
            if let Some(mask) = &draft.netmask {
                self.report.warning(mask.span, "\"netmask\" means nothing without \"persistent\"");
            }
            if let Some(engine) = &draft.persistence_engine {
                self.report
                    .error(engine.span, "\"persistence-engine\" means nothing without \"persistent\"")
                    .help("say how long, e.g. persistent = 60");
            }
            return None;
        };
        let netmask = draft.netmask.as_ref().and_then(|given| match netmask(&given.value, id.family()) {
            Ok(mask) => Some(mask),
            Err(help) => {
                self.report.error(given.span, "this is no netmask").help(help);
                None
            }
        });
        if let Some(engine) = draft.persistence_engine
            && let Some(other @ (Protocol::Tcp | Protocol::Sctp)) = protocol(id)
        {
            self.report
                .error(
                    engine.span,
                    format!("the persistence engine {} knows UDP only, not {other}", engine.value),
                )
                .help("write protocol = udp, or leave it out");
        }
        let engine = draft.persistence_engine.map(|given| given.value);
        Some(Persistence { timeout: timeout.value, netmask, engine })
    }

    /// The fallback server of one family for all virtual services, as far as it is the same for all.
    pub(super) fn global_fallback(&mut self, family: Family) -> Option<Spot> {
        let all = &self.globals.common;
        let given = match family {
            Family::V4 => all.fallback.as_ref()?,
            Family::V6 => all.fallback6.as_ref()?,
        };
        self.spot(given, family, None)
    }

    /// Where a fallback server is; reports where that cannot be said.
    fn spot(
        &mut self,
        given: &Spanned<draft::Fallback>,
        family: Family,
        protocol: Option<Protocol>,
    ) -> Option<Spot> {
        let address = self.names.address(&given.value.host, family, self.report);
        let port = match &given.value.port {
            Some(port) => self.names.port(port, protocol, self.report)?,
            None => 0,
        };
        Some(Spot { address: address?, port, forward: given.value.forward, span: given.span })
    }

    /// The fallback server: the service's own, else the one of its family for all. Without a port it is found where
    /// the virtual service is.
    fn fallback(&mut self, draft: &draft::Virtual, id: VirtualId) -> Option<Spanned<Fallback>> {
        let family = id.family();
        let (own, global) = match family {
            Family::V4 => (&draft.common.fallback, self.fallbacks.0),
            Family::V6 => (&draft.common.fallback6, self.fallbacks.1),
        };
        let spot = match own {
            Some(given) => self.spot(given, family, protocol(id))?,
            None => global?,
        };
        let port = if spot.port == 0 { id.port() } else { spot.port };
        let address = SocketAddr::new(spot.address, port);
        Some(Spanned::new(Fallback { address, forward: spot.forward }, spot.span))
    }

    fn fallback_command(&mut self, draft: &draft::Virtual) -> Option<FallbackCommand> {
        let (own, all) = (&draft.common, &self.globals.common);
        let command = match &own.fallback_command {
            Some(own) => Some(Arc::new(own.value.clone())),
            None => self.fallback_command.clone(),
        };
        let Some(command) = command else {
            if let Some(on_stop) = own.fallback_command_on_stop {
                self.report.warning(on_stop.span, "there is no \"fallbackcommand\" that this could be about");
            }
            return None;
        };
        let on_stop = super::first([own.fallback_command_on_stop, all.fallback_command_on_stop]);
        Some(FallbackCommand { command, on_stop: on_stop.unwrap_or(false) })
    }

    /// The real servers. Of two with the same identity the last one counts, in the place of the first.
    fn reals(&mut self, id: VirtualId, draft: &draft::Virtual, plan: &Plan) -> Vec<Real> {
        let mut reals: Vec<Real> = Vec::with_capacity(draft.reals.len());
        let mut seen: HashMap<(IpAddr, u16), usize> = HashMap::with_capacity(draft.reals.len());
        for given in &draft.reals {
            let Some(addresses) = self.addresses(&given.value, id.family()) else { continue };
            let Some(port) = self.real_port(id, given) else { continue };
            let Some(exchange) = self.exchange(id, draft, given, plan) else { continue };
            if let &[ip] = &addresses[..] {
                self.note_name(&given.value.host.value, ip);
            }
            let thresholds = self.thresholds(&given.value);
            for ip in addresses {
                let address = SocketAddr::new(ip, port);
                let Some(check) = self.check(plan, address, &exchange, given.value.host.span) else { break };
                let (forward, weight) = (given.value.forward, given.value.weight);
                let mut real =
                    Real { id: RealId(address), forward, weight, thresholds, check, monitored_as: None };
                if draft.monitor.is_some() {
                    real.monitored_as = Some(monitor::name(id, draft, &given.value, plan, &real));
                }
                match seen.insert((ip, kernel_port(id, &real)), reals.len()) {
                    None => reals.push(real),
                    Some(before) => {
                        self.report
                            .warning(given.value.host.span, format!("{} again: this line counts", real.id))
                            .help("each real server stands once in a virtual service");
                        seen.insert((ip, kernel_port(id, &real)), before);
                        reals[before] = real;
                    }
                }
            }
        }
        reals
    }

    /// The address of a real server, or all addresses of a range.
    fn addresses(&mut self, real: &draft::Real, family: Family) -> Option<Vec<IpAddr>> {
        let first = self.names.address(&real.host, family, self.report);
        let Some(last) = &real.last else { return Some(vec![first?]) };
        let end = self.names.address(last, family, self.report);
        range((first?, &real.host), (end?, last), self.report)
    }

    /// The port of a real server: that of the virtual service, if it has none of its own.
    fn real_port(&mut self, id: VirtualId, real: &Spanned<draft::Real>) -> Option<u16> {
        let given = match &real.value.port {
            Some(port) => self.names.port(port, None, self.report)?,
            None => 0,
        };
        let wanted = id.port();
        if given == 0 && wanted != 0 {
            self.report
                .warning(real.value.host.span, format!("without a port, taken to be at port {wanted}"))
                .help(format!("write the port behind the address: \":{wanted}\""));
            return Some(wanted);
        }
        if given != wanted && wanted != 0 && real.value.forward != Forward::Masq {
            self.report
                .warning(
                    real.span,
                    format!("clients reach this server at port {wanted}, not at port {given}"),
                )
                .help(format!("{} does not change ports; only masq does", real.value.forward.method()));
        }
        Some(given)
    }
}

/// The port under which the kernel knows a real server: only masquerading changes ports.
fn kernel_port(id: VirtualId, real: &Real) -> u16 {
    if real.forward == Forward::Masq || id.port() == 0 { real.id.0.port() } else { id.port() }
}

fn protocol(id: VirtualId) -> Option<Protocol> {
    match id {
        VirtualId::Addr { protocol, .. } => Some(protocol),
        VirtualId::FwMark { .. } => None,
    }
}

fn netmask(text: &str, family: Family) -> Result<Netmask, &'static str> {
    match family {
        Family::V4 => {
            text.parse().map(Netmask::V4).map_err(|_| "four numbers from 0 to 255, e.g. 255.255.255.0")
        }
        Family::V6 => text
            .parse()
            .ok()
            .filter(|length| (1..=128).contains(length))
            .map(Netmask::V6)
            .ok_or("the length of a prefix, from 1 to 128"),
    }
}
