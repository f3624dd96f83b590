//! The tree of objects: a snapshot, and the order in which its rows are found by their paths. There is no object
//! behind an object path; four bytes a row are all that is kept for it.

use std::sync::Arc;

use crate::{
    director::{RealRow, Snapshot, VirtualRow},
    model::{RealId, VirtualId},
};

use super::{
    manager::{About, Manager},
    path::{self, Place},
    property::Face,
};

/// What is shown at one moment.
pub(super) struct View {
    manager: Manager,
    branches: Vec<Branch>,
    /// The branches by their identity.
    order: Arc<[u32]>,
}

/// A virtual service and what is below it.
pub(super) struct Branch {
    pub(super) row: Arc<VirtualRow>,
    /// The real servers by their identity.
    pub(super) order: Arc<[u32]>,
}

/// An object of the bus.
#[derive(Clone, Copy)]
pub(super) enum Object<'v> {
    Manager(&'v Manager),
    Virtual(&'v VirtualRow),
    Real(&'v RealRow),
}

/// What is found under a path.
pub(super) enum Node<'v> {
    /// An ancestor of the root object, with the name of its only child.
    Above(&'v str),
    /// An object.
    Object(Object<'v>),
}

impl View {
    /// The view of a snapshot. What the view before knew of rows that stayed is taken over.
    pub(super) fn new(about: Arc<About>, snapshot: Arc<Snapshot>, before: Option<&Self>) -> Self {
        let rows = &snapshot.virtuals;
        let branches: Vec<Branch> = rows
            .iter()
            .enumerate()
            .map(|(i, row)| Branch::new(row.clone(), before.and_then(|view| view.branches.get(i))))
            .collect();
        let same = before.filter(|view| {
            view.branches.iter().map(|old| old.row.id).eq(branches.iter().map(|new| new.row.id))
        });
        let order = same.map_or_else(|| sorted(&branches, |branch| branch.row.id), |view| view.order.clone());
        Self { manager: Manager::new(about, snapshot), branches, order }
    }

    /// The view that follows this one.
    pub(super) fn next(&self, snapshot: Arc<Snapshot>) -> Self {
        Self::new(self.manager.about().clone(), snapshot, Some(self))
    }

    /// It is the view of this very snapshot.
    pub(super) fn shows(&self, snapshot: &Arc<Snapshot>) -> bool {
        Arc::ptr_eq(self.manager.snapshot(), snapshot)
    }

    pub(super) fn manager(&self) -> &Manager {
        &self.manager
    }

    pub(super) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The same virtual services as in another view, in the same order.
    pub(super) fn same_virtuals(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.order, &other.order)
    }

    /// The branch of a virtual service.
    pub(super) fn branch(&self, id: VirtualId) -> Option<&Branch> {
        find(&self.branches, &self.order, |branch| branch.row.id, &id)
    }

    /// What is under a path.
    pub(super) fn node<'v>(&'v self, path: &'v str) -> Option<Node<'v>> {
        Some(Node::Object(match path::locate(path) {
            Place::Above(child) => return Some(Node::Above(child)),
            Place::Root => Object::Manager(&self.manager),
            Place::Virtual(id) => Object::Virtual(&self.branch(id)?.row),
            Place::Real(id, real) => Object::Real(self.branch(id)?.real(real)?),
            Place::Nowhere => return None,
        }))
    }

    /// All objects but the root, parents before their children.
    pub(super) fn below_root(&self) -> impl Iterator<Item = Object<'_>> {
        self.branches.iter().flat_map(|branch| {
            let reals = branch.row.reals.iter().map(|real| Object::Real(real));
            std::iter::once(Object::Virtual(&branch.row)).chain(reals)
        })
    }
}

impl Branch {
    fn new(row: Arc<VirtualRow>, before: Option<&Self>) -> Self {
        let same = before.filter(|old| {
            Arc::ptr_eq(&old.row, &row)
                || old.row.reals.iter().map(|real| real.id).eq(row.reals.iter().map(|real| real.id))
        });
        let order = same.map_or_else(|| sorted(&row.reals, |real| real.id), |old| old.order.clone());
        Self { row, order }
    }

    /// The same real servers as in another branch, in the same order.
    pub(super) fn same_reals(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.order, &other.order)
    }

    /// A real server of it.
    pub(super) fn real(&self, id: RealId) -> Option<&Arc<RealRow>> {
        find(&self.row.reals, &self.order, |real| real.id, &id)
    }
}

impl<'v> Object<'v> {
    pub(super) fn face(self) -> &'v dyn Face {
        match self {
            Self::Manager(manager) => manager,
            Self::Virtual(row) => row,
            Self::Real(row) => row,
        }
    }

    pub(super) fn path(self) -> String {
        match self {
            Self::Manager(_) => path::ROOT.to_owned(),
            Self::Virtual(row) => path::virtual_path(row.id),
            Self::Real(row) => path::real_path(row.virtual_id, row.id),
        }
    }
}

/// The indices of rows by the order of their identities.
fn sorted<T, K: Ord>(rows: &[T], key: impl Fn(&T) -> K) -> Arc<[u32]> {
    let count = u32::try_from(rows.len()).expect("a configuration has fewer than four thousand million rows");
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_unstable_by_key(|&i| key(&rows[i as usize]));
    order.into()
}

fn find<'r, T, K: Ord>(rows: &'r [T], order: &[u32], key: impl Fn(&T) -> K, wanted: &K) -> Option<&'r T> {
    let at = order.binary_search_by(|&i| key(&rows[i as usize]).cmp(wanted)).ok()?;
    rows.get(order[at] as usize)
}
