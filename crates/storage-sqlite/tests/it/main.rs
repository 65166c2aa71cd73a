//! The embedded store: the contract of every store, and what is particular to a file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says aloud what it leaves out"
)]

mod by_hand;
mod contract;
mod disk;
mod effects;
mod limits;
mod opening;
mod unreadable;
