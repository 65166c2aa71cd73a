//! Letters on their way to a real mail server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod faults;
mod post;
mod smtp;
