//! What is asked of one real server, in one line.

use std::fmt::{self, Formatter};

use super::{Seconds, command};
use crate::config::duration;
use crate::model::{
    Cadence, CheckKind, CheckSpec, Connects, DnsCheck, Expected, HttpCheck, HttpMethod, Security, Step,
    TcpTalk, TlsStart, TlsVerify, Transport,
};

pub(super) fn probe(spec: &CheckSpec, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (every, within) = (Seconds(spec.cadence.interval), Seconds(spec.cadence.deadline));
    write!(f, "    {} ", spec.kind.name())?;
    if let CheckKind::Ping(_) = spec.kind {
        write!(f, "{} every {every}", spec.target.ip())?;
    } else {
        write!(f, "{} every {every}", spec.target)?;
    }
    let Cadence { interval, fast, down, jitter, .. } = spec.cadence;
    if fast != interval {
        write!(f, ", {} in question", Seconds(fast))?;
    }
    if down != interval {
        write!(f, ", {} down", Seconds(down))?;
    }
    if jitter > 0 {
        write!(f, ", jitter {jitter}%")?;
    }
    write!(f, " within {within}")?;
    if let Some(source) = spec.route.source {
        write!(f, " from {source}")?;
    }
    if let Some(mark) = spec.route.mark {
        write!(f, " with mark {mark}")?;
    }
    if let Some(Connects { count, deadline, ping }) = spec.connects {
        let how = if ping.is_some() { "ping" } else { "connect" };
        write!(f, ", after {count} that {how} within {}", Seconds(deadline))?;
    }
    asked(spec, f)?;
    if let Some(security) = spec.kind.security() {
        // What was shown already.
        let host = if let CheckKind::Http(check) = &spec.kind { check.virtual_host.as_deref() } else { None };
        protection(security, host, f)?;
    }
    writeln!(f)
}

/// What is asked, and what is expected.
fn asked(spec: &CheckSpec, f: &mut Formatter<'_>) -> fmt::Result {
    match &spec.kind {
        CheckKind::Ping(check) if check.tries.get() > 1 => write!(f, ", {} requests", check.tries),
        CheckKind::Connect | CheckKind::Ping(_) | CheckKind::Tls(_) => Ok(()),
        CheckKind::External(check) => {
            write!(f, ": {} {}", command(&check.command), check.arguments(spec.target).join(" "))
        }
        CheckKind::Http(check) => http(check, f),
        CheckKind::Ftp(check) => {
            write!(f, ": {} as {}", check.request.as_deref().unwrap_or("login"), check.login.name)?;
            expected(&check.expected, f)
        }
        CheckKind::Mail(check) => match &check.login {
            Some(login) => write!(f, ": login as {}", login.name),
            None => write!(f, ": greeting"),
        },
        CheckKind::Tcp(check) => match &check.talk {
            TcpTalk::Once { request, expected: wanted } => {
                write!(f, ": {request:?}")?;
                expected(wanted, f)
            }
            TcpTalk::Steps(steps) => steps.iter().enumerate().try_for_each(|(index, step)| {
                f.write_str(if index == 0 { ": " } else { ", " })?;
                match step {
                    Step::Send(bytes) => write!(f, "send {bytes:?}"),
                    Step::Expect(pattern) => write!(f, "expect {:?}", pattern.as_str()),
                }
            }),
        },
        CheckKind::Udp(check) => {
            write!(f, ": {:?}", check.request)?;
            expected(&check.expected, f)
        }
        CheckKind::Ldap(check) => {
            write!(f, ": {:?}", check.base)?;
            if let Some(login) = &check.login {
                write!(f, " as {}", login.name)?;
            }
            expected(&check.expected, f)
        }
        CheckKind::Sql(check) => {
            match &check.query {
                Some(query) => write!(f, ": {query:?}")?,
                None => write!(f, ": login")?,
            }
            match check.login.name.as_str() {
                "" => write!(f, " without a name")?,
                name => write!(f, " as {name}")?,
            }
            if check.database.is_empty() { Ok(()) } else { write!(f, " in {}", check.database) }
        }
        CheckKind::Oracle(check) if check.database.is_empty() => Ok(()),
        CheckKind::Oracle(check) => write!(f, ": {}", check.database),
        CheckKind::Dns(check) => dns(check, f),
        CheckKind::Sip(check) => {
            write!(f, ": OPTIONS of {}{}", check.login, over(check.transport))
        }
        CheckKind::Radius(check) => write!(f, ": access of {}", check.login.name),
        CheckKind::Redis(check) => {
            write!(f, ": {}", check.request.as_deref().unwrap_or("PING"))?;
            expected(&check.expected, f)
        }
        CheckKind::Grpc(check) => {
            if check.service.is_empty() {
                write!(f, ": health")?;
            } else {
                write!(f, ": health of {}", check.service)?;
            }
            check.virtual_host.as_ref().map_or(Ok(()), |name| write!(f, " of {name}"))
        }
        CheckKind::Agent(check) if check.request.is_empty() => Ok(()),
        CheckKind::Agent(check) => write!(f, ": {:?}", check.request),
    }
}

