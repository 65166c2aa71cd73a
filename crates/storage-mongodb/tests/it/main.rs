//! The store on MongoDB: the contract of every store, and what is particular to servers that others
//! share, that are slow, and that go away.
//!
//! The tests need a server: `scripts/mongo run -- cargo test -p portcullis-storage-mongodb`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod authentication;
mod belongings;
mod closings;
mod concern;
mod contract;
mod ears;
mod effects;
mod ends;
mod factors;
mod flask;
mod ids;
mod interrupted;
mod jobs;
mod keys;
mod kinds;
mod limits;
mod members_down;
mod nodes;
mod operator;
mod people;
mod refusals;
mod released;
mod server;
mod server_errors;
mod shapes;
mod takeover;
mod trouble;
mod unreadable;
mod upkeep;
