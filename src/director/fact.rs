//! What happened, for people: one vocabulary with many listeners (journal, log file, mail, bus). None of them
//! decides anything, and nothing operators act on is said anywhere else.
//!
//! The sentences of table changes are the reference's, since people search their logs for them.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    health::{Advice, Failure, Left, State},
    model::{IpvsTimeouts, RealId, VirtualId},
};

use super::{Action, Order, Starts};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The program started with this configuration.
    Started {
        /// Version of the program.
        version: &'static str,
        /// Process id.
        pid: u32,
    },
    /// The first round of checks is in the table.
    Serving {
        /// Real servers in service.
        serving: usize,
        /// Real servers configured.
        total: usize,
    },
    /// The end has begun.
    Stopping {
        /// Why: `signal: TERM`.
        why: &'static str,
        /// Our services leave the table.
        clean: bool,
    },
    /// A virtual service is in the table that was not.
    VirtualAdded(VirtualId),
    /// Scheduler or persistence of a virtual service changed in the table.
    VirtualChanged(VirtualId),
    /// A virtual service left the table.
    VirtualPurged(VirtualId, Occasion),
    /// A real server entered the table, or its weight went from 0 to something.
    RealInService {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// It was in the table before, with weight 0 or other settings.
        restored: bool,
        /// Weight it has now.
        weight: u16,
    },
    /// A real server stays in the table with weight 0.
    RealQuiescent {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// It was not in the table before.
        added: bool,
    },
    /// The weight of a real server that serves is another one in the table, by its agent's word.
    RealWeighed {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// Weight it has now.
        weight: u16,
    },
    /// A real server left the table.
    RealDeleted {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server, as configured.
        real: RealId,
        /// The address under which the kernel had it, where that differs.
        mapped: Option<RealId>,
    },
    /// A server that is not configured left the table of our service.
    RealPurged {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// When.
        occasion: Occasion,
    },
    /// The fallback server takes the traffic.
    FallbackAdded {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
    },
    /// The fallback server no longer takes the traffic.
    FallbackDeleted {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
    },
    /// Checks brought a real server up.
    WentUp {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// State before.
        old: State,
        /// What was asked.
        check: &'static str,
    },
    /// Checks took a real server down.
    WentDown {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// State before.
        old: State,
        /// What was asked.
        check: &'static str,
        /// Why.
        reason: Arc<Failure>,
    },
    /// A serving server failed a check, not yet often enough.
    SoftFailure {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// Failures in a row.
        failures: u32,
        /// How many take it out.
        limit: u32,
        /// What was asked.
        check: &'static str,
        /// Why.
        reason: Arc<Failure>,
    },
    /// A server that had begun to fail passed again.
    SoftFailureReset {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// What was asked.
        check: &'static str,
    },
    /// A server's certificate is made out to another name; it is accepted.
    CertificateName {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
    },
    /// The agent on a real server wants it to have another weight, to be drained, or to be out.
    Advised {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// What it wants.
        advice: Advice,
        /// What is left of the weight.
        weight: u16,
        /// Weight of the configuration.
        configured: u16,
    },
    /// A server's certificate ends soon (`tls-expiry-warning`).
    CertificateEnds {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// How long it is still good.
        left: Left,
    },
    /// A server whose certificate was about to end has another one, which is not.
    CertificateRenewed {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// How long the new one is good.
        left: Left,
    },
    /// A file in the maintenance directory takes a real server out.
    MaintenanceBegan {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// The file.
        file: String,
    },
    /// No file takes a real server out any longer.
    MaintenanceEnded {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// What checks found last: if it is up it serves again.
        state: State,
    },
    /// A file in the maintenance directory is called like no real server.
    MaintenanceStranger {
        /// The file.
        file: String,
    },
    /// The configuration file changed on disk.
    ConfigChanged {
        /// The file.
        path: PathBuf,
        /// It will be loaded.
        loading: bool,
    },
    /// Somebody asked for the configuration to be loaded again.
    ReloadAsked {
        /// How: `signal`, `request`.
        by: &'static str,
    },
    /// A configuration was loaded and is in force.
    ConfigLoaded {
        /// Virtual services in it.
        virtuals: usize,
        /// Real servers in it.
        reals: usize,
    },
    /// A configuration was loaded and is what was in force before.
    ConfigUnchanged,
    /// A configuration was refused; the one before stays in force.
    ConfigRejected {
        /// All diagnostics, with file, line and caret.
        text: Arc<str>,
    },
    /// A diagnostic of a configuration that was taken all the same.
    ConfigWarning {
        /// The diagnostic, with file, line and caret.
        text: Arc<str>,
    },
    /// The callback could not be run or failed.
    CallbackFailed {
        /// The program.
        program: String,
        /// How it ended.
        reason: String,
    },
    /// The callback ran.
    CallbackRan {
        /// The program.
        program: String,
    },
    /// The fallback command of a service did what it was told.
    FallbackCommandRan {
        /// Of which service.
        virtual_id: VirtualId,
        /// What it was told.
        action: Action,
        /// The program.
        program: String,
    },
    /// The fallback command of a service could not be run or failed. It is not run again before the next change.
    FallbackCommandFailed {
        /// Of which service.
        virtual_id: VirtualId,
        /// What it was told.
        action: Action,
        /// The program.
        program: String,
        /// How it ended.
        reason: String,
    },
    /// The director of another configuration did as it was told (`execute`).
    ExecuteRan {
        /// The other configuration.
        configuration: Arc<str>,
        /// What it was told.
        order: Order,
    },
    /// It did not.
    ExecuteFailed {
        /// The other configuration.
        configuration: Arc<str>,
        /// What it was told.
        order: Order,
        /// Why not.
        reason: String,
    },
    /// A mail is on its way.
    MailSent {
        /// Its subject.
        subject: String,
    },
    /// A mail could not be handed over.
    MailFailed {
        /// Its subject.
        subject: String,
        /// It was for a server, not for `sendmail`.
        smtp: bool,
        /// In which words.
        reason: String,
        /// When it is tried again, if it is.
        retry_in: Option<Duration>,
    },
    /// Checks begin later than they should, or not at all, for want of places or of time. Their servers do not suffer.
    ChecksLate(Starts),
    /// They begin in time again, and have for a while; with how they began until then.
    ChecksOnTime(Starts),
    /// The table could not be read or written; it is tried again.
    TableFailed {
        /// In which words.
        reason: Arc<str>,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// The table can be written again.
    TableRecovered,
    /// The kernel keeps connections for another time now, by our doing.
    TimeoutsSet {
        /// Before.
        before: IpvsTimeouts,
        /// Now.
        after: IpvsTimeouts,
    },
    /// How long the kernel keeps connections could not be set; it is tried again.
    TimeoutsFailed {
        /// In which words.
        reason: Arc<str>,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// A service of ours was changed in the table by somebody else; it is put right.
    Drifted {
        /// Which service.
        virtual_id: VirtualId,
        /// What is wrong, in words.
        what: String,
    },
    /// Somebody set the weight of a serving server by hand; it is left so until the server's next transition or a
    /// reload.
    ForeignWeight {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
        /// Weight in the table.
        weight: u16,
        /// Weight of the configuration.
        configured: u16,
    },
    /// Somebody added a server to a service of ours; it is left until a reload.
    ForeignServer {
        /// Of which service.
        virtual_id: VirtualId,
        /// Which server.
        real: RealId,
    },
    /// The bus cannot be reached; balancing goes on.
    BusLost {
        /// In which words.
        reason: String,
    },
    /// The bus is served.
    BusServed {
        /// Our name on it.
        name: String,
    },
    /// Trouble of the director itself that takes nothing out of service: a file watch, a log, a socket.
    Trouble {
        /// In words.
        what: String,
    },
}

/// When something was purged; the word the reference prints in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// At a start or reload.
    Start,
    /// At a stop.
    Stop,
}