fn http(check: &HttpCheck, f: &mut Formatter<'_>) -> fmt::Result {
    match check.method {
        HttpMethod::Get => write!(f, ": ")?,
        HttpMethod::Head => write!(f, ": head of ")?,
        method @ (HttpMethod::Options | HttpMethod::Post | HttpMethod::Put) => {
            write!(f, ": {} ", method.name())?;
        }
    }
    f.write_str(&check.request)?;
    if let Some(name) = &check.virtual_host {
        write!(f, " of {name}")?;
    } else if let Some(server) = check.server {
        write!(f, " of {server}")?;
    }
    // What is sent may be secret.
    for (index, field) in check.headers.iter().enumerate() {
        write!(f, "{}{}", if index == 0 { " with " } else { ", " }, field.name)?;
    }
    if let Some(body) = &check.body {
        write!(f, ", {} bytes of body", body.len())?;
    }
    if let Some(status) = &check.status {
        write!(f, ", status {status}")?;
    }
    for field in &*check.expected_headers {
        write!(f, ", {} matches {:?}", field.name, field.value.as_str())?;
    }
    expected(&check.expected, f)
}

fn dns(check: &DnsCheck, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, ": {} {}{}", check.record, check.name, over(check.transport))?;
    expected(&check.expected, f)
}

fn over(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "",
        Transport::Tcp => " over TCP",
    }
}

fn expected(expected: &Expected, f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(pattern) = &expected.receive {
        write!(f, " matches {:?}", pattern.as_str())?;
    }
    match &expected.refuse {
        Some(pattern) => write!(f, " does not match {:?}", pattern.as_str()),
        None => Ok(()),
    }
}

fn protection(security: &Security, host: Option<&str>, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(match security.start {
        TlsStart::AtOnce => "",
        TlsStart::Upgrade => ", by STARTTLS",
    })?;
    f.write_str(match security.verify {
        TlsVerify::No => ", certificate not verified",
        TlsVerify::Chain => ", certificate chain verified",
        TlsVerify::Full => ", certificate chain and name verified",
    })?;
    if let Some(name) = security.server_name.as_deref().filter(|&name| Some(name) != host) {
        write!(f, ", asked for as {name}")?;
    }
    if let Some(authorities) = &security.authorities {
        write!(f, ", trusting {}", authorities.path().display())?;
    }
    let expiry = security.expiry;
    if !expiry.warning.is_zero() {
        write!(f, ", warned of {} before its end", duration::written(expiry.warning))?;
    }
    if !expiry.failure.is_zero() {
        write!(f, ", bad {} before its end", duration::written(expiry.failure))?;
    }
    Ok(())
}
