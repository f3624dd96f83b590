//! Answers to method calls. What can be answered from the view is answered here and now; what somebody else must be
//! asked is handed back.

use zbus::{
    message::{Body, Header, Message},
    names::InterfaceName,
};

use crate::director;

use super::{
    error::Fault,
    interface::{Action, Description, INTROSPECTABLE, Method, OBJECT_MANAGER, PEER, PROPERTIES},
    property::Face,
    view::{Node, Object, View},
    wire::{ManagedObjects, NO_PROPERTIES, Properties},
    xml,
};

/// No message is longer: a bus cuts off who sends more than its limit, and this is the usual one. The rest is left for
/// the header.
const LONGEST: usize = 32 * 1024 * 1024 - 4096;

/// What becomes of a call.
pub(super) enum Answer {
    /// This is the reply.
    Reply(zbus::Result<Message>),
    /// The director is to be asked, if the caller may.
    Ask(director::Command),
}

/// Takes a method call.
pub(super) fn answer(view: &View, call: &Message) -> Answer {
    let header = call.header();
    match routed(view, &header, &call.body()) {
        Ok(answer) => answer,
        Err(fault) => Answer::Reply(fault.reply(&header)),
    }
}

fn routed(view: &View, header: &Header<'_>, body: &Body) -> Result<Answer, Fault> {
    // A call without these two is no valid message and does not get here.
    let path = header.path().map_or("", |path| path.as_str());
    let member = header.member().map_or("", |member| member.as_str());
    let node = view.node(path);
    let method = method(node.as_ref(), path, header.interface().map(InterfaceName::as_str), member)?;
    let (wanted, got) = (method.signature(), body.signature().to_string_no_parens());
    if wanted != got {
        return Err(Fault::invalid_args(&wanted, &got));
    }
    carry_out(view, node.as_ref(), &method.action, header, body)
}

/// The method that is called, on what is under the path.
fn method(
    node: Option<&Node<'_>>,
    path: &str,
    interface: Option<&str>,
    member: &str,
) -> Result<&'static Method, Fault> {
    const EVERYWHERE: [&Description; 1] = [&PEER];
    let mut found: Vec<&'static Description> = EVERYWHERE.to_vec();
    if let Some(node) = node {
        found.push(&INTROSPECTABLE);
        if let Node::Object(object) = node {
            found.extend([&PROPERTIES, object.face().interface()]);
        }
        if let Node::Object(Object::Manager(_)) = node {
            found.push(&OBJECT_MANAGER);
        }
    }
    // A call may leave its interface out; then the first that has such a method is meant.
    found.retain(|description| interface.is_none_or(|name| name == description.name));
    if found.is_empty() || (node.is_none() && interface != Some(PEER.name)) {
        return Err(match node {
            None => Fault::unknown_object(path),
            Some(_) => Fault::unknown_interface(interface.unwrap_or_default()),
        });
    }
    let mut methods = found.iter().flat_map(|description| description.methods);
    methods.find(|method| method.name == member).ok_or_else(|| Fault::unknown_method(member))
}

fn carry_out(
    view: &View,
    node: Option<&Node<'_>>,
    action: &Action,
    header: &Header<'_>,
    body: &Body,
) -> Result<Answer, Fault> {
    let garbled = |error: zbus::Error| Fault::failed(error.to_string());
    // Only objects have the interfaces whose methods look at one.
    let face = match node {
        Some(Node::Object(object)) => object.face(),
        Some(Node::Above(_)) | None => view.manager(),
    };
    let reply = match action {
        Action::Ping => reply(header, &()),
        Action::MachineId => reply(header, &machine_id()?),
        Action::Introspect => match node {
            Some(node) => reply(header, &xml::node(view, node)),
            None => return Err(Fault::unknown_object("")),
        },
        Action::Get => {
            let (interface, property): (&str, &str) = body.deserialize().map_err(garbled)?;
            reply(header, &face.value(index(face, interface, property)?))
        }
        Action::GetAll => {
            let interface: &str = body.deserialize().map_err(garbled)?;
            match has(face, interface)? {
                Has::Own => reply(header, &Properties(face)),
                Has::Standard => reply(header, &NO_PROPERTIES),
            }
        }
        Action::Set => {
            let (interface, property, _): (&str, &str, zbus::Variant<'_>) =
                body.deserialize().map_err(garbled)?;
            index(face, interface, property)?;
            return Err(Fault::read_only(property));
        }
        Action::ManagedObjects => reply(header, &ManagedObjects(view)),
        Action::Ask(command) => return Ok(Answer::Ask(command.clone())),
    };
    match reply {
        Err(zbus::Error::ExcessData) => Err(too_long()),
        Ok(message) if message.data().len() > LONGEST => Err(too_long()),
        reply => Ok(Answer::Reply(reply)),
    }
}

/// The reply that carries this.
pub(super) fn reply<B>(call: &Header<'_>, body: &B) -> zbus::Result<Message>
where
    B: serde::Serialize + zbus::DynamicType,
{
    Message::method_return(call).build(body)
}

fn too_long() -> Fault {
    Fault::limits_exceeded("the answer is longer than a message may be; ask the objects one by one")
}

/// Which of an object's interfaces a name is.
enum Has {
    Own,
    /// One that every object has, without properties.
    Standard,
}

fn has(face: &dyn Face, interface: &str) -> Result<Has, Fault> {
    let standard = [PEER.name, INTROSPECTABLE.name, PROPERTIES.name, OBJECT_MANAGER.name];
    if interface == face.interface().name {
        Ok(Has::Own)
    } else if standard.contains(&interface) {
        Ok(Has::Standard)
    } else {
        Err(Fault::unknown_interface(interface))
    }
}

/// The index of a property in the table of an object's interface.
fn index(face: &dyn Face, interface: &str, property: &str) -> Result<usize, Fault> {
    match has(face, interface)? {
        Has::Own => face.find(property).ok_or_else(|| Fault::unknown_property(property)),
        Has::Standard => Err(Fault::unknown_property(property)),
    }
}

/// The machine's identity, from one of the two places where it is kept.
fn machine_id() -> Result<String, Fault> {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .map(|id| id.trim_end().to_owned())
        .ok_or_else(|| Fault::failed("this machine has no machine id"))
}
