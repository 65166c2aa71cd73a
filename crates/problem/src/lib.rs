//! Attackers speak to an application through its inputs: an operator object where a text belongs
//! (`{"password": {"$ne": null}}`), a name of a megabyte, a member nobody asked for, JSON that two
//! parsers read differently. And it answers them through its errors: a stack trace, a query, the
//! password that a validator quotes.
//!
//! - [`input!`] declares what a request may hold; [`Valid`] reads it: bounded before it is parsed,
//!   with every fault found at once.
//! - [`Problem`] is the only thing said when something is wrong: RFC 9457 `application/problem+json`
//!   with a stable code. A failure of the server says `An error occurred.`, or that it is temporary (503),
//!   whatever it was given.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! use problem::{Problem, Valid};
//! use problem::{Fault, Text, input};
//!
//! input! {
//!     /// What a customer wants.
//!     struct Order {
//!         item: Text<1, 40>,
//!         quantity: u16,
//!         colour: Colour = colour, // a type that needs not know of this crate
//!         note: Option<Text<0, 200>>,
//!     }
//! }
//!
//! struct Colour(u32);
//!
//! fn colour(text: &str) -> Result<Colour, Fault> {
//!     let number = text.strip_prefix('#').and_then(|hex| u32::from_str_radix(hex, 16).ok());
//!     number.map(Colour).ok_or_else(|| Fault::new("invalid_colour", "Send a colour, such as #ff8000."))
//! }
//!
//! # #[cfg(feature = "axum")]
//! async fn place(Valid(order): Valid<Order>) -> Result<String, Problem> {
//!     Ok(format!("{} of {}, {:06x}", order.quantity, &*order.item, order.colour.0))
//! }
//! ```
//!
//! What it can't do: bound the time that a body takes to arrive (set a deadline, such as tower-http's
//! `RequestBodyDeadlineLayer`), or wipe the copies of a password that the network stack holds.

#[cfg(feature = "axum")]
mod extract;
mod fault;
mod input;
mod json;
#[cfg(feature = "openapi")]
mod openapi;
mod problem;
mod rejection;
#[cfg(feature = "axum")]
mod response;

pub use fault::{Fault, Faults, MAX_FAULTS};
pub use input::{Field, Input, Nullable, Text, from_value};
pub use json::{MAX_DEPTH, MalformedJson, Object, Value, parse_json};
pub use problem::{GENERIC_MESSAGE, Problem, UNAVAILABLE_MESSAGE};
pub use rejection::{Rejection, read};
#[cfg(feature = "axum")]
pub use {
    extract::{BodyLimit, OptionalBody, Valid, ValidForm, ValidPath, ValidQuery, sends_json},
    response::{complete, replace},
};

/// What [`input!`] expands to calls these; they may change at any time.
#[doc(hidden)]
pub mod __private {
    pub use crate::input::{Slot, field, field_with, name};
}
