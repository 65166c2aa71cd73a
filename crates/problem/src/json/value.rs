//! A JSON value as it was sent.

use std::collections::BTreeMap;
use std::fmt;

use secret::Secret;

/// A JSON value (RFC 8259 §3). Every text in it may be a secret: it is wiped when dropped.
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number without fraction or exponent, within 64 bits, signed or not.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Secret<String>),
    /// A text out of a form or a query, where numbers and truth values are texts too.
    Plain(Secret<String>),
    /// `[…]`
    Array(Vec<Value>),
    /// `{…}`
    Object(Object),
}

/// The members of a JSON object. Names are unique (RFC 8259 §4 leaves that to us).
#[derive(Default)]
pub struct Object(BTreeMap<String, Value>);

impl Object {
    /// Without members.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a member; gives `value` back when there is one of this name.
    ///
    /// # Errors
    /// The value, unchanged, when the name is taken.
    pub fn insert(&mut self, name: String, value: Value) -> Result<(), Value> {
        match self.0.entry(name) {
            std::collections::btree_map::Entry::Occupied(_) => Err(value),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(value);
                Ok(())
            }
        }
    }

    /// Takes a member out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Whether there is a member of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of the members that were not taken out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Value {
    /// Shows the type only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool",
            Self::Integer(_) => "Integer",
            Self::Float(_) => "Float",
            Self::Text(_) => "Text",
            Self::Plain(_) => "Plain",
            Self::Array(_) => "Array",
            Self::Object(_) => "Object",
        })
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} members)", self.0.len())
    }
}
