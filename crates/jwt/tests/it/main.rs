//! What the crate promises, through its public interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod authority;
#[cfg(all(feature = "layer", feature = "revocation"))]
mod layer;
#[cfg(feature = "revocation")]
mod revocation;
mod untrusted;
#[cfg(all(feature = "layer", feature = "revocation"))]
mod vectors;
