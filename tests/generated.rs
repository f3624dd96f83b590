//! Configurations made up from what they mean, written down in both grammars in one of the many ways in which people
//! do it, and read again: both mean what they were made up from.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::{fmt::Write as _, net::SocketAddr, path::Path, time::Duration};

use ldirectord::{
    config::{Loaded, MemoryFiles, TableResolver, load},
    model::{Check, CheckKind, Config, Forward, Protocol, VirtualId},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// A virtual service, in a person's head.
#[derive(Clone, Debug)]
struct Service {
    six: bool,
    protocol: Option<Protocol>,
    port: u16,
    scheduler: Option<&'static str>,
    persistent: Option<u32>,
    quiescent: Option<bool>,
    cleanstop: Option<bool>,
    fallback: Option<(u8, Forward)>,
    fall: Option<u32>,
    rise: Option<u32>,
    interval: Option<u32>,
    asks: Asks,
    servers: Vec<(u16, Forward, Option<u16>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    On,
    Off,
    Connect(Option<u16>),
    Page(&'static str, Option<&'static str>),
}

/// How it is written down, where that means nothing.
#[derive(Clone, Debug)]
struct Style {
    indent: &'static str,
    equals: &'static str,
    behind: &'static str,
    end: &'static str,
    /// Lines of a service change places by this.
    turn: usize,
}

fn service() -> impl Strategy<Value = Service> {
    let forward = || {
        select(vec!["gate", "masq", "ipip", "gre", "gre:csum", "gue:6080", "gue:1:csum", "gue:65535:remcsum"])
            .prop_map(|text| text.parse().expect("a method"))
    };
    let asks = prop_oneof![
        Just(Asks::On),
        Just(Asks::Off),
        option::of(1..=u16::MAX).prop_map(Asks::Connect),
        (
            select(vec!["/", "/a b", "/x?y=z", "/é"]),
            option::of(select(vec!["ok", "a|b", "^# [0-9]+$", r"\d\.\d"]))
        )
            .prop_map(|(request, receive)| Asks::Page(request, receive)),
    ];
    let flag = || option::of(any::<bool>());
    let number = || option::of(1..50_u32);
    let protocol = option::of(select(vec![Protocol::Tcp, Protocol::Udp]));
    let head = (any::<bool>(), protocol, 1..=u16::MAX, option::of(select(vec!["rr", "wrr", "wlc", "sh"])));
    let server = (1..=u16::MAX, forward(), option::of(any::<u16>()));
    (
        head,
        (number(), flag(), flag(), option::of((any::<u8>(), forward()))),
        (number(), number(), number()),
        asks,
        vec(server, 0..6),
    )
        .prop_map(
            |(
                (six, protocol, port, scheduler),
                (persistent, quiescent, cleanstop, fallback),
                counts,
                asks,
                servers,
            )| {
                // What is asked over TCP cannot be asked of a UDP service, or not by connecting to it.
                let protocol = match asks {
                    Asks::On | Asks::Off => protocol,
                    Asks::Connect(_) | Asks::Page(..) => Some(Protocol::Tcp),
                };
                let (fall, rise, interval) = counts;
                Service {
                    six,
                    protocol,
                    port,
                    scheduler,
                    persistent,
                    quiescent,
                    cleanstop,
                    fallback,
                    fall,
                    rise,
                    interval,
                    asks,
                    servers,
                }
            },
        )
}

fn style() -> impl Strategy<Value = Style> {
    let indent = select(vec!["\t", "    ", "\t\t", "        "]);
    let behind = select(vec!["", " ", " # a comment", "\t# real = 10.0.0.1:80 gate"]);
    (indent, select(vec!["=", " = ", "\t=  "]), behind, select(vec!["\n", "\r\n"]), 0..20_usize)
        .prop_map(|(indent, equals, behind, end, turn)| Style { indent, equals, behind, end, turn })
}

impl Service {
    fn address(&self, number: usize) -> SocketAddr {
        let text = if self.six {
            format!("[2001:db8::{number:x}]:{}", self.port)
        } else {
            format!("192.0.2.{number}:{}", self.port)
        };
        text.parse().unwrap()
    }

    fn server(&self, number: usize) -> SocketAddr {
        let port = self.servers[number].0;
        let text = if self.six {
            format!("[2001:db8:1::{number:x}]:{port}")
        } else {
            format!("10.0.0.{number}:{port}")
        };
        text.parse().unwrap()
    }

    fn fallback(&self) -> Option<(SocketAddr, Forward)> {
        let (host, forward) = self.fallback?;
        let text = if self.six { format!("[2001:db8:2::{host:x}]:80") } else { format!("10.2.0.{host}:80") };
        Some((text.parse().unwrap(), forward))
    }

    /// The lines of the classic grammar, but for the first: names and values.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let six = |name, name6| if self.six { name6 } else { name };
        let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let mut lines = Vec::new();
        lines.extend(self.protocol.map(|protocol| ("protocol", protocol.to_string())));
        lines.extend(self.scheduler.map(|name| ("scheduler", name.to_owned())));
        lines.extend(self.persistent.map(|seconds| ("persistent", seconds.to_string())));
        lines.extend(self.quiescent.map(|yes| ("quiescent", word(yes))));
        lines.extend(self.cleanstop.map(|yes| ("cleanstop", word(yes))));
        lines.extend(self.fall.map(|count| ("failurecount", count.to_string())));
        lines.extend(self.rise.map(|count| ("rise", count.to_string())));
        lines.extend(self.interval.map(|seconds| ("checkinterval", seconds.to_string())));
        let fallback = self.fallback().map(|(address, forward)| format!("{address} {forward}"));
        lines.extend(fallback.map(|value| (six("fallback", "fallback6"), value)));
        lines.extend(
            self.asks
                .lines()
                .into_iter()
                .map(|(name, value, text)| (name, if text { format!("\"{value}\"") } else { value })),
        );
        lines.extend(self.texts().into_iter().map(|value| (six("real", "real6"), value)));
        lines
    }

    /// Its servers, as both grammars have them.
    fn texts(&self) -> Vec<String> {
        let text = |(number, &(_, forward, weight)): (usize, &(u16, Forward, Option<u16>))| {
            let weight = weight.map(|weight| format!(" {weight}")).unwrap_or_default();
            format!("{} {forward}{weight}", self.server(number))
        };
        self.servers.iter().enumerate().map(text).collect()
    }

    fn classic(&self, number: usize, style: &Style) -> String {
        let Style { indent, equals, behind, end, turn } = style;
        let head = if self.six { "virtual6" } else { "virtual" };
        let mut text = format!("{head}{equals}{}{behind}{end}", self.address(number));
        let mut lines = self.lines();
        // Servers keep their order; anything else may stand anywhere.
        let others = lines.len() - self.servers.len();
        lines[..others].rotate_left(turn % others.max(1));
        for (name, value) in lines {
            write!(text, "{indent}{name}{equals}{value}{behind}{end}").unwrap();
        }
        text
    }

    fn native(&self, number: usize) -> String {
        let mut text = format!("[[virtual]]\naddress = \"{}\"\n", self.address(number));
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                writeln!(text, "{key} = {value}").unwrap();
            }
        };
        add("protocol", self.protocol.map(|protocol| format!("\"{protocol}\"")));
        add("scheduler", self.scheduler.map(|name| format!("\"{name}\"")));
        add("persistent", self.persistent.map(|seconds| format!("\"{seconds}s\"")));
        add("quiescent", self.quiescent.map(|yes| yes.to_string()));
        add("cleanstop", self.cleanstop.map(|yes| yes.to_string()));
        add("check.fall", self.fall.map(|count| count.to_string()));
        add("check.rise", self.rise.map(|count| count.to_string()));
        add("check.interval", self.interval.map(|seconds| seconds.to_string()));
        add("fallback", self.fallback().map(|(address, forward)| format!("\"{address} {forward}\"")));
        for (name, value, is_text) in self.asks.lines() {
            let key = name.replace("check", "");
            let number = !is_text && value.bytes().all(|byte| byte.is_ascii_digit());
            add(&format!("check.{key}"), Some(if number { value } else { format!("'{value}'") }));
        }
        add("real", Some(format!("{:?}", self.texts())));
        text
    }

    /// Compares it with what was read.
    fn is_meant_by(&self, number: usize, config: &Config) {
        let read = &config.virtuals[number];
        let protocol = self.protocol.unwrap_or(if self.port == 53 { Protocol::Udp } else { Protocol::Tcp });
        assert_eq!(read.id, VirtualId::Addr { protocol, address: self.address(number) });
        assert_eq!(&*read.scheduler, self.scheduler.unwrap_or("wrr"));
        let persistence = read.persistence.map(|persistence| persistence.timeout);
        assert_eq!(persistence, self.persistent.map(|seconds| Duration::from_secs(seconds.into())));
        assert_eq!(
            (read.quiescent, read.cleanstop),
            (self.quiescent.unwrap_or(false), self.cleanstop.unwrap_or(true))
        );
        let (fall, rise) = (read.hysteresis.fall.get(), read.hysteresis.rise.get());
        assert_eq!((fall, rise), (self.fall.unwrap_or(1), self.rise.unwrap_or(1)));
        assert_eq!(read.fallback.map(|fallback| (fallback.address, fallback.forward)), self.fallback());
        assert_eq!(read.reals.len(), self.servers.len());
        for (at, (real, &(_, forward, weight))) in read.reals.iter().zip(&self.servers).enumerate() {
            assert_eq!(
                (real.id.0, real.forward, real.weight),
                (self.server(at), forward, weight.unwrap_or(1))
            );
            let Check::Probe(spec) = &real.check else {
                let word = if real.check == Check::On { Asks::On } else { Asks::Off };
                assert_eq!(word, self.asks);
                continue;
            };
            assert_eq!(spec.cadence.interval, Duration::from_secs(self.interval.unwrap_or(10).into()));
            match (&spec.kind, self.asks) {
                (CheckKind::Connect, Asks::Connect(port)) => {
                    assert_eq!(spec.target.port(), port.unwrap_or(real.id.0.port()));
                }
                (CheckKind::Http(http), Asks::Page(request, receive)) => {
                    assert_eq!(*http.request, request.replace(' ', "%20").replace('é', "%C3%A9"));
                    assert_eq!(http.expected.receive.as_ref().map(|pattern| pattern.as_str()), receive);
                }
                (kind, asks) => panic!("{kind:?} is not {asks:?}"),
            }
        }
    }
}

