//! What interfaces there are beside properties: methods, signals, and the standard ones that every object has.

use crate::director;

/// An interface, but for its properties.
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) methods: &'static [Method],
    pub(super) signals: &'static [Signal],
}

/// A method: what it is called with, what it answers, what it does.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) takes: &'static [Argument],
    pub(super) gives: &'static [Argument],
    pub(super) action: Action,
}

/// A signal.
pub(super) struct Signal {
    pub(super) name: &'static str,
    pub(super) carries: &'static [Argument],
}

/// Name and signature.
pub(super) type Argument = (&'static str, &'static str);

/// What a method does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Ping,
    MachineId,
    Introspect,
    Get,
    GetAll,
    Set,
    ManagedObjects,
    /// Something is asked of the director, by whoever may.
    Ask(director::Command),
}

impl Method {
    /// The signature of its arguments.
    pub(super) fn signature(&self) -> String {
        self.takes.iter().map(|(_, signature)| *signature).collect()
    }
}

pub(super) const PEER: Description = Description {
    name: "org.freedesktop.DBus.Peer",
    methods: &[
        Method { name: "Ping", takes: &[], gives: &[], action: Action::Ping },
        Method {
            name: "GetMachineId",
            takes: &[],
            gives: &[("machine_uuid", "s")],
            action: Action::MachineId,
        },
    ],
    signals: &[],
};

pub(super) const INTROSPECTABLE: Description = Description {
    name: "org.freedesktop.DBus.Introspectable",
    methods: &[Method {
        name: "Introspect",
        takes: &[],
        gives: &[("xml_data", "s")],
        action: Action::Introspect,
    }],
    signals: &[],
};

pub(super) const PROPERTIES: Description = Description {
    name: "org.freedesktop.DBus.Properties",
    methods: &[
        Method {
            name: "Get",
            takes: &[("interface_name", "s"), ("property_name", "s")],
            gives: &[("value", "v")],
            action: Action::Get,
        },
        Method {
            name: "GetAll",
            takes: &[("interface_name", "s")],
            gives: &[("properties", "a{sv}")],
            action: Action::GetAll,
        },
        Method {
            name: "Set",
            takes: &[("interface_name", "s"), ("property_name", "s"), ("value", "v")],
            gives: &[],
            action: Action::Set,
        },
    ],
    signals: &[Signal {
        name: "PropertiesChanged",
        carries: &[
            ("interface_name", "s"),
            ("changed_properties", "a{sv}"),
            ("invalidated_properties", "as"),
        ],
    }],
};

pub(super) const OBJECT_MANAGER: Description = Description {
    name: "org.freedesktop.DBus.ObjectManager",
    methods: &[Method {
        name: "GetManagedObjects",
        takes: &[],
        gives: &[("objects", "a{oa{sa{sv}}}")],
        action: Action::ManagedObjects,
    }],
    signals: &[
        Signal {
            name: "InterfacesAdded",
            carries: &[("object", "o"), ("interfaces_and_properties", "a{sa{sv}}")],
        },
        Signal { name: "InterfacesRemoved", carries: &[("object", "o"), ("interfaces", "as")] },
    ],
};
