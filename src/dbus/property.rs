//! Properties, declared once: an interface is a table of names and getters, from which `Get`, `GetAll`, the
//! object manager, the introspection data and the `PropertiesChanged` signals all follow.

use std::borrow::Cow;

use super::interface::Description;

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Bool(bool),
    U16(u16),
    U32(u32),
    U64(u64),
    Text(Cow<'a, str>),
    /// An object path.
    Path(String),
}

/// How a property is read from its row, and so of which type it is.
pub(super) enum Get<T: ?Sized> {
    Bool(fn(&T) -> bool),
    U16(fn(&T) -> u16),
    U32(fn(&T) -> u32),
    U64(fn(&T) -> u64),
    Text(for<'a> fn(&'a T) -> Cow<'a, str>),
    Path(fn(&T) -> String),
}

impl<T> Get<T> {
    fn read<'a>(&self, row: &'a T) -> Value<'a> {
        match self {
            Self::Bool(get) => Value::Bool(get(row)),
            Self::U16(get) => Value::U16(get(row)),
            Self::U32(get) => Value::U32(get(row)),
            Self::U64(get) => Value::U64(get(row)),
            Self::Text(get) => Value::Text(get(row)),
            Self::Path(get) => Value::Path(get(row)),
        }
    }

    fn signature(&self) -> &'static str {
        match self {
            Self::Bool(_) => "b",
            Self::U16(_) => "q",
            Self::U32(_) => "u",
            Self::U64(_) => "t",
            Self::Text(_) => "s",
            Self::Path(_) => "o",
        }
    }
}

/// What a change of a property is to the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emits {
    /// It never changes while its object is there.
    Const,
    /// A change is signalled, with the new value.
    Change,
    /// It moves with every check and is never signalled, or an idle director would flood the bus: clients ask.
    Never,
}

/// One line of an interface's table.
pub(super) struct Property<T: ?Sized> {
    pub(super) name: &'static str,
    pub(super) emits: Emits,
    pub(super) get: Get<T>,
}

/// A property that never changes.
pub(super) const fn constant<T>(name: &'static str, get: Get<T>) -> Property<T> {
    Property { name, emits: Emits::Const, get }
}

/// A property whose changes are signalled.
pub(super) const fn changing<T>(name: &'static str, get: Get<T>) -> Property<T> {
    Property { name, emits: Emits::Change, get }
}

/// A property that moves with every check.
pub(super) const fn moving<T>(name: &'static str, get: Get<T>) -> Property<T> {
    Property { name, emits: Emits::Never, get }
}

/// A row that is shown as an object of the bus, through one interface.
pub(super) trait Exported: Sized + 'static {
    const INTERFACE: Description;
    const PROPERTIES: &'static [Property<Self>];
}

/// The same with its type forgotten.
pub(super) trait Face: Sync {
    /// Its interface.
    fn interface(&self) -> &'static Description;
    /// How many properties it has.
    fn count(&self) -> usize;
    /// One of them, without its value.
    fn declaration(&self, index: usize) -> Declaration;
    /// The value of one of them.
    fn value(&self, index: usize) -> Value<'_>;
}

/// A property without its value.
pub(super) struct Declaration {
    pub(super) name: &'static str,
    pub(super) signature: &'static str,
    pub(super) emits: Emits,
}

impl<T: Exported + Sync> Face for T {
    fn interface(&self) -> &'static Description {
        &T::INTERFACE
    }

    fn count(&self) -> usize {
        T::PROPERTIES.len()
    }

    fn declaration(&self, index: usize) -> Declaration {
        let Property { name, emits, get } = &T::PROPERTIES[index];
        Declaration { name, signature: get.signature(), emits: *emits }
    }

    fn value(&self, index: usize) -> Value<'_> {
        T::PROPERTIES[index].get.read(self)
    }
}

impl dyn Face + '_ {
    /// The index of a property.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        (0..self.count()).find(|&i| self.declaration(i).name == name)
    }
}

/// The properties of a row that are not what they were in the row before, as far as changes are signalled.
pub(super) fn changed<'a, T: Exported>(before: &T, after: &'a T) -> Vec<(&'static str, Value<'a>)> {
    let signalled = T::PROPERTIES.iter().filter(|property| property.emits == Emits::Change);
    signalled
        .filter_map(|Property { name, get, .. }| {
            let value = get.read(after);
            (get.read(before) != value).then_some((*name, value))
        })
        .collect()
}
