//! What the servers of a virtual service are asked: the service that it is, and what its check type makes of that.

use super::Lowering;
use crate::{
    config::{
        Resolver,
        draft::{self, CheckType},
        suggest::nearest,
    },
    model::{Protocol, Service, VirtualId},
};

/// What is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    Connect,
    /// A connection where a port is known; else nothing, as there is nothing to connect to.
    ConnectIfPort,
    Ping,
    External,
    /// What the service speaks; it is not `none`.
    Service(Service),
}

impl<R: Resolver> Lowering<'_, '_, R> {
    /// The service that is named, else the one of the virtual service's port.
    pub(super) fn service_of(&mut self, id: VirtualId, draft: &draft::Virtual) -> Option<Service> {
        let Some(given) = &draft.service else {
            // No port of SCTP's stands for a service that is known here.
            return Some(if over(id, Protocol::Sctp) { Service::None } else { Service::of_port(id.port()) });
        };
        let known = Service::of_name(&given.value);
        match known {
            Some(known) if known.name() != given.value => {
                self.report.warning(given.span, format!("read as {}", known.name()));
            }
            Some(_) => {}
            None => {
                let names = Service::ALL.map(Service::name);
                let help = match nearest(&given.value, names) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("this version knows {}", names.join(", ")),
                };
                self.report.error(given.span, format!("unknown service \"{}\"", given.value)).help(help);
            }
        }
        known
    }

    /// What a check type asks of a service, and the type that is shown.
    pub(super) fn asks(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        check_type: CheckType,
        service: Service,
    ) -> Option<(CheckType, Asks)> {
        let udp = over(id, Protocol::Udp);
        // Who answers TCP at the port of an SCTP service says nothing of that service; another port can be named.
        let sctp = over(id, Protocol::Sctp) && draft.check_port.is_none();
        let type_span = draft.check_type.map_or(draft.at.span, |given| given.span);
        match check_type {
            CheckType::On | CheckType::Off => return Some((check_type, Asks::Nothing)),
            CheckType::Ping => return Some((check_type, Asks::Ping)),
            CheckType::External | CheckType::ExternalPerl => return Some((check_type, Asks::External)),
            CheckType::Connect if udp => {
                self.report
                    .warning(
                        type_span,
                        "there are no connections over UDP: the hosts of these servers are pinged",
                    )
                    .help(
                        "say so with checktype = ping; whether the service answers only negotiate finds out",
                    );
                return Some((check_type, Asks::Ping));
            }
            CheckType::Connect if sctp => {
                self.report
                    .error(type_span, "an SCTP service cannot be checked by connecting to it over TCP")
                    .help("use checktype = on, or name a \"checkport\" where something answers TCP");
                return None;
            }
            CheckType::Connect => return Some((check_type, Asks::Connect)),
            CheckType::Negotiate | CheckType::Combined(_) => {}
        }
        let (name, span, implied) = match &draft.service {
            Some(given) => (service.name(), given.span, String::new()),
            None => (service.name(), draft.at.span, format!(", which port {} stands for,", id.port())),
        };
        if let Some(feature) = service.left_out() {
            self.report
                .error(span, format!("service {name}{implied} was left out of this build"))
                .help(format!("build with the feature \"{feature}\", or use checktype = connect"));
            return None;
        }
        let asks = if service != Service::None {
            Asks::Service(service)
        } else if draft.reals.is_empty() {
            Asks::Nothing
        } else if udp || sctp {
            self.report
                .warning(span, "nothing is known to ask these servers: they always count as up")
                .help("say so with checktype = on");
            Asks::Nothing
        } else {
            self.report
                .warning(
                    span,
                    "no service to negotiate with: these servers are checked by connecting to them",
                )
                .help(
                    "say so with checktype = connect; the older ldirectord counts them as up without asking",
                );
            Asks::ConnectIfPort
        };
        self.remark_on_needs(draft, service, span);
        let shown = match asks {
            Asks::Nothing => CheckType::On,
            Asks::Connect | Asks::ConnectIfPort => CheckType::Connect,
            Asks::Service(_) | Asks::Ping | Asks::External => check_type,
        };
        Some((shown, asks))
    }
}

/// Whether a virtual service is one of this protocol.
pub(super) fn over(id: VirtualId, wanted: Protocol) -> bool {
    matches!(id, VirtualId::Addr { protocol, .. } if protocol == wanted)
}
