//! Whole numbers.

use crate::{Fault, Faults, Value};

use super::Field;

fn whole_number(value: Value) -> Result<i128, Fault> {
    let number = match value {
        Value::Integer(number) => Some(number),
        Value::Plain(text) => text.expose().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| Fault::invalid_type("a whole number"))
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Field for $type {
            fn from_value(value: Value) -> Result<Self, Faults> {
                Self::try_from(whole_number(value)?).map_err(|_| {
                    let (least, most) = (Self::MIN, Self::MAX);
                    Fault::new("out_of_range", format!("Send a number from {least} to {most}.")).into()
                })
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 i8 i16 i32 i64);
