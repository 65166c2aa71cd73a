//! Portcullis put together: what the binary runs, and what the tests run in its place.

pub mod arguments;
pub mod commands;
pub mod logging;
pub mod wire;
