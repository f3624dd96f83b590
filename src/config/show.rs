//! A configuration as a person checks it: everything that is in force, defaults included, in a stable form.

use std::{fmt, time::Duration};

use crate::model::{
    Check, CheckKind, CheckSpec, Config, Connects, HttpMethod, LogTarget, Pattern, Settings, Thresholds,
    TlsVerify, Virtual,
};

/// Shows a configuration. Passwords are left out.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'c>(pub &'c Config);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        settings(&self.0.settings, f)?;
        self.0.virtuals.iter().try_for_each(|service| virtual_service(service, f))
    }
}

fn settings(settings: &Settings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "director")?;
    writeln!(f, "  autoreload {}", yes_no(settings.autoreload))?;
    if settings.supervised {
        writeln!(f, "  supervised")?;
    }
    if let Some(command) = &settings.callback {
        writeln!(f, "  callback {}", command.argv.join(" "))?;
    }
    match &settings.logfile {
        Some(LogTarget::File(path)) => writeln!(f, "  log to file {}", path.display())?,
        Some(LogTarget::Facility(name)) => writeln!(f, "  log to facility {name}")?,
        None => {}
    }
    match settings.resync_interval {
        Some(interval) => writeln!(f, "  resync every {}", Seconds(interval))?,
        None => writeln!(f, "  resync never")?,
    }
    writeln!(f, "  longest negotiation {}", Seconds(settings.negotiate_timeout))
}

fn virtual_service(service: &Virtual, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nvirtual {}", service.id)?;
    if let Some(name) = &service.name {
        writeln!(f, "  called {name}")?;
    }
    if let Some(comment) = &service.comment {
        writeln!(f, "  comment {comment}")?;
    }
    write!(f, "  scheduler {}", service.scheduler)?;
    if !service.flags.is_empty() {
        write!(f, " flags {}", service.flags.names(&service.scheduler))?;
    }
    writeln!(f, "{}", if service.one_packet { ", one packet" } else { "" })?;
    if let Some(persistence) = &service.persistence {
        write!(f, "  persistent {}", Seconds(persistence.timeout))?;
        match persistence.netmask {
            Some(mask) => writeln!(f, " netmask {mask}")?,
            None => writeln!(f)?,
        }
    }
    writeln!(
        f,
        "  quiescent {}, cleanstop {}, failurecount {}",
        yes_no(service.quiescent),
        yes_no(service.cleanstop),
        service.failure_count
    )?;
    writeln!(f, "  service {}, checktype {}", service.service.name(), service.check_type)?;
    if let Some(fallback) = &service.fallback {
        writeln!(f, "  fallback {} {}", fallback.address, fallback.forward)?;
    }
    for real in &service.reals {
        write!(f, "  real {} {} weight {}", real.id, real.forward, real.weight)?;
        let Thresholds { upper, lower } = real.thresholds;
        if upper > 0 {
            write!(f, ", {lower} to {upper} connections")?;
        }
        writeln!(f)?;
        match &real.check {
            Check::On => writeln!(f, "    always up")?,
            Check::Off => writeln!(f, "    never up")?,
            Check::Probe(spec) => probe(spec, f)?,
        }
    }
    Ok(())
}

fn probe(spec: &CheckSpec, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (every, within) = (Seconds(spec.cadence.interval), Seconds(spec.cadence.deadline));
    write!(f, "    {} {} every {every} within {within}", spec.kind.name(), spec.target)?;
    if let Some(Connects { count, deadline }) = spec.connects {
        write!(f, ", after {count} that connect within {}", Seconds(deadline))?;
    }
    match &spec.kind {
        CheckKind::Connect => {}
        CheckKind::Http(http) => {
            f.write_str(match http.method {
                HttpMethod::Get => ": ",
                HttpMethod::Head => ": head of ",
            })?;
            f.write_str(&http.request)?;
            if let Some(name) = &http.virtual_host {
                write!(f, " of {name}")?;
            }
            receive(http.receive.as_deref(), f)?;
            match http.tls {
                Some(TlsVerify::No) => write!(f, ", certificate not verified")?,
                Some(TlsVerify::Chain) => write!(f, ", certificate chain verified")?,
                Some(TlsVerify::Full) => write!(f, ", certificate chain and name verified")?,
                None => {}
            }
        }
        CheckKind::Ftp(ftp) => {
            write!(f, ": {} as {}", ftp.request.as_deref().unwrap_or("login"), ftp.login)?;
            receive(ftp.receive.as_deref(), f)?;
        }
    }
    writeln!(f)
}

fn receive(pattern: Option<&Pattern>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    pattern.map_or(Ok(()), |pattern| write!(f, " matches {:?}", pattern.as_str()))
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// A duration in seconds, or with a fraction where it has one.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_nanos() == 0 {
            write!(f, "{}s", self.0.as_secs())
        } else {
            write!(f, "{}ms", self.0.as_millis())
        }
    }
}
