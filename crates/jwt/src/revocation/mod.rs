//! What was revoked before its time: tokens, sessions, and everything a user had.
//!
//! A signed token is good until it expires, unless someone remembers that it isn't. The
//! [`RevocationSet`] remembers, in memory, so that every request can ask; where its entries come
//! from, and that they outlive a restart, is the concern of whoever feeds it. Entries only ever add
//! up: each may come twice, late, or in another order, and the set ends up the same.
//!
//! ```
//! use jwt::Claims;
//! use jwt::revocation::{Entry, Revoked, RevocationSet};
//!
//! let set = RevocationSet::new();
//! let claims = Claims::access("alice", "f81d4fae-7dec-41d0-a765-00a0c91e6bf6", 1_700_000_000, 900)
//!     .with_session("s1", 7);
//!
//! // A new password: everything of an older generation ends, but for the session that asked.
//! let subject = Revoked::User { id: "alice".into(), min_gen: 8, keep: Some("s1".into()) };
//! set.add(&Entry { subject, expires: 1_700_001_200 });
//! assert!(!set.is_revoked(&claims));
//!
//! // A logout.
//! set.add(&Entry { subject: Revoked::Session("s1".into()), expires: 1_700_001_200 });
//! assert!(set.is_revoked(&claims));
//! ```

mod entry;
mod id;
mod rule;
mod set;
mod shard;
mod staleness;

pub use entry::{Entry, Revoked};
pub use id::Lookup;
pub use set::RevocationSet;
pub use staleness::{MonotonicMillis, Staleness};
