//! Rotation and revocation, held against a model.
//!
//! - [`model`] says in the plainest form which token is accepted, what a refresh gives, and what ends
//!   a session. It knows nothing of the code.
//! - [`orders`] has small scripts of several people carried out in every order, and long random ones,
//!   each answer and each token compared with the model.
//! - [`races`] has use cases run at the same time, in every order of their calls to the store
//!   ([`storage_testing::interleaving`]); what came of it must be what some order of the same acts gives in
//!   the model ([`explain`]).
//! - [`guesses`] does the same with guesses at a password, and [`tabs`] with the cookie of a browser:
//!   what they promise is short enough to be said without a model. [`closings`] has accounts that wait to be deleted.
//!
//! Two processes work on each store. The feed comes to one of them at once, and to the other never:
//! what it admits must be refused by what is read from the store. Who asks which is in
//! [`world::World::asked_by`].
//!
//! Everything runs on every backend that can be had without set-up, and nothing depends on time or
//! chance: the clock is moved by hand, random numbers are seeded, and where threads of a store or of
//! the hashing pool do the work, one request at a time waits for them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose stage can't be set fails"
)]

mod answer;
mod closings;
mod explain;
mod factors;
mod guesses;
mod model;
mod orders;
mod play;
mod race;
mod races;
mod request;
mod stage;
mod tabs;
mod without_factor;
mod world;
