//! Extractors for axum.

mod body;
mod media_type;
mod pairs;
mod path;
mod valid;

pub use body::BodyLimit;
pub use pairs::{ValidForm, ValidQuery};
pub use path::ValidPath;
pub use valid::{OptionalBody, Valid, sends_json};
