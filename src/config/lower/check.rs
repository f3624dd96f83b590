//! How the health of each real server is known.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use super::{
    CHECK_INTERVAL, Lowering, check_timeout, exchange::Exchange, first, negotiate_timeout, services, tls::Tls,
};
use crate::{
    config::{
        Resolver, Span,
        draft::{self, CheckType},
    },
    model::{
        Cadence, Check, CheckKind, CheckSpec, Connects, ExternalCheck, Family, FtpCheck, HttpCheck,
        HttpMethod, Pattern, PingCheck, Protocol, Route, Secret, Service, VirtualId,
    },
};

/// How the servers of one virtual service are checked: all that does not differ from server to server.
pub(super) struct Plan {
    check_type: CheckType,
    /// So many checks only connect after each that negotiates.
    connects: Option<Connects>,
    known: &'static services::Known,
    cadence: Cadence,
    pub(super) asks: Asks,
    /// The port to ask at, if it is not the server's own.
    port: Option<u16>,
    pub(super) receive: Option<Arc<Pattern>>,
    pub(super) request: Option<String>,
    virtual_host: Option<String>,
    tls: Tls,
    route: Route,
    method: HttpMethod,
    login: String,
    passwd: Secret,
    /// So many echo requests at most.
    tries: NonZeroU32,
    external: Option<ExternalCheck>,
}

/// What is asked of a server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    Connect,
    /// A connection where a port is known; else nothing, as there is nothing to connect to.
    ConnectIfPort,
    Http {
        tls: bool,
    },
    Ftp,
    Ping,
    External,
}

impl Plan {
    /// The service, as far as the model knows it.
    pub(super) fn service(&self) -> Service {
        self.known.service.unwrap_or(Service::None)
    }

    pub(super) fn check_type(&self) -> CheckType {
        self.check_type
    }
}

