//! Use cases on a store in memory, where a test needs more than one process of them, or their parts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod factor;
mod hashing;
mod mail;
mod operator;
mod process;
mod remembered;
mod required;
mod same_time;
mod time;
