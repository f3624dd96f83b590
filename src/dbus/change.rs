//! What distinguishes two views, as signals tell it. Rows that both share are not looked into.

use std::sync::Arc;

use zbus::message::Message;

use crate::{
    director::{RealRow, VirtualRow},
    model::{RealId, VirtualId},
};

use super::{
    interface::{OBJECT_MANAGER, PROPERTIES},
    path,
    property::{Exported, Value, changed},
    view::{Branch, Object, View},
    wire::{Changed, Interfaces},
};

/// One object that came, went or changed.
pub(super) enum Change<'v> {
    GoneVirtual(VirtualId),
    GoneReal(VirtualId, RealId),
    New(Object<'v>),
    /// All that changed together.
    Changed(Object<'v>, Vec<(&'static str, Value<'v>)>),
}

/// What is to be told of `new` to those who know `old`: children go before their parents and come after them.
pub(super) fn changes<'v>(old: &View, new: &'v View) -> Vec<Change<'v>> {
    let mut changes = Vec::new();
    gone(old, new, &mut changes);
    for (i, branch) in new.branches().iter().enumerate() {
        // In most cases the branch stands where it stood.
        let there = old.branches().get(i).filter(|before| before.row.id == branch.row.id);
        match there.or_else(|| old.branch(branch.row.id)) {
            None => {
                changes.push(Change::New(Object::Virtual(&branch.row)));
                changes.extend(branch.row.reals.iter().map(|real| Change::New(Object::Real(real))));
            }
            Some(before) if Arc::ptr_eq(&before.row, &branch.row) => {}
            Some(before) => {
                push(Object::Virtual(&branch.row), changed(&*before.row, &branch.row), &mut changes);
                reals(before, branch, &mut changes);
            }
        }
    }
    push(Object::Manager(new.manager()), changed(old.manager(), new.manager()), &mut changes);
    changes
}

/// Objects that are no longer there.
fn gone(old: &View, new: &View, changes: &mut Vec<Change<'_>>) {
    for (i, before) in old.branches().iter().enumerate().rev() {
        let id = before.row.id;
        let after = if new.same_virtuals(old) { Some(&new.branches()[i]) } else { new.branch(id) };
        if after.is_some_and(|after| after.same_reals(before)) {
            continue;
        }
        let reals = before.row.reals.iter().rev().map(|real| real.id);
        let reals = reals.filter(|&real| after.is_none_or(|after| after.real(real).is_none()));
        changes.extend(reals.map(|real| Change::GoneReal(id, real)));
        if after.is_none() {
            changes.push(Change::GoneVirtual(id));
        }
    }
}

/// Real servers of one virtual service that came or changed.
fn reals<'v>(before: &Branch, after: &'v Branch, changes: &mut Vec<Change<'v>>) {
    for (i, real) in after.row.reals.iter().enumerate() {
        let there = before.row.reals.get(i).filter(|old| old.id == real.id);
        match there.or_else(|| before.real(real.id)) {
            None => changes.push(Change::New(Object::Real(real))),
            Some(old) if Arc::ptr_eq(old, real) => {}
            Some(old) => push(Object::Real(real), changed(&**old, real), changes),
        }
    }
}

fn push<'v>(object: Object<'v>, moved: Vec<(&'static str, Value<'v>)>, changes: &mut Vec<Change<'v>>) {
    if !moved.is_empty() {
        changes.push(Change::Changed(object, moved));
    }
}

impl Change<'_> {
    /// The signal that tells it.
    pub(super) fn signal(&self) -> zbus::Result<Message> {
        match self {
            Self::GoneVirtual(id) => removed(&path::virtual_path(*id), VirtualRow::INTERFACE.name),
            Self::GoneReal(id, real) => removed(&path::real_path(*id, *real), RealRow::INTERFACE.name),
            Self::New(object) => {
                let path = object.path();
                let body = (zbus::ObjectPath::from_str_unchecked(&path), Interfaces(object.face()));
                Message::signal(path::ROOT, OBJECT_MANAGER.name, "InterfacesAdded").build(&body)
            }
            Self::Changed(object, changed) => {
                let none: &[&str] = &[];
                let body = (object.face().interface().name, Changed(changed), none);
                Message::signal(object.path(), PROPERTIES.name, "PropertiesChanged").build(&body)
            }
        }
    }
}

fn removed(path: &str, interface: &str) -> zbus::Result<Message> {
    let body = (zbus::ObjectPath::from_str_unchecked(path), &[interface][..]);
    Message::signal(path::ROOT, OBJECT_MANAGER.name, "InterfacesRemoved").build(&body)
}
