//! A real server on the bus.

use std::{
    borrow::Cow,
    time::{Duration, UNIX_EPOCH},
};

use crate::director::RealRow;

use super::{
    interface::Description,
    manager::usec,
    path,
    property::{Exported, Get, Property, changing, constant, moving},
};

impl Exported for RealRow {
    const INTERFACE: Description =
        Description { name: "org.linuxvirtualserver.Ldirectord1.RealServer", methods: &[], signals: &[] };

    const PROPERTIES: &'static [Property<Self>] = &[
        // The identity in one text, `192.168.0.1:80`; it is unique within its virtual service only.
        constant("Id", Get::Text(|r| r.id.to_string().into())),
        constant("VirtualServer", Get::Path(|r| path::virtual_path(r.virtual_id))),
        constant("VirtualId", Get::Text(|r| r.virtual_id.to_string().into())),
        constant("Address", Get::Text(|r| r.id.0.ip().to_string().into())),
        constant("Port", Get::U16(|r| r.id.0.port())),
        // `gate`, `masq`, `ipip`, `gre[:csum]` or `gue:PORT[:csum|:remcsum]`.
        changing("Forwarding", Get::Text(|r| r.forward.to_string().into())),
        // `unknown` (never checked), `up`, `failing` (up, but the last checks failed) or `down`.
        changing("State", Get::Text(|r| r.state.name().into())),
        // Somebody took it out by hand, or its agent did, whatever its state is.
        changing("Maintenance", Get::Bool(|r| r.maintenance)),
        // In effect: 0 where it is out of service.
        changing("Weight", Get::U16(|r| r.weight)),
        changing("ConfiguredWeight", Get::U16(|r| r.configured_weight)),
        changing("CheckType", Get::Text(|r| r.check.into())),
        // The end of the last check, in microseconds since 1970, and how long it took.
        moving("LastCheck", Get::U64(|r| r.meter.last_check_usec())),
        moving("LastCheckDuration", Get::U64(|r| r.meter.duration_usec())),
        moving("ChecksPassed", Get::U64(|r| r.meter.counts().0)),
        moving("ChecksFailed", Get::U64(|r| r.meter.counts().1)),
        // When it last went up or down, in microseconds since 1970; 0 if it never did.
        changing("LastTransition", Get::U64(|r| usec(r.last_transition))),
        // Why the last check that failed did: a stable word and a sentence, or empty. A recovery leaves them.
        changing("LastFailureKind", Get::Text(|r| r.last_failure.as_ref().map_or("", |f| f.kind()).into())),
        changing(
            "LastFailure",
            Get::Text(|r| r.last_failure.as_ref().map_or(Cow::Borrowed(""), |f| f.to_string().into())),
        ),
        // The certificate it showed last is made out to another name; when it ends, or 0.
        changing("CertificateNameMismatch", Get::Bool(|r| r.certificate.is_some_and(|c| !c.name_matches))),
        changing("CertificateExpires", Get::U64(|r| r.certificate.map_or(0, |c| seconds(c.not_after)))),
        // That is so soon that it is warned of (`tls-expiry-warning`).
        changing("CertificateEndsSoon", Get::Bool(|r| r.certificate.is_some_and(|c| c.ends_soon))),
        // Whole days from the last check to its end; 0 also where there is none.
        moving("CertificateDaysLeft", Get::U64(days_left)),
    ];
}

fn days_left(row: &RealRow) -> u64 {
    let checked = UNIX_EPOCH + Duration::from_micros(row.meter.last_check_usec());
    row.certificate.map_or(0, |certificate| certificate.left(checked).days())
}

/// Seconds since 1970 in microseconds.
fn seconds(at: i64) -> u64 {
    u64::try_from(at).unwrap_or_default().saturating_mul(1_000_000)
}
