//! A configuration as a person checks it: everything that is in force, defaults included, in a stable form.

mod check;

use std::{fmt, time::Duration};

use crate::model::{
    Alert, Check, Command, Config, Hysteresis, IpvsTimeouts, LogTarget, MailRoute, Relay, Settings,
    SmtpServer, SmtpTls, StartState, Thresholds, Virtual,
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
    if let Some(callback) = &settings.callback {
        writeln!(f, "  callback {}", command(callback))?;
    }
    for configuration in &settings.execute {
        writeln!(f, "  execute {configuration}")?;
    }
    if let Some(maintenance) = &settings.maintenance {
        writeln!(f, "  maintenance files in {}", maintenance.directory.display())?;
        for (server, names) in &maintenance.names {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            writeln!(f, "    {server} is {}", names.join(", "))?;
        }
    }
    if settings.supervised {
        writeln!(f, "  supervised")?;
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
    if let Some(IpvsTimeouts { tcp, tcp_fin, udp }) = settings.ipvs_timeouts {
        let shown = |seconds| if seconds == 0 { "kept".to_owned() } else { format!("{seconds}s") };
        writeln!(f, "  ipvs timeouts tcp {}, tcpfin {}, udp {}", shown(tcp), shown(tcp_fin), shown(udp))?;
    }
    writeln!(f, "  longest negotiation {}", Seconds(settings.negotiate_timeout))
}

fn virtual_service(service: &Virtual, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nvirtual {}", service.id)?;
    if let Some(name) = &service.name {
        writeln!(f, "  name {name}")?;
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
        if let Some(mask) = persistence.netmask {
            write!(f, " netmask {mask}")?;
        }
        match persistence.engine {
            Some(engine) => writeln!(f, " by {engine}")?,
            None => writeln!(f)?,
        }
    }
    let Hysteresis { fall, rise } = service.hysteresis;
    write!(
        f,
        "  quiescent {}, cleanstop {}, failurecount {fall}",
        yes_no(service.quiescent),
        yes_no(service.cleanstop),
    )?;
    if rise.get() > 1 {
        write!(f, ", rise {rise}")?;
    }
    f.write_str(match service.start_state {
        StartState::Check => "",
        StartState::Up => ", up at first",
        StartState::Down => ", down at first",
    })?;
    writeln!(f)?;
    writeln!(f, "  service {}, checktype {}", service.service.name(), service.check_type)?;
    if let Some(fallback) = &service.fallback {
        writeln!(f, "  fallback {} {}", fallback.address, fallback.forward)?;
    }
    if let Some(fallback) = &service.fallback_command {
        let on_stop = if fallback.on_stop { ", also at a stop" } else { "" };
        writeln!(f, "  fallback command {}{on_stop}", command(&fallback.command))?;
    }
    if let Some(alert) = &service.alert {
        mails(alert, f)?;
    }
    if let Some(path) = &service.monitor {
        writeln!(f, "  monitor file {}", path.display())?;
    }
    for real in &service.reals {
        write!(f, "  real {} {} weight {}", real.id, real.forward, real.weight)?;
        let Thresholds { upper, lower } = real.thresholds;
        if upper > 0 {
            write!(f, ", {lower} to {upper} connections")?;
        }
        writeln!(f)?;
        if let Some(name) = &real.monitored_as {
            writeln!(f, "    monitored as {name:?}")?;
        }
        match &real.check {
            Check::On => writeln!(f, "    always up")?,
            Check::Off => writeln!(f, "    never up")?,
            Check::Probe(spec) => check::probe(spec, f)?,
        }
    }
    Ok(())
}

fn mails(alert: &Alert, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let MailRoute { to, from, relay } = &*alert.route;
    let to = to.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    write!(f, "  mail {to}")?;
    if let Some(from) = from {
        write!(f, " from {from}")?;
    }
    write!(f, " when {}", alert.states)?;
    if let Some(repeat) = alert.repeat {
        write!(f, ", again every {}", Seconds(repeat))?;
    }
    match relay {
        Relay::Sendmail => writeln!(f, ", by sendmail"),
        Relay::Smtp(server) => {
            let SmtpServer { host, port, tls, login } = &**server;
            let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
            write!(f, ", by {open}{host}{close}:{port}")?;
            match tls {
                SmtpTls::No => {}
                SmtpTls::StartTls => write!(f, " with STARTTLS")?,
                SmtpTls::Yes => write!(f, " with TLS")?,
            }
            match login {
                Some((name, _)) => writeln!(f, " as {name}"),
                None => writeln!(f),
            }
        }
    }
}

/// A command with its arguments one by one, as soon as it is not plain where they end.
fn command(command: &Command) -> String {
    let plain = |word: &String| !word.is_empty() && !word.contains([' ', '\t', '"', '\'']);
    let words = command.argv.iter().map(|word| if plain(word) { word.clone() } else { format!("{word:?}") });
    words.collect::<Vec<_>>().join(" ")
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