impl<R: Resolver> Lowering<'_, '_, R> {
    /// Decides how the servers of a virtual service are checked; `None` where something about it was reported.
    pub(super) fn plan(&mut self, id: VirtualId, draft: &draft::Virtual) -> Option<Plan> {
        let (own, all) = (&draft.common, &self.globals.common);
        let interval = first([own.check_interval, all.check_interval]).unwrap_or(CHECK_INTERVAL);
        let receive = match &draft.receive {
            Some(text) => self.pattern(text).map(Some),
            None => Some(None),
        };
        let known = self.known_service(id, draft)?;
        if draft.check_type_is_wrong {
            return None;
        }
        let given = draft.check_type.map_or(CheckType::Negotiate, |given| given.value);
        let (check_type, asks) = self.asks(id, draft, given, known)?;
        let tries = first([own.check_count, all.check_count]).unwrap_or(NonZeroU32::MIN);
        let deadline = match asks {
            Asks::Nothing | Asks::Connect | Asks::ConnectIfPort | Asks::External => {
                check_timeout(draft, self.globals)
            }
            // Each request has it.
            Asks::Ping => check_timeout(draft, self.globals) * tries.get(),
            Asks::Http { .. } | Asks::Ftp => negotiate_timeout(draft, self.globals),
        };
        self.remark_on_strangers(draft, asks);
        let external = self.external(id, draft, check_type);
        if asks == Asks::External && external.is_none() {
            return None;
        }
        let request = match &draft.request {
            Some(given) => self.request(given, asks).map(Some),
            None => Some(None),
        };
        let (login, passwd) = if asks == Asks::Ftp { self.login(draft) } else { Default::default() };
        if let Some(source) = own.check_source
            && Family::of(source.value) != id.family()
        {
            self.report.error(source.span, "these servers cannot be asked from an address of another family");
        }
        Some(Plan {
            check_type,
            connects: match check_type {
                CheckType::Combined(count) => NonZeroU32::new(count).map(|count| {
                    let patience = check_timeout(draft, self.globals);
                    let ping = over(id, Protocol::Udp).then_some(PingCheck { tries, patience });
                    let deadline = ping.map_or(patience, |_| patience * tries.get());
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
            known,
            cadence: Cadence {
                interval,
                fast: first([own.fast_interval, all.fast_interval]).unwrap_or(interval),
                down: first([own.down_interval, all.down_interval]).unwrap_or(interval),
                jitter: first([own.jitter, all.jitter]).unwrap_or(0),
                deadline,
            },
            asks,
            port: draft.check_port.map(|port| port.value),
            receive: receive?,
            request: request?,
            virtual_host: draft.vhost.as_ref().map(|host| host.value.clone()),
            tls: self.tls(draft, asks)?,
            method: self.method(draft, asks),
            login,
            passwd,
            tries,
            external,
        })
    }

    /// The service that is named, else the one of the virtual service's port.
    fn known_service(&mut self, id: VirtualId, draft: &draft::Virtual) -> Option<&'static services::Known> {
        let Some(given) = &draft.service else {
            // No port of SCTP's stands for a service that is known here.
            return Some(if over(id, Protocol::Sctp) {
                &services::NONE
            } else {
                services::by_port(id.port())
            });
        };
        let known = services::by_name(&given.value);
        match known {
            Some(known) if known.name != given.value => {
                self.report.warning(given.span, format!("read as {}", known.name));
            }
            Some(_) => {}
            None => {
                let help = match services::near(&given.value) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("this version knows {}", services::names()),
                };
                self.report.error(given.span, format!("unknown service \"{}\"", given.value)).help(help);
            }
        }
        known
    }

    /// What a check type asks of a service, and the type that is shown.
    fn asks(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        check_type: CheckType,
        known: &'static services::Known,
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
            Some(given) => (known.name, given.span, String::new()),
            None => (known.name, draft.at.span, format!(", which port {} stands for,", id.port())),
        };
        let Some(service) = known.service else {
            let instead = if udp { "on" } else { "connect" };
            self.report
                .error(span, format!("service {name}{implied} is not supported in this version yet"))
                .help(format!("use checktype = {instead}"));
            return None;
        };
        if let Some(feature) = service.left_out() {
            self.report
                .error(span, format!("service {name}{implied} was left out of this build"))
                .help(format!("build with the feature \"{feature}\", or use checktype = connect"));
            return None;
        }
        let asks = match service {
            Service::Http => Asks::Http { tls: false },
            Service::Https => Asks::Http { tls: true },
            Service::Ftp => Asks::Ftp,
            Service::None if draft.reals.is_empty() => Asks::Nothing,
            Service::None if udp || sctp => {
                self.report
                    .warning(span, "nothing is known to ask these servers: they always count as up")
                    .help("say so with checktype = on");
                Asks::Nothing
            }
            Service::None => {
                self.report
                    .warning(span, "no service to negotiate with: these servers are checked by connecting to them")
                    .help("say so with checktype = connect; the older ldirectord counts them as up without asking");
                Asks::ConnectIfPort
            }
        };
        if asks == Asks::Ftp && draft.request.is_none() {
            self.report
                .warning(span, "without a \"request\" only the login is checked")
                .help("name a file to fetch; the older ldirectord counts such servers as up without asking");
        }
        let shown = match asks {
            Asks::Nothing => CheckType::On,
            Asks::Connect | Asks::ConnectIfPort => CheckType::Connect,
            Asks::Http { .. } | Asks::Ftp | Asks::Ping | Asks::External => check_type,
        };
        Some((shown, asks))
    }

    /// What is asked of an HTTP server; says where it means nothing or proves little.
    fn method(&mut self, draft: &draft::Virtual, asks: Asks) -> HttpMethod {
        let Some(given) = draft.method else { return HttpMethod::default() };
        if !matches!(asks, Asks::Http { .. }) {
            self.report.warning(given.span, "\"httpmethod\" means nothing where HTTP is not spoken");
        } else if given.value == HttpMethod::Head
            && let Some(receive) = &draft.receive
        {
            self.report
                .warning(receive.span, "an answer to HEAD has no content that could match")
                .help("use httpmethod = GET, or leave \"receive\" out");
        }
        given.value
    }

