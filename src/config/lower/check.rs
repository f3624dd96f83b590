//! How the health of each real server is known.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use super::{
    CHECK_INTERVAL, Lowering,
    asks::{Asks, over},
    check_timeout,
    exchange::Exchange,
    first, negotiate_timeout,
};
use crate::{
    config::{
        Resolver, Span,
        draft::{self, CheckType},
    },
    model::{
        Cadence, Check, CheckKind, CheckSpec, Connects, Family, PingCheck, Protocol, Route, Service,
        VirtualId,
    },
};

/// How the servers of one virtual service are checked: all that does not differ from server to server.
pub(super) struct Plan {
    pub(super) check_type: CheckType,
    pub(super) service: Service,
    pub(super) asks: Asks,
    /// What is asked of the servers whose lines have no request of their own.
    pub(super) kind: CheckKind,
    /// So many checks only connect after each that negotiates.
    connects: Option<Connects>,
    cadence: Cadence,
    /// The port to ask at, if it is not the server's own.
    port: Option<u16>,
    route: Route,
}

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Decides how the servers of a virtual service are checked; `None` where something about it was reported.
    pub(super) fn plan(&mut self, id: VirtualId, draft: &draft::Virtual) -> Option<Plan> {
        let (own, all) = (&draft.common, &self.globals.common);
        let interval = first([own.check_interval, all.check_interval]).unwrap_or(CHECK_INTERVAL);
        // Says what is wrong with the patterns, whatever else is.
        let expected = self.expected(draft, draft.receive.as_ref());
        let service = self.service_of(id, draft)?;
        if draft.check_type_is_wrong {
            return None;
        }
        let given = draft.check_type.map_or(CheckType::Negotiate, |given| given.value);
        let (check_type, asks) = self.asks(id, draft, given, service)?;
        let tries = first([own.check_count, all.check_count]).unwrap_or(NonZeroU32::MIN);
        let timeout = check_timeout(draft, self.globals);
        let deadline = match asks {
            Asks::Nothing | Asks::Connect | Asks::ConnectIfPort | Asks::External => timeout,
            // Each request has it.
            Asks::Ping => timeout * tries.get(),
            Asks::Service(_) => negotiate_timeout(draft, self.globals),
        };
        if let Some(source) = own.check_source
            && Family::of(source.value) != id.family()
        {
            self.report.error(source.span, "these servers cannot be asked from an address of another family");
        }
        self.remark_on_strangers(draft, asks);
        let kind = match asks {
            Asks::Nothing | Asks::Connect | Asks::ConnectIfPort => Some(CheckKind::Connect),
            Asks::Ping => Some(CheckKind::Ping(PingCheck { tries, patience: timeout })),
            Asks::External | Asks::Service(_) => None,
        };
        let external = self.external(id, draft, check_type);
        let asked = self.asked(id, draft, asks, expected?);
        let kind = kind.or(external.map(|check| CheckKind::External(Arc::new(check)))).or(asked)?;
        Some(Plan {
            check_type,
            service,
            asks,
            kind,
            connects: match check_type {
                CheckType::Combined(count) => NonZeroU32::new(count).map(|count| {
                    let ping = over(id, Protocol::Udp).then_some(PingCheck { tries, patience: timeout });
                    let deadline = ping.map_or(timeout, |_| timeout * tries.get());
                    Connects { count, deadline, ping }
                }),
                CheckType::Negotiate
                | CheckType::Connect
                | CheckType::Ping
                | CheckType::External
                | CheckType::ExternalPerl
                | CheckType::On
                | CheckType::Off => None,
            },
            route: Route {
                source: first([own.check_source, all.check_source]),
                mark: first([own.check_mark, all.check_mark]).and_then(NonZeroU32::new),
            },
            cadence: Cadence {
                interval,
                fast: first([own.fast_interval, all.fast_interval]).unwrap_or(interval),
                down: first([own.down_interval, all.down_interval]).unwrap_or(interval),
                jitter: first([own.jitter, all.jitter]).unwrap_or(0),
                deadline,
            },
            port: draft.check_port.map(|port| port.value),
        })
    }

    /// The check of one server; `None` where something about it was reported.
    pub(super) fn check(
        &mut self,
        plan: &Plan,
        server: SocketAddr,
        exchange: &Exchange,
        span: Span,
    ) -> Option<Check> {
        match plan.check_type {
            CheckType::On => return Some(Check::On),
            CheckType::Off => return Some(Check::Off),
            CheckType::Connect
            | CheckType::Negotiate
            | CheckType::Combined(_)
            | CheckType::Ping
            | CheckType::External
            | CheckType::ExternalPerl => {}
        }
        let target = match (plan.asks, &exchange.elsewhere) {
            (Asks::Nothing, _) => return Some(Check::On),
            // The program is told which server it is, and a host has no port.
            (Asks::External, _) => server,
            (Asks::Ping, _) => SocketAddr::new(server.ip(), 0),
            (_, Some(elsewhere)) => *elsewhere,
            (Asks::Connect | Asks::ConnectIfPort | Asks::Service(_), None) => {
                match self.port(plan, server, span) {
                    Ok(port) => SocketAddr::new(server.ip(), port),
                    Err(instead) => return instead,
                }
            }
        };
        let mut kind = exchange.kind.clone();
        if let CheckKind::Http(check) = &mut kind
            && server.ip() != target.ip()
        {
            Arc::make_mut(check).server = Some(server.ip());
        }
        // What is for all services is for those of its family.
        let source = plan.route.source.filter(|&source| Family::of(source) == Family::of(target.ip()));
        let route = Route { source, ..plan.route };
        let (connects, cadence) = (plan.connects, plan.cadence);
        Some(Check::Probe(Arc::new(CheckSpec { target, kind, connects, route, cadence })))
    }

    /// The port a server is asked at; where there is none, what is made of the server instead.
    fn port(&mut self, plan: &Plan, server: SocketAddr, span: Span) -> Result<u16, Option<Check>> {
        let own = Some(server.port()).filter(|&port| port != 0);
        if let Some(port) = plan.port.or(own).or(plan.service.default_port()) {
            return Ok(port);
        }
        if plan.asks == Asks::ConnectIfPort {
            self.report
                .warning(span, "there is no port to connect to: this server always counts as up")
                .help("give \"checkport\", or say so with checktype = on");
            return Err(Some(Check::On));
        }
        self.report.error(span, "there is no port to check").help("give \"checkport\" or \"service\"");
        Err(None)
    }
}
