//! Bodies of messages, written straight from the rows: the answer about ten thousand objects is never held as ten
//! thousand dictionaries.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap as _, SerializeStruct as _},
};
use zbus::{Signature, Type, signature};

use super::{
    property::{Face, Value},
    view::View,
};

impl Type for Value<'_> {
    const SIGNATURE: &'static Signature = &Signature::Variant;
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => variant(serializer, &Signature::Bool, value),
            Self::U16(value) => variant(serializer, &Signature::U16, value),
            Self::U32(value) => variant(serializer, &Signature::U32, value),
            Self::U64(value) => variant(serializer, &Signature::U64, value),
            Self::Text(value) => variant(serializer, &Signature::Str, value),
            Self::Path(value) => variant(serializer, &Signature::ObjectPath, value),
        }
    }
}

fn variant<S: Serializer>(
    serializer: S,
    signature: &Signature,
    value: &impl Serialize,
) -> Result<S::Ok, S::Error> {
    let mut variant = serializer.serialize_struct("Variant", 2)?;
    variant.serialize_field("signature", signature)?;
    variant.serialize_field("value", value)?;
    variant.end()
}

/// Some properties with their values: `a{sv}`.
pub(super) struct Changed<'a>(pub(super) &'a [(&'static str, Value<'a>)]);

impl Type for Changed<'_> {
    const SIGNATURE: &'static Signature = &signature!("a{sv}");
}

impl Serialize for Changed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// All properties of an object: `a{sv}`.
pub(super) struct Properties<'a>(pub(super) &'a dyn Face);

impl Type for Properties<'_> {
    const SIGNATURE: &'static Signature = &signature!("a{sv}");
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for i in 0..self.0.count() {
            map.serialize_entry(self.0.declaration(i).name, &self.0.value(i))?;
        }
        map.end()
    }
}

/// No properties, of an interface that has none: `a{sv}`.
pub(super) const NO_PROPERTIES: Changed<'static> = Changed(&[]);

/// The interfaces of an object with their properties: `a{sa{sv}}`.
pub(super) struct Interfaces<'a>(pub(super) &'a dyn Face);

impl Type for Interfaces<'_> {
    const SIGNATURE: &'static Signature = &signature!("a{sa{sv}}");
}

impl Serialize for Interfaces<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.0.interface().name, &Properties(self.0))?;
        map.end()
    }
}

/// All objects below the root: `a{oa{sa{sv}}}`.
pub(super) struct ManagedObjects<'a>(pub(super) &'a View);

impl Type for ManagedObjects<'_> {
    const SIGNATURE: &'static Signature = &signature!("a{oa{sa{sv}}}");
}

impl Serialize for ManagedObjects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for object in self.0.below_root() {
            map.serialize_entry(&object.path(), &Interfaces(object.face()))?;
        }
        map.end()
    }
}
