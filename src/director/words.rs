//! The words of facts.

use std::{fmt, time::Duration};

use crate::{
    health::Mode,
    model::{RealId, VirtualId},
};

use super::{Fact, Occasion, Starts};

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Stop => "stop",
        })
    }
}

/// `192.168.0.1:80 (204.202.136.32:80)`, as the reference names a server in a service.
struct In<'a>(&'a RealId, &'a VirtualId);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.1.label())
    }
}

/// What people need of a time that was measured.
fn rounded(time: Duration) -> Duration {
    let digits = if time < Duration::from_secs(10) { 10 } else { 1_000 };
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX) / digits * digits)
}

impl fmt::Display for Fact {
    #[expect(clippy::too_many_lines, reason = "one sentence for each kind of fact, side by side")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { version, pid } => write!(f, "Starting Linux Director v{version} with pid: {pid}"),
            Self::Serving { serving, total } => {
                write!(f, "Serving: {serving} of {total} real servers are up")
            }
            Self::Stopping { why, clean: true } => write!(f, "Linux Director Daemon terminated on {why}"),
            Self::Stopping { why, clean: false } => {
                write!(f, "Linux Director Daemon terminated on {why}, leaving the table as it is")
            }
            Self::VirtualAdded(id) => write!(f, "Added virtual server: {}", id.label()),
            Self::VirtualChanged(id) => write!(f, "Changed virtual server: {}", id.label()),
            Self::VirtualPurged(id, when) => write!(f, "Purged virtual server ({when}): {}", id.label()),
            Self::RealInService { virtual_id, real, restored, weight } => {
                let verb = if *restored { "Restored" } else { "Added" };
                write!(f, "{verb} real server: {} (Weight set to {weight})", In(real, virtual_id))
            }
            Self::RealQuiescent { virtual_id, real, .. } => {
                write!(f, "Quiescent real server: {} (Weight set to 0)", In(real, virtual_id))
            }
            Self::RealWeighed { virtual_id, real, weight } => {
                write!(f, "Changed real server: {} (Weight set to {weight})", In(real, virtual_id))
            }
            Self::RealDeleted { virtual_id, real, mapped: None } => {
                write!(f, "Deleted real server: {}", In(real, virtual_id))
            }
            Self::RealDeleted { virtual_id, real, mapped: Some(shown) } => {
                let label = virtual_id.label();
                write!(f, "Deleted real server: {shown} mapped from {real} ({label})")
            }
            Self::RealPurged { virtual_id, real, occasion } => {
                write!(f, "Purged real server ({occasion}): {}", In(real, virtual_id))
            }
            Self::FallbackAdded { virtual_id, real } => {
                write!(f, "Added fallback server: {} (Weight set to 1)", In(real, virtual_id))
            }
            Self::FallbackDeleted { virtual_id, real } => {
                write!(f, "Deleted fallback server: {}", In(real, virtual_id))
            }
            Self::WentUp { virtual_id, real, check, .. } => {
                write!(f, "Real server {real} ({virtual_id}) is up: {check} check passed")
            }
            Self::WentDown { virtual_id, real, check, reason, .. } => {
                write!(f, "Real server {real} ({virtual_id}) is down: {check} check: {reason}")
            }
            Self::SoftFailure { virtual_id, real, failures, limit, check, reason } => write!(
                f,
                "Soft failure real server: {real} ({virtual_id}) failure {failures}/{limit}: {check} check: {reason}"
            ),
            Self::SoftFailureReset { virtual_id, real, .. } => {
                write!(f, "Resetting soft failure count: {real} ({virtual_id})")
            }
            Self::CertificateName { virtual_id, real } => write!(
                f,
                "Certificate of real server {real} ({virtual_id}) is made out to another name; it is accepted \
                 (tls-verify = full would refuse it)"
            ),
            Self::Advised { virtual_id, real, advice, weight, configured } => {
                write!(f, "Agent of real server {real} ({virtual_id}) ")?;
                match advice.mode {
                    Mode::Ready => {
                        write!(f, "wants {}% of its weight: {weight} of {configured}", advice.percent)
                    }
                    Mode::Drain => f.write_str("drains it: no new connections"),
                    Mode::Maintenance => f.write_str("has it in maintenance"),
                }
            }
            Self::CertificateEnds { virtual_id, real, left } if left.0.is_zero() => {
                write!(f, "Certificate of real server {real} ({virtual_id}) has ended")
            }
            Self::CertificateEnds { virtual_id, real, left } => {
                write!(f, "Certificate of real server {real} ({virtual_id}) ends in {left}")
            }
            Self::CertificateRenewed { virtual_id, real, left } => {
                write!(f, "Certificate of real server {real} ({virtual_id}) was renewed: it ends in {left}")
            }
            Self::MaintenanceBegan { virtual_id, real, file } => {
                write!(f, "Real server {real} ({virtual_id}) is in maintenance: file {file:?}")
            }
            Self::MaintenanceEnded { virtual_id, real, state } => {
                write!(f, "Real server {real} ({virtual_id}) left maintenance: its state is {state}")
            }
            Self::MaintenanceStranger { file } => {
                write!(f, "File {file:?} in the maintenance directory is called like no real server")
            }
            Self::ConfigChanged { path, loading: true } => {
                write!(
                    f,
                    "Configuration file '{}' has changed on disk - reread new configuration",
                    path.display()
                )
            }
            Self::ConfigChanged { path, loading: false } => {
                write!(
                    f,
                    "Configuration file '{}' has changed on disk - ignore new configuration",
                    path.display()
                )
            }
            Self::ReloadAsked { by } => write!(f, "Reloading Linux Director Daemon config on {by}"),
            Self::ConfigLoaded { virtuals, reals } => {
                write!(f, "Configuration is in force: {virtuals} virtual services, {reals} real servers")
            }
            Self::ConfigUnchanged => f.write_str("Configuration is in force: it is what it was before"),
            Self::ConfigRejected { text } => {
                write!(f, "Configuration rejected, the one before stays in force:\n{text}")
            }
            Self::ConfigWarning { text } => write!(f, "Configuration: {text}"),
            Self::CallbackFailed { program, reason } => write!(f, "Callback {program} failed: {reason}"),
            Self::CallbackRan { program } => write!(f, "Callback {program} ran"),
            Self::FallbackCommandRan { virtual_id, action, program } => {
                write!(f, "Fallback command {program} {action} ({}) ran", virtual_id.label())
            }
            Self::FallbackCommandFailed { virtual_id, action, program, reason } => {
                write!(f, "Fallback command {program} {action} ({}) failed: {reason}", virtual_id.label())
            }
            Self::ExecuteRan { configuration, order } => {
                write!(f, "Executed ldirectord {configuration} {order}")
            }
            Self::ExecuteFailed { configuration, order, reason } => {
                write!(f, "Executing ldirectord {configuration} {order} failed: {reason}")
            }
            Self::MailSent { subject } => write!(f, "emailalert: {subject}"),
            Self::MailFailed { subject, smtp, reason, retry_in } => {
                let kind = if *smtp { "SMTP email" } else { "email" };
                write!(f, "failed to send {kind} message: {reason}")?;
                match retry_in {
                    Some(time) => write!(f, "; trying again in {time:?}: {subject}"),
                    None => write!(f, "; it is lost: {subject}"),
                }
            }
            Self::ChecksLate(starts) => {
                let Starts { all, late, waiting, by, within } = starts;
                let (by, within) = (rounded(*by), rounded(*within));
                write!(
                    f,
                    "Checks are late, by up to {by:?}: within {within:?} {late} of {all} began more than a tenth of \
                     their interval after they were due"
                )?;
                match waiting {
                    0 => Ok(()),
                    waiting => write!(f, ", and {waiting} wait until others end"),
                }
            }
            Self::ChecksOnTime(Starts { all, late, by, within, .. }) => {
                let (by, within) = (rounded(*by), rounded(*within));
                write!(
                    f,
                    "Checks are on time again: within {within:?} {late} of {all} were late, by up to {by:?}"
                )
            }
            Self::TableFailed { reason, retry_in } => {
                write!(f, "The IPVS table is not as it should be: {reason}; trying again in {retry_in:?}")
            }
            Self::TableRecovered => f.write_str("The IPVS table is as it should be again"),
            Self::TimeoutsSet { before: old, after: new } => write!(
                f,
                "IPVS timeouts set: tcp {} s, tcpfin {} s, udp {} s (before: {}, {}, {})",
                new.tcp, new.tcp_fin, new.udp, old.tcp, old.tcp_fin, old.udp
            ),
            Self::TimeoutsFailed { reason, retry_in } => {
                write!(
                    f,
                    "The IPVS timeouts are not as they should be: {reason}; trying again in {retry_in:?}"
                )
            }
            Self::Drifted { virtual_id, what } => {
                write!(
                    f,
                    "Somebody changed virtual service {virtual_id} in the table: {what}; putting it right"
                )
            }
            Self::ForeignWeight { virtual_id, real, weight, configured } => write!(
                f,
                "Somebody set the weight of real server {} to {weight} (configured: {configured}); it stays so until \
                 the server's next transition or a reload",
                In(real, virtual_id)
            ),
            Self::ForeignServer { virtual_id, real } => write!(
                f,
                "Somebody added server {} that is not configured; it stays until a reload",
                In(real, virtual_id)
            ),
            Self::BusLost { reason } => {
                write!(f, "No message bus ({reason}): balancing goes on without it, trying again")
            }
            Self::BusServed { name } => write!(f, "On the message bus as {name}"),
            Self::Trouble { what } => f.write_str(what),
        }
    }
}
