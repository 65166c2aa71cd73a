//! Inputs: structs whose fields carry their rules.

mod field;
mod integer;
mod macros;
mod read;
mod text;

pub use field::{Field, Nullable};
pub use read::{Slot, field, field_with, name};
pub use text::Text;

use crate::{Fault, Faults, Object, Value};

/// An input that is read from a JSON object. [`input!`](crate::input!) implements it.
pub trait Input: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// All the faults of the object at once.
    fn from_object(object: Object) -> Result<Self, Faults>;
}

/// Reads an input from a value, which must be an object.
///
/// # Errors
/// All its faults at once.
pub fn from_value<T: Input>(value: Value) -> Result<T, Faults> {
    match value {
        Value::Object(object) => T::from_object(object),
        _ => Err(Fault::invalid_type("an object").into()),
    }
}
