//! What backends and the models of the use cases are tested with.
//!
//! - [`contract`]: what every backend must keep, as tests.
//! - [`memory`]: a store in memory, the traits in their plainest form. It keeps the contract itself.
//! - [`interleaving`]: a store whose every call waits at a gate, and requests run at the same time, in every order of
//!   their calls to it.
//!
//! Two things are elsewhere. A network that fails is `faulty-network`: it stands before MongoDB and knows nothing of a
//! store. The interleavings of MongoDB's feed are beside the feed (`storage-mongodb/src/feed/interleavings`): they run
//! its private code on a model of a collection, below what a [`storage::Storage`] shows.

pub mod contract;
pub mod interleaving;
pub mod memory;
