//! What can stand in a field.

use secret::Secret;

use crate::{Fault, Faults, Value};

/// A type that a field of an input can have.
///
/// Implement it for types of your own; for a type of another crate, name a function instead (see
/// [`input!`](crate::input!)).
pub trait Field: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// What is wrong with it, seen from the value itself (an empty pointer).
    fn from_value(value: Value) -> Result<Self, Faults>;

    /// What an absent member stands for.
    ///
    /// # Errors
    /// [`Fault::required`], unless the type has an answer of its own.
    fn absent() -> Result<Self, Faults> {
        Err(Fault::required().into())
    }
}

/// A member that may be `null`, where `null` means something ("take the note away").
///
/// `Option<T>` means that a member may be absent, and refuses `null`; `Option<Nullable<T>>` tells
/// all three cases apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nullable<T>(pub Option<T>);

impl Field for String {
    fn from_value(value: Value) -> Result<Self, Faults> {
        Secret::<Self>::from_value(value).map(|text| text.expose().clone())
    }
}

impl Field for Secret<String> {
    /// Takes any text as it was sent.
    fn from_value(value: Value) -> Result<Self, Faults> {
        match value {
            Value::Text(text) | Value::Plain(text) => Ok(text),
            _ => Err(Fault::invalid_type("a text").into()),
        }
    }
}

impl Field for bool {
    fn from_value(value: Value) -> Result<Self, Faults> {
        match value {
            Value::Bool(value) => Ok(value),
            // `on` is what a browser sends for a ticked box (HTML §4.10.5.1.15).
            Value::Plain(text) if matches!(text.expose().as_str(), "true" | "on" | "1") => Ok(true),
            Value::Plain(text) if matches!(text.expose().as_str(), "false" | "0") => Ok(false),
            _ => Err(Fault::invalid_type("true or false").into()),
        }
    }
}

impl Field for f64 {
    fn from_value(value: Value) -> Result<Self, Faults> {
        let number = match value {
            Value::Float(number) => Some(number),
            #[expect(
                clippy::cast_precision_loss,
                reason = "as JSON numbers are read by most (RFC 8259 §6)"
            )]
            Value::Integer(number) => Some(number as Self),
            Value::Plain(text) => text
                .expose()
                .parse()
                .ok()
                .filter(|number: &Self| number.is_finite()),
            _ => None,
        };
        number.ok_or_else(|| Fault::invalid_type("a number").into())
    }
}

impl<T: Field> Field for Option<T> {
    /// An empty control of a form counts as absent.
    fn from_value(value: Value) -> Result<Self, Faults> {
        match value {
            Value::Plain(text) if text.expose().is_empty() => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }

    fn absent() -> Result<Self, Faults> {
        Ok(None)
    }
}

impl<T: Field> Field for Nullable<T> {
    fn from_value(value: Value) -> Result<Self, Faults> {
        match value {
            Value::Null => Ok(Self(None)),
            value => T::from_value(value).map(|value| Self(Some(value))),
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Faults> {
        let Value::Array(items) = value else {
            return Err(Fault::invalid_type("a list").into());
        };
        let mut faults = Faults::new();
        let mut list = Self::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match T::from_value(item) {
                Ok(item) => list.push(item),
                Err(found) => faults.push_all(&index.to_string(), found),
            }
        }
        if faults.is_empty() {
            Ok(list)
        } else {
            Err(faults)
        }
    }
}
