//! What the world is: virtual services, real servers, checks and settings, as plain values.
//!
//! No I/O, no clock, no tokio, no text format. Both grammars lower into [`Config`]; everything above works on it.

mod alert;
mod authorities;
mod check;
mod flags;
mod forward;
mod ids;
mod kind;
mod pattern;
mod service;
mod settings;

pub use alert::{Alert, DirectorState, DirectorStates, MailAddress, MailRoute, Relay, SmtpServer, SmtpTls};
pub use authorities::{Authorities, AuthoritiesError};
pub use check::{Cadence, CheckSpec, Connects, Route};
pub use flags::SchedulerFlags;
pub use forward::{Forward, GueChecksum, ParseForwardError};
pub use ids::{Family, ParseIdError, Protocol, RealId, VirtualId};
pub use kind::{
    AgentCheck, Bytes, CheckKind, DnsCheck, Expected, ExpectedField, Expiry, ExternalCheck, FtpCheck,
    GrpcCheck, HttpCheck, HttpField, HttpMethod, LdapCheck, Login, MailCheck, MailProtocol, OracleCheck,
    PingCheck, RadiusCheck, RecordType, RedisCheck, Secret, Security, Service, SipCheck, SqlCheck, SqlServer,
    StatusSet, Step, TcpCheck, TcpTalk, TlsStart, TlsVerify, Transport, UdpCheck,
};
pub use pattern::{Pattern, PatternError};
pub use service::{
    Check, Fallback, FallbackCommand, Hysteresis, Netmask, Persistence, PersistenceEngine, Real, StartState,
    Thresholds, Virtual,
};
pub use settings::{Command, Config, IpvsTimeouts, LogTarget, Maintenance, Settings};
