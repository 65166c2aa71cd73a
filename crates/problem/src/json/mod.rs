//! JSON from strangers: bounded in depth, without duplicate names, in a small value of our own.

mod error;
mod reader;
mod value;

pub use error::MalformedJson;
pub use reader::{MAX_DEPTH, parse_json};
pub use value::{Object, Value};
