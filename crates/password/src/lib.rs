//! A stolen table of password hashes is attacked at leisure, so a hash must be slow and large to
//! compute. That makes it a threat of its own: whoever sends logins decides how much of the server
//! they take; the time of an answer tells who has an account; and a cost read from a stored row can
//! stop the machine. And a system that moves in brings hashes that are none of these things, of
//! people who won't choose a new password for it.
//!
//! The rule here: **new hashes are Argon2id, every hash of another system still verifies, and all of
//! it runs in a bounded place.**
//!
//! - [`hash()`] and [`verify()`] work on the caller's thread, for programs. [`Verdict`] says whether
//!   the hash should be replaced, [`Malformed`] why it can't be checked.
//! - [`Hasher`] is for servers: a few threads with memory of their own and a bounded queue, in which
//!   each [`Principal`] has a fair share. [`Hasher::admit`] takes a [`Permit`] before anything is looked
//!   up, so that a full queue says nothing about anyone.
//! - [`Scheme`] is what new hashes are: Argon2id, unless a Flask application reads them too.
//! - [`ForeignSettings`] are what the hashes of an old application don't say about themselves.
//! - [`Kind`] is what a hash costs, and [`decoy()`] a hash of that cost that nothing matches, for names
//!   that nobody has.
//! - [`Policy`] is what a new password must be, [`BreachedList`] a list of those that thieves know.
//! - [`bounds`] are the most that a stored hash may ask for. They are checked before anything runs.
//!
//! The formats are listed in `docs/password-hashes.md`.
//!
//! What this can't do: a password is in memory while it is hashed, and Argon2's memory, from which
//! nothing is known to be recoverable, isn't wiped. A failed check takes the same time for every hash
//! of a kind, but that time depends on the password that was sent, its length above all.
//!
//! ```
//! use password::{Params, PasswordHash, Verdict, hash, verify};
//!
//! let params = Params::default();
//! let stored = hash(&"correct horse".into(), &params)?;
//! assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
//! assert!(verify(&"correct horse".into(), &stored, &params).is_match());
//! assert_eq!(verify(&"wrong".into(), &stored, &params), Verdict::NoMatch);
//!
//! # #[cfg(feature = "legacy")] {
//! // A hash that Flask stored, in 2019.
//! let stored = PasswordHash::from(
//!     "pbkdf2:sha256:50000$H5sb3w6yVHHfSTcp$235b6aea53d0d860d4fbea0b73b4658d3ca444edad39d87e0a9ab78ab4407727",
//! );
//! let Verdict::Match(strength) = verify(&"hunter2".into(), &stored, &params) else { panic!() };
//! assert!(strength.is_outdated());
//! # }
//! # Ok::<(), password::HashError>(())
//! ```

mod amount;
mod argon;
pub mod bounds;
mod decoy;
mod digest;
mod foreign;
mod h64;
mod hash;
mod kind;
#[cfg(feature = "legacy")]
mod legacy;
mod memory;
mod params;
#[cfg(feature = "policy")]
mod policy;
#[cfg(feature = "pool")]
mod pool;
#[cfg(feature = "pool")]
mod scheme;
mod stored;
mod verdict;
mod verify;

pub use decoy::decoy;
pub use foreign::ForeignSettings;
pub use hash::PasswordHash;
pub use kind::{Kind, UnknownKind};
pub use params::{InvalidParams, Params};
#[cfg(feature = "policy")]
pub use policy::{BreachedList, BuildListError, Fault, ListBuilder, OpenListError, Policy};
#[cfg(feature = "pool")]
pub use pool::{Busy, Hasher, HasherConfig, HasherParts, Permit, Principal, Purpose};
#[cfg(feature = "pool")]
pub use scheme::Scheme;
pub(crate) use stored::read;
pub use verdict::{Malformed, Strength, Verdict};
pub use verify::{HashError, hash, verify, verify_foreign};
