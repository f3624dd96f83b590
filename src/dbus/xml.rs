//! Introspection data, from the tables of the interfaces.

use std::fmt::Write as _;

use super::{
    interface::{Argument, Description, INTROSPECTABLE, OBJECT_MANAGER, PEER, PROPERTIES},
    path::{RealElement, VirtualElement},
    property::{Declaration, Emits, Face},
    view::{Node, Object, View},
};

const DOCTYPE: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \
    \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n";
const EMITS: &str = "org.freedesktop.DBus.Property.EmitsChangedSignal";

/// The data of a node.
pub(super) fn node(view: &View, node: &Node<'_>) -> String {
    let mut xml = Xml::new();
    xml.interface(&PEER, None);
    xml.interface(&INTROSPECTABLE, None);
    match *node {
        Node::Above(child) => xml.child(child),
        Node::Object(object) => {
            xml.interface(&PROPERTIES, None);
            let face = object.face();
            xml.interface(face.interface(), Some(face));
            match object {
                Object::Manager(_) => {
                    xml.interface(&OBJECT_MANAGER, None);
                    view.branches().iter().for_each(|branch| xml.child(VirtualElement(branch.row.id)));
                }
                Object::Virtual(row) => row.reals.iter().for_each(|real| xml.child(RealElement(real.id))),
                Object::Real(_) => {}
            }
        }
    }
    xml.end()
}

struct Xml(String);

impl Xml {
    fn new() -> Self {
        Self(format!("{DOCTYPE}<node>\n"))
    }

    fn end(mut self) -> String {
        self.0.push_str("</node>\n");
        self.0
    }

    /// One line. Nothing that is written here holds a character XML would have escaped: names, signatures and path
    /// elements are letters, digits, dots, braces and underscores.
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{line}");
    }

    fn child(&mut self, name: impl std::fmt::Display) {
        self.line(format_args!(" <node name=\"{name}\"/>"));
    }

    fn interface(&mut self, description: &Description, face: Option<&dyn Face>) {
        self.line(format_args!(" <interface name=\"{}\">", description.name));
        for method in description.methods {
            let arguments = arguments(method.takes, Some("in")) + &arguments(method.gives, Some("out"));
            self.member("method", method.name, &arguments);
        }
        for signal in description.signals {
            self.member("signal", signal.name, &arguments(signal.carries, None));
        }
        if let Some(face) = face {
            (0..face.count()).for_each(|i| self.property(&face.declaration(i)));
        }
        self.line(format_args!(" </interface>"));
    }

    fn member(&mut self, kind: &str, name: &str, inside: &str) {
        if inside.is_empty() {
            self.line(format_args!("  <{kind} name=\"{name}\"/>"));
        } else {
            self.line(format_args!("  <{kind} name=\"{name}\">\n{inside}  </{kind}>"));
        }
    }

    fn property(&mut self, declaration: &Declaration) {
        let Declaration { name, signature, emits } = declaration;
        let annotation = match emits {
            Emits::Const => "const",
            Emits::Never => "false",
            Emits::Change => "",
        };
        let head = format!("  <property name=\"{name}\" type=\"{signature}\" access=\"read\"");
        if annotation.is_empty() {
            self.line(format_args!("{head}/>"));
        } else {
            self.line(format_args!(
                "{head}>\n   <annotation name=\"{EMITS}\" value=\"{annotation}\"/>\n  </property>"
            ));
        }
    }
}

fn arguments(arguments: &[Argument], direction: Option<&str>) -> String {
    let direction = direction.map(|d| format!(" direction=\"{d}\"")).unwrap_or_default();
    let mut xml = String::new();
    for (name, signature) in arguments {
        let _ = writeln!(xml, "   <arg name=\"{name}\" type=\"{signature}\"{direction}/>");
    }
    xml
}
