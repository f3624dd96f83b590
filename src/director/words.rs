//! The words of facts, and what a structured log has beside them.

use std::fmt;

use crate::{
    health::Failure,
    model::{RealId, VirtualId},
};

use super::{Fact, FactFields, Occasion, Severity};

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

impl Fact {
    /// A stable identity of this kind of fact (journald's `MESSAGE_ID`): 128 bits in lower-case hexadecimal, never
    /// given to another kind.
    #[must_use]
    pub fn message_id(&self) -> &'static str {
        match self {
            Self::Started { .. } => "c9c7e4d91a742edd5672031ae011581c",
            Self::Serving { .. } => "60c35d3454dd8dde54f699537dda6a85",
            Self::Stopping { .. } => "dfb5ccb3b9f15de68a93e7741b603538",
            Self::VirtualAdded(_) => "1da430212c282f586b85091d995aa2c6",
            Self::VirtualChanged(_) => "b1d6a5f720fe81f2b17fe5f70ef20a7f",
            Self::VirtualPurged(..) => "2aa5ce05eaf0f720bd0b6e6bfd129dcd",
            Self::RealInService { .. } => "2d4589a7031bbda68485f0ea2ee1fcaa",
            Self::RealQuiescent { .. } => "96c4f3d8161999b2d9fdd140917ec1de",
            Self::RealDeleted { .. } => "c78687cc40a2aa1253e0ee04adbac914",
            Self::RealPurged { .. } => "da7d96ab9fd1832d896a38c712f41ebe",
            Self::FallbackAdded { .. } => "843768a09ed3b7d94ade968d5fabc31b",
            Self::FallbackDeleted { .. } => "d02d7a7449de55f582240197ee946adc",
            Self::WentUp { .. } => "298a6da6d241197266bf0de71e574816",
            Self::WentDown { .. } => "dde4b3e94bfb67b99b4755bfe57009a2",
            Self::SoftFailure { .. } => "0e200acc4a92bb13a3a8264001f96f0a",
            Self::SoftFailureReset { .. } => "9df054e1064b1f8218d23253a4ac85bb",
            Self::CertificateName { .. } => "d359ff4db8cc143ae1ecf730e869d71c",
            Self::MaintenanceBegan { .. } => "17173b35588500cbb18c613c35d5efbc",
            Self::MaintenanceEnded { .. } => "78bf91eb60d50372b3c94ec4557d3c6c",
            Self::MaintenanceStranger { .. } => "e95e4aa39075b89aa90d3188f637fd0d",
            Self::ConfigChanged { .. } => "85a6497baa6d2845f22bdebe26889e7e",
            Self::ReloadAsked { .. } => "69ca29ae687e7e112510a22fc32cae5d",
            Self::ConfigLoaded { .. } => "1ca2c7530d88ccb6a1c6a7e57a08f10c",
            Self::ConfigUnchanged => "3759dfd461e2cf878b8c4cc669daa627",
            Self::ConfigRejected { .. } => "c18e40d33663e195db0e1d94c49f9e66",
            Self::ConfigWarning { .. } => "c5b9c6763fe212ab6e08ee7cb7498dca",
            Self::CallbackFailed { .. } => "f0b97453ff29fbb09bdd4f4046b2271d",
            Self::CallbackRan { .. } => "6c8a1541390c790de364b121a26bd25c",
            Self::FallbackCommandRan { .. } => "0904a30f1e954bc279de41921c82f920",
            Self::FallbackCommandFailed { .. } => "dba9e351abf959f9c3fbe7f24791db9f",
            Self::ExecuteRan { .. } => "385fd60c775d4fbcbaa49a829befe72c",
            Self::ExecuteFailed { .. } => "eda2ddf3f90d43fc922da90960b0330b",
            Self::MailSent { .. } => "75f5441e3b0800be4ea6cff5887188fe",
            Self::MailFailed { .. } => "b26a88c3601bd4e55e0d179d3e500fca",
            Self::TableFailed { .. } => "5d76ae4b4b0b098dd92009d7b376553b",
            Self::TableRecovered => "75581799f90df9fe44897e083d0fb919",
            Self::TimeoutsSet { .. } => "53d19104141d4bdd88fd1b87a6962244",
            Self::TimeoutsFailed { .. } => "bbc2355ef8d04ecdaa98ebd4991edbbb",
            Self::Drifted { .. } => "89fc75ee33c1ee240ea6d712a04c7be0",
            Self::ForeignWeight { .. } => "8cf85fa0d7c058a8a1b8bac2849e5458",
            Self::ForeignServer { .. } => "50748317b23f048c812ecd0845070817",
            Self::BusLost { .. } => "a79fba8fb5443de593a738e98e2be898",
            Self::BusServed { .. } => "cc8657fa7728ef5469c4c60082a4c060",
            Self::Trouble { .. } => "d3a5f1ff07fb56f4dd46f7443caa4e22",
        }
    }

    /// How much it matters: `journalctl -p warning` shows what somebody should care about.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::ConfigRejected { .. } | Self::TableFailed { .. } => Severity::Error,
            Self::WentDown { .. }
            | Self::FallbackAdded { .. }
            | Self::CertificateName { .. }
            | Self::ConfigWarning { .. }
            | Self::CallbackFailed { .. }
            | Self::FallbackCommandFailed { .. }
            | Self::ExecuteFailed { .. }
            | Self::MailFailed { .. }
            | Self::TimeoutsFailed { .. }
            | Self::MaintenanceStranger { .. }
            | Self::Drifted { .. }
            | Self::ForeignWeight { .. }
            | Self::ForeignServer { .. }
            | Self::BusLost { .. }
            | Self::Trouble { .. } => Severity::Warning,
            Self::Started { .. }
            | Self::Serving { .. }
            | Self::Stopping { .. }
            | Self::VirtualAdded(_)
            | Self::VirtualChanged(_)
            | Self::VirtualPurged(..)
            | Self::RealInService { .. }
            | Self::RealQuiescent { .. }
            | Self::RealDeleted { .. }
            | Self::RealPurged { .. }
            | Self::FallbackDeleted { .. }
            | Self::FallbackCommandRan { .. }
            | Self::ExecuteRan { .. }
            | Self::MaintenanceBegan { .. }
            | Self::MaintenanceEnded { .. }
            | Self::WentUp { .. }
            | Self::SoftFailure { .. }
            | Self::ConfigLoaded { .. }
            | Self::TimeoutsSet { .. }
            | Self::TableRecovered => Severity::Notice,
            Self::SoftFailureReset { .. }
            | Self::ConfigChanged { .. }
            | Self::ReloadAsked { .. }
            | Self::ConfigUnchanged
            | Self::CallbackRan { .. }
            | Self::MailSent { .. }
            | Self::BusServed { .. } => Severity::Info,
        }
    }

    /// The fact taken apart for a structured log.
    #[must_use]
    pub fn fields(&self) -> FactFields {
        let about = |virtual_id: &VirtualId, real: Option<&RealId>| FactFields {
            virtual_id: Some(virtual_id.to_string()),
            real: real.map(ToString::to_string),
            ..FactFields::default()
        };
        let failed = |reason: &Failure| (Some(reason.kind()), Some(reason.to_string()));
        match self {
            Self::VirtualAdded(id) | Self::VirtualChanged(id) | Self::VirtualPurged(id, _) => about(id, None),
            Self::FallbackCommandRan { virtual_id, .. } => about(virtual_id, None),
            Self::FallbackCommandFailed { virtual_id, reason, .. } => {
                FactFields { reason: Some(reason.clone()), ..about(virtual_id, None) }
            }
            Self::RealQuiescent { virtual_id, real, .. } => {
                FactFields { weight: Some(0), ..about(virtual_id, Some(real)) }
            }
            Self::RealInService { virtual_id, real, weight, .. }
            | Self::ForeignWeight { virtual_id, real, weight, .. } => {
                FactFields { weight: Some(*weight), ..about(virtual_id, Some(real)) }
            }
            Self::RealDeleted { virtual_id, real, .. }
            | Self::RealPurged { virtual_id, real, .. }
            | Self::FallbackAdded { virtual_id, real }
            | Self::FallbackDeleted { virtual_id, real }
            | Self::CertificateName { virtual_id, real }
            | Self::MaintenanceBegan { virtual_id, real, .. }
            | Self::MaintenanceEnded { virtual_id, real, .. }
            | Self::ForeignServer { virtual_id, real } => about(virtual_id, Some(real)),
            Self::WentUp { virtual_id, real, check, old } => FactFields {
                check: Some(check),
                old_state: Some(old.name()),
                new_state: Some("up"),
                ..about(virtual_id, Some(real))
            },
            Self::WentDown { virtual_id, real, check, old, reason } => {
                let (reason_kind, reason) = failed(reason);
                FactFields {
                    check: Some(check),
                    old_state: Some(old.name()),
                    new_state: Some("down"),
                    reason_kind,
                    reason,
                    ..about(virtual_id, Some(real))
                }
            }
            Self::SoftFailure { virtual_id, real, failures, check, reason, .. } => {
                let (reason_kind, reason) = failed(reason);
                FactFields {
                    check: Some(check),
                    old_state: Some(if *failures > 1 { "failing" } else { "up" }),
                    new_state: Some("failing"),
                    reason_kind,
                    reason,
                    ..about(virtual_id, Some(real))
                }
            }
            Self::SoftFailureReset { virtual_id, real, check } => FactFields {
                check: Some(check),
                old_state: Some("failing"),
                new_state: Some("up"),
                ..about(virtual_id, Some(real))
            },
            Self::TableFailed { reason, .. } | Self::TimeoutsFailed { reason, .. } => {
                FactFields { reason: Some(reason.to_string()), ..FactFields::default() }
            }
            Self::Drifted { virtual_id, what } => {
                FactFields { reason: Some(what.clone()), ..about(virtual_id, None) }
            }
            Self::CallbackFailed { reason, .. }
            | Self::ExecuteFailed { reason, .. }
            | Self::MailFailed { reason, .. }
            | Self::BusLost { reason } => {
                FactFields { reason: Some(reason.clone()), ..FactFields::default() }
            }
            Self::Started { .. }
            | Self::Serving { .. }
            | Self::Stopping { .. }
            | Self::MaintenanceStranger { .. }
            | Self::ConfigChanged { .. }
            | Self::ReloadAsked { .. }
            | Self::ConfigLoaded { .. }
            | Self::ConfigUnchanged
            | Self::ConfigRejected { .. }
            | Self::ConfigWarning { .. }
            | Self::ExecuteRan { .. }
            | Self::CallbackRan { .. }
            | Self::MailSent { .. }
            | Self::TableRecovered
            | Self::TimeoutsSet { .. }
            | Self::BusServed { .. }
            | Self::Trouble { .. } => FactFields::default(),
        }
    }
}
