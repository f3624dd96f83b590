//! Errors as the bus names them.

use zbus::message::{Header, Message};

use crate::director::Refusal;

/// An error reply: its name and words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    name: Name,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// `org.freedesktop.DBus.Error.*`
    Standard(&'static str),
    /// `org.linuxvirtualserver.Ldirectord1.Error.*`
    Own(&'static str),
}

/// The configuration was rejected; the one before stays in force.
pub(super) const INVALID_CONFIG: &str = "InvalidConfig";
/// The director is stopping.
pub(super) const STOPPING: &str = "Stopping";

impl Fault {
    fn standard(name: &'static str, text: impl Into<String>) -> Self {
        Self { name: Name::Standard(name), text: text.into() }
    }

    pub(super) fn unknown_object(path: &str) -> Self {
        Self::standard("UnknownObject", format!("there is no object '{path}'"))
    }

    pub(super) fn unknown_interface(interface: &str) -> Self {
        Self::standard("UnknownInterface", format!("the object has no interface '{interface}'"))
    }

    pub(super) fn unknown_method(member: &str) -> Self {
        Self::standard("UnknownMethod", format!("there is no method '{member}'"))
    }

    pub(super) fn unknown_property(property: &str) -> Self {
        Self::standard("UnknownProperty", format!("there is no property '{property}'"))
    }

    pub(super) fn read_only(property: &str) -> Self {
        Self::standard("PropertyReadOnly", format!("the property '{property}' is read-only"))
    }

    pub(super) fn invalid_args(wanted: &str, got: &str) -> Self {
        Self::standard("InvalidArgs", format!("arguments are '{got}' where '{wanted}' is wanted"))
    }

    pub(super) fn limits_exceeded(text: impl Into<String>) -> Self {
        Self::standard("LimitsExceeded", text)
    }

    pub(super) fn access_denied(text: impl Into<String>) -> Self {
        Self::standard("AccessDenied", text)
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::standard("Failed", text)
    }

    /// The reply that carries it.
    pub(super) fn reply(&self, call: &Header<'_>) -> zbus::Result<Message> {
        Message::error(call, self.full_name()).build(&self.text)
    }

    fn full_name(&self) -> String {
        match self.name {
            Name::Standard(name) => format!("org.freedesktop.DBus.Error.{name}"),
            Name::Own(name) => own_name(name),
        }
    }
}

/// The full name of an error of our own.
pub(super) fn own_name(name: &str) -> String {
    format!("{}.Error.{name}", super::path::PREFIX)
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let name = match refusal {
            Refusal::InvalidConfig(_) => INVALID_CONFIG,
            Refusal::Stopping => STOPPING,
        };
        Self { name: Name::Own(name), text: refusal.to_string() }
    }
}