    /// Says of what belongs to other services that it means nothing here.
    fn remark_on_strangers(&mut self, draft: &draft::Virtual, asks: Asks) {
        let service = match asks {
            Asks::Nothing => return,
            Asks::Connect | Asks::ConnectIfPort => "a connection",
            Asks::Http { .. } => "HTTP",
            Asks::Ftp => "FTP",
            Asks::Ping => "a ping",
            Asks::External => "a program",
        };
        let strangers = [
            ("database", draft.database.as_ref().map(|given| given.span)),
            ("secret", draft.secret.as_ref().map(|given| given.span)),
        ];
        for (name, span) in strangers {
            if let Some(span) = span {
                self.report.warning(span, format!("\"{name}\" means nothing in a check of {service}"));
            }
        }
        if let (Asks::Ping | Asks::External, Some(port)) = (asks, draft.check_port) {
            self.report.warning(port.span, format!("\"checkport\" means nothing in a check by {service}"));
        }
    }

    fn login(&mut self, draft: &draft::Virtual) -> (String, Secret) {
        let login = draft.login.as_ref().map_or_else(|| "anonymous".to_owned(), |given| given.value.clone());
        let passwd = match &draft.passwd {
            Some(given) => given.value.clone(),
            None => Secret::new(format!("ldirectord@{}", self.names.hostname())),
        };
        (login, passwd)
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
        let target = match &exchange.elsewhere {
            // The program is told which server it is, and a host has no port.
            _ if plan.asks == Asks::External => server,
            _ if plan.asks == Asks::Ping => SocketAddr::new(server.ip(), 0),
            Some(elsewhere) => elsewhere.target,
            None => match self.port(plan, server, span) {
                Ok(port) => SocketAddr::new(server.ip(), port),
                Err(instead) => return instead,
            },
        };
        let receive = exchange.receive.clone();
        let kind = match plan.asks {
            Asks::Nothing => return Some(Check::On),
            Asks::Connect | Asks::ConnectIfPort => CheckKind::Connect,
            Asks::Http { tls } => CheckKind::Http(HttpCheck {
                tls: tls.then_some(plan.tls.verify),
                virtual_host: plan.virtual_host.clone(),
                server: Some(server.ip()).filter(|&server| server != target.ip()),
                server_name: exchange.server_name(&plan.tls, plan.virtual_host.as_deref()).filter(|_| tls),
                authorities: plan.tls.authorities.clone().filter(|_| tls),
                method: plan.method,
                request: exchange.request.clone().unwrap_or_else(|| "/".to_owned()),
                receive,
            }),
            Asks::Ftp => CheckKind::Ftp(FtpCheck {
                login: plan.login.clone(),
                passwd: plan.passwd.clone(),
                request: exchange.request.clone(),
                receive,
            }),
            Asks::Ping => CheckKind::Ping(PingCheck {
                tries: plan.tries,
                patience: plan.cadence.deadline / plan.tries.get(),
            }),
            Asks::External => CheckKind::External(plan.external.clone()?),
        };
        // What is for all services is for those of its family.
        let source = plan.route.source.filter(|&source| Family::of(source) == Family::of(target.ip()));
        let route = Route { source, ..plan.route };
        let (connects, cadence) = (plan.connects, plan.cadence);
        Some(Check::Probe(Arc::new(CheckSpec { target, kind, connects, route, cadence })))
    }

    /// The port a server is asked at; where there is none, what is made of the server instead.
    fn port(&mut self, plan: &Plan, server: SocketAddr, span: Span) -> Result<u16, Option<Check>> {
        let own = Some(server.port()).filter(|&port| port != 0);
        if let Some(port) = plan.port.or(own).or(plan.known.port) {
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

/// Whether a virtual service is one of this protocol.
fn over(id: VirtualId, wanted: Protocol) -> bool {
    matches!(id, VirtualId::Addr { protocol, .. } if protocol == wanted)
}
