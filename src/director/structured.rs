//! What a structured log has of a fact beside its words.

use crate::{
    health::Failure,
    model::{RealId, VirtualId},
};

use super::Fact;

/// How much a fact matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is wrong that the program cannot mend.
    Error,
    /// Something to care about.
    Warning,
    /// What happens in the life of a farm.
    Notice,
    /// Detail.
    Info,
}

/// A fact taken apart for a structured log. Names of journal fields are these in upper case with `LDIRECTORD_`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactFields {
    /// The virtual service, canonical (`tcp:192.0.2.1:80`).
    pub virtual_id: Option<String>,
    /// The real server (`192.168.0.1:80`).
    pub real: Option<String>,
    /// What was asked of it.
    pub check: Option<&'static str>,
    /// State before.
    pub old_state: Option<&'static str>,
    /// State after.
    pub new_state: Option<&'static str>,
    /// Kind of failure.
    pub reason_kind: Option<&'static str>,
    /// Failure or trouble in words.
    pub reason: Option<String>,
    /// Weight in effect.
    pub weight: Option<u16>,
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
            Self::RealWeighed { .. } => "9908db32b5a47311a254d5300fbdb480",
            Self::RealDeleted { .. } => "c78687cc40a2aa1253e0ee04adbac914",
            Self::RealPurged { .. } => "da7d96ab9fd1832d896a38c712f41ebe",
            Self::FallbackAdded { .. } => "843768a09ed3b7d94ade968d5fabc31b",
            Self::FallbackDeleted { .. } => "d02d7a7449de55f582240197ee946adc",
            Self::WentUp { .. } => "298a6da6d241197266bf0de71e574816",
            Self::WentDown { .. } => "dde4b3e94bfb67b99b4755bfe57009a2",
            Self::SoftFailure { .. } => "0e200acc4a92bb13a3a8264001f96f0a",
            Self::SoftFailureReset { .. } => "9df054e1064b1f8218d23253a4ac85bb",
            Self::CertificateName { .. } => "d359ff4db8cc143ae1ecf730e869d71c",
            Self::Advised { .. } => "7f7c69feff8235ed9be21e8c86ca6036",
            Self::CertificateEnds { .. } => "27653a67b96abab8d0b68a069a9c41fa",
            Self::CertificateRenewed { .. } => "7883faaaf140e241e473f281a73372af",
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
            Self::ChecksLate(_) => "d1d9de685a6e4cd2a35dc9acbd444008",
            Self::ChecksOnTime(_) => "576cbb9341af6cb8b3b134529a27553e",
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
            | Self::CertificateEnds { .. }
            | Self::ConfigWarning { .. }
            | Self::CallbackFailed { .. }
            | Self::FallbackCommandFailed { .. }
            | Self::ExecuteFailed { .. }
            | Self::MailFailed { .. }
            | Self::TimeoutsFailed { .. }
            | Self::MaintenanceStranger { .. }
            | Self::ChecksLate(_)
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
            | Self::Advised { .. }
            | Self::CertificateRenewed { .. }
            | Self::MaintenanceBegan { .. }
            | Self::MaintenanceEnded { .. }
            | Self::WentUp { .. }
            | Self::SoftFailure { .. }
            | Self::ConfigLoaded { .. }
            | Self::TimeoutsSet { .. }
            | Self::ChecksOnTime(_)
            | Self::TableRecovered => Severity::Notice,
            Self::SoftFailureReset { .. }
            | Self::RealWeighed { .. }
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
            | Self::RealWeighed { virtual_id, real, weight }
            | Self::Advised { virtual_id, real, weight, .. }
            | Self::ForeignWeight { virtual_id, real, weight, .. } => {
                FactFields { weight: Some(*weight), ..about(virtual_id, Some(real)) }
            }
            Self::RealDeleted { virtual_id, real, .. }
            | Self::RealPurged { virtual_id, real, .. }
            | Self::FallbackAdded { virtual_id, real }
            | Self::FallbackDeleted { virtual_id, real }
            | Self::CertificateName { virtual_id, real }
            | Self::CertificateEnds { virtual_id, real, .. }
            | Self::CertificateRenewed { virtual_id, real, .. }
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
            | Self::ChecksLate(_)
            | Self::ChecksOnTime(_)
            | Self::TableRecovered
            | Self::TimeoutsSet { .. }
            | Self::BusServed { .. }
            | Self::Trouble { .. } => FactFields::default(),
        }
    }
}
