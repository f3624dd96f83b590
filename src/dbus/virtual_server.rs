//! A virtual service on the bus.

use std::borrow::Cow;

use crate::{
    director::VirtualRow,
    model::{Family, VirtualId},
};

use super::{
    interface::Description,
    manager::count,
    property::{Exported, Get, Property, changing, constant},
};

impl Exported for VirtualRow {
    const INTERFACE: Description =
        Description { name: "org.linuxvirtualserver.Ldirectord1.VirtualServer", methods: &[], signals: &[] };

    const PROPERTIES: &'static [Property<Self>] = &[
        // The identity in one text: `tcp:192.0.2.1:80`, `fwm:5`.
        constant("Id", Get::Text(|v| v.id.to_string().into())),
        // `tcp`, `udp`, `sctp` or `fwm`.
        constant("Protocol", Get::Text(|v| protocol(v.id).into())),
        // `ipv4` or `ipv6`.
        constant("Family", Get::Text(|v| family(v.id).into())),
        // Empty and 0 for a firewall mark, which in turn is 0 for an address.
        constant("Address", Get::Text(|v| address(v.id))),
        constant("Port", Get::U16(|v| v.id.port())),
        constant("FirewallMark", Get::U32(|v| mark(v.id))),
        // What people call it and have to say of it, or empty.
        changing("ServiceName", Get::Text(|v| v.name.as_deref().unwrap_or_default().into())),
        changing("Comment", Get::Text(|v| v.comment.as_deref().unwrap_or_default().into())),
        changing("Scheduler", Get::Text(|v| v.scheduler.as_ref().into())),
        // In seconds; 0 is none.
        changing(
            "Persistence",
            Get::U32(|v| v.persistence.map_or(0, |d| u32::try_from(d.as_secs()).unwrap_or(u32::MAX))),
        ),
        changing("Service", Get::Text(|v| v.service.into())),
        changing("CheckType", Get::Text(|v| (&*v.check_type).into())),
        changing("Quiescent", Get::Bool(|v| v.quiescent)),
        // Address and port, or empty.
        changing("Fallback", Get::Text(|v| v.fallback.map_or(Cow::Borrowed(""), |f| f.to_string().into()))),
        changing("FallbackActive", Get::Bool(|v| v.fallback_active)),
        // Real servers in service, and configured.
        changing("Serving", Get::U32(|v| count(v.serving))),
        changing("Total", Get::U32(|v| count(v.reals.len()))),
    ];
}

fn protocol(id: VirtualId) -> String {
    match id {
        VirtualId::Addr { protocol, .. } => protocol.to_string(),
        VirtualId::FwMark { .. } => "fwm".to_owned(),
    }
}

fn family(id: VirtualId) -> &'static str {
    match id.family() {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}

fn address(id: VirtualId) -> Cow<'static, str> {
    match id {
        VirtualId::Addr { address, .. } => address.ip().to_string().into(),
        VirtualId::FwMark { .. } => "".into(),
    }
}

fn mark(id: VirtualId) -> u32 {
    match id {
        VirtualId::Addr { .. } => 0,
        VirtualId::FwMark { mark, .. } => mark.get(),
    }
}