impl Asks {
    /// Directives, values, and whether a value is a text.
    fn lines(self) -> Vec<(&'static str, String, bool)> {
        let kind = |name: &str| ("checktype", name.to_owned(), false);
        match self {
            Self::On => vec![kind("on")],
            Self::Off => vec![kind("off")],
            Self::Connect(port) => std::iter::once(kind("connect"))
                .chain(port.map(|port| ("checkport", port.to_string(), false)))
                .collect(),
            Self::Page(request, receive) => [
                kind("negotiate"),
                ("service", "http".to_owned(), false),
                ("request", request.to_owned(), true),
            ]
            .into_iter()
            .chain(receive.map(|pattern| ("receive", pattern.to_owned(), true)))
            .collect(),
        }
    }
}

fn read(name: &str, text: &str) -> Loaded {
    let files = MemoryFiles::default().with(Path::new(name), text);
    load(Path::new(name), &files, &TableResolver::default()).unwrap_or_else(|rejected| {
        let told: Vec<String> = rejected.diagnostics.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", told.join("\n"))
    })
}

proptest! {
    #[test]
    fn what_was_meant_is_read_in_both_grammars(services in vec((service(), style()), 0..5)) {
        let classic: String = services.iter().enumerate().map(|(number, (service, style))| service.classic(number, style)).collect();
        let native: String = services.iter().enumerate().map(|(number, (service, _))| service.native(number)).collect();
        let (classic, native) = (read("/x.cf", &classic).config, read("/x.toml", &native).config);
        prop_assert_eq!(classic.virtuals.len(), services.len());
        for (number, (service, _)) in services.iter().enumerate() {
            service.is_meant_by(number, &classic);
        }
        prop_assert_eq!(classic, native);
    }
}
