//! Addresses with ports: `192.0.2.1:80`, `www.example.com:http`, `[2001:db8::1]:80`.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    config::{
        Spanned,
        diagnostic::Report,
        draft::{Given, Host, Port},
    },
    model::Family,
};

/// An address and, where one is written, a port.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) host: Spanned<Host>,
    pub(crate) port: Given<Port>,
}

/// Reads addresses of one directive.
pub(crate) struct Reader<'r> {
    /// The family that the directive takes.
    pub(crate) family: Family,
    /// The directive without its `6`.
    pub(crate) name: &'static str,
    pub(crate) report: &'r mut Report,
}

impl Reader<'_> {
    /// Reads `HOST[:PORT]`.
    pub(crate) fn endpoint(&mut self, text: Spanned<&str>) -> Option<Endpoint> {
        let (host, port) = self.divide(text)?;
        let host = self.host(host)?;
        let port = match port {
            Some(port) => Some(self.port(port)?),
            None => None,
        };
        Some(Endpoint { host, port })
    }

    /// Divides host and port, and says what is meant by the usual slips with colons and brackets.
    pub(crate) fn divide<'s>(
        &mut self,
        text: Spanned<&'s str>,
    ) -> Option<(Spanned<&'s str>, Option<Spanned<&'s str>>)> {
        let value = text.value;
        if value.starts_with('[') {
            let Some(close) = value.find(']') else {
                self.report.error(text.span, "the closing bracket is missing");
                return None;
            };
            let inner = &value[1..close];
            let behind = text.part(close + 1, value.len());
            if inner.parse::<Ipv4Addr>().is_ok() {
                self.report
                    .error(text.part(0, close + 1).span, "brackets are for IPv6 addresses")
                    .help(format!("write {inner}{}", behind.value));
                return None;
            }
            let port = match behind.value.strip_prefix(':') {
                Some(_) => Some(behind.part(1, behind.value.len())),
                None if behind.value.is_empty() => None,
                None => {
                    self.report.error(behind.span, "expected \":PORT\" after the address");
                    return None;
                }
            };
            return Some((text.part(0, close + 1), port));
        }
        match value.matches(':').count() {
            0 => Some((text, None)),
            1 => {
                let colon = value.find(':')?;
                Some((text.part(0, colon), Some(text.part(colon + 1, value.len()))))
            }
            _ => {
                self.many_colons(text);
                None
            }
        }
    }

    /// Two or more colons outside of brackets: an IPv6 address, or a slip.
    fn many_colons(&mut self, text: Spanned<&str>) {
        let value = text.value;
        if let Some((host, port)) = value.split_once("::")
            && !host.contains(':')
            && host.parse::<Ipv6Addr>().is_err()
            && (host.contains('.') || host.parse::<u16>().is_err() && host.len() > 4)
        {
            self.report.error(text.span, "two colons before the port").help(format!("write {host}:{port}"));
            return;
        }
        let suggestion = match value.rsplit_once(':') {
            // What looks like a port at the end is more often one than the last group of an address.
            Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() && port.parse::<u16>().is_ok() => {
                Some(format!("[{host}]:{port}"))
            }
            _ => value.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]:PORT")),
        };
        let six = if self.family == Family::V4 { format!(" with \"{}6\"", self.name) } else { String::new() };
        match suggestion {
            Some(address) => self
                .report
                .error(text.span, "an IPv6 address must stand in brackets")
                .help(format!("write {address}{six}")),
            None => self.report.error(text.span, "this is neither ADDRESS:PORT nor [ADDRESS]:PORT"),
        };
    }

    /// Reads a host: an address of the family, or a name.
    pub(crate) fn host(&mut self, text: Spanned<&str>) -> Option<Spanned<Host>> {
        let (value, name) = (text.value, self.name);
        let bracketed = value.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let (four, six) =
            (value.parse::<Ipv4Addr>().ok(), bracketed.and_then(|inner| inner.parse::<Ipv6Addr>().ok()));
        match (self.family, four, six) {
            (Family::V4, Some(address), _) => return Some(Spanned::new(address.into(), text.span)),
            (Family::V6, _, Some(address)) => return Some(Spanned::new(address.into(), text.span)),
            (Family::V4, _, Some(_)) => {
                self.report
                    .error(text.span, format!("\"{name}\" takes IPv4 addresses"))
                    .help(format!("write \"{name}6\" for IPv6"));
                return None;
            }
            (Family::V6, Some(_), _) => {
                self.report
                    .error(text.span, format!("\"{name}6\" takes IPv6 addresses"))
                    .help(format!("write \"{name}\" for IPv4"));
                return None;
            }
            _ => {}
        }
        if value.is_empty() {
            self.report.error(text.span, "the address is missing");
        } else if bracketed.is_some() {
            let error = self.report.error(text.span, "this is no IPv6 address");
            if value.contains('%') {
                error.help("the kernel's table has no room for an interface");
            }
        } else if value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            self.report
                .error(text.span, "this is no IPv4 address")
                .help("expected four numbers from 0 to 255");
        } else if let Some(at) = value.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))) {
            let odd = value[at..].chars().next().map_or(1, char::len_utf8);
            self.report
                .error(text.span.part(at, at + odd), "this cannot stand in an address or a host's name");
        } else {
            return Some(Spanned::new(Host::Name(value.to_owned()), text.span));
        }
        None
    }

    /// Reads a port: a number or the name of a service.
    pub(crate) fn port(&mut self, text: Spanned<&str>) -> Option<Spanned<Port>> {
        let value = text.value;
        if value.is_empty() {
            self.report.error(text.span, "the port is missing");
        } else if value.bytes().all(|byte| byte.is_ascii_digit()) {
            match value.parse() {
                Ok(number) => return Some(Spanned::new(Port::Number(number), text.span)),
                Err(_) => self.report.error(text.span, "ports go up to 65535"),
            };
        } else if let Some(at) = value.find(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c))) {
            let odd = value[at..].chars().next().map_or(1, char::len_utf8);
            self.report
                .error(text.span.part(at, at + odd), "this cannot stand in a port or a service's name");
        } else {
            return Some(Spanned::new(Port::Name(value.to_owned()), text.span));
        }
        None
    }
}
