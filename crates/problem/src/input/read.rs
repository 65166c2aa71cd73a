//! Reading one field: what [`input!`](crate::input!) calls.

use secret::Secret;

use crate::{Fault, Faults, Object};

use super::Field;

/// The name of the member for a field (`r#type` stands for `type`).
pub fn name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// Takes the member `name` out of `object` and reads it by its type.
pub fn field<T: Field>(object: &mut Object, name: &str, faults: &mut Faults) -> Option<T> {
    let read = object.take(name).map_or_else(T::absent, T::from_value);
    kept(read, name, faults)
}

/// Takes the member `name` out of `object` and reads its text with `parse`.
pub fn field_with<S: Slot<T>, T>(
    object: &mut Object,
    name: &str,
    faults: &mut Faults,
    parse: impl FnOnce(&str) -> Result<T, Fault>,
) -> Option<S> {
    let text = match object.take(name) {
        Some(value) => S::Text::from_value(value),
        None => S::Text::absent(),
    };
    kept(text.and_then(|text| S::fill(text, parse)), name, faults)
}

fn kept<T>(read: Result<T, Faults>, name: &str, faults: &mut Faults) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(found) => {
            faults.push_all(name, found);
            None
        }
    }
}

/// A field whose text is read by a function that gives a `T`: a `T`, or an `Option<T>` that may be
/// absent.
pub trait Slot<T>: Sized {
    /// How its text is read.
    type Text: Field;

    /// Applies the function.
    ///
    /// # Errors
    /// Those of the function.
    fn fill(text: Self::Text, parse: impl FnOnce(&str) -> Result<T, Fault>)
    -> Result<Self, Faults>;
}

impl<T> Slot<T> for T {
    type Text = Secret<String>;

    fn fill(
        text: Self::Text,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<Self, Faults> {
        Ok(parse(text.expose())?)
    }
}

impl<T> Slot<T> for Option<T> {
    type Text = Option<Secret<String>>;

    fn fill(
        text: Self::Text,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<Self, Faults> {
        Ok(text.map(|text| parse(text.expose())).transpose()?)
    }
}
