//! What happened to each account, as a chain: whoever removes, changes or cuts off a part of it by hand is found out.
//!
//! Each account has a chain of its own. A link holds a salted digest of what happened and a MAC over it and over the
//! link before, so no link can be taken out or changed, and none put in, without the key ([`EventKeys`]). The last link is
//! also noted beside the account ([`Mark`], its *head*), so a chain that lacks its end is noticed, and so is the last link
//! that was removed for its age (the *anchor*), so a chain that lacks its beginning is.
//!
//! What happened can be erased while the chain still verifies: the digest stays, and without the salt it says nothing.
//! That is done when an account is deleted, whose chain then ends with a link that says so.
//!
//! Whoever can write to the store can put back an earlier state of everything in it, chain and head alike. That no chain
//! notices.

mod chain;
mod check;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use model::{Timestamp, UserId};

use crate::Error;

pub use chain::{EventKeys, Removable};
pub use check::{ChainCheck, ChainFault};

/// The most links of one account: beyond them the oldest go before their time.
pub const MOST_EVENTS: u64 = 20_000;

/// The highest number of a link. None comes near it: where one is there, somebody has put it there, and the chain ends.
pub const HIGHEST_NUMBER: u64 = 1 << 40;

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub content: EventContent,
}

/// What happened, and what its digest is salted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventContent {
    /// Random, so that the digest alone says nothing.
    pub salt: [u8; 16],
    /// What happened, in whichever form its writer has for it.
    pub text: String,
}

/// A link of a chain, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its place: 1 and on, without gaps.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Whether it says that the account was deleted.
    pub ends: bool,
    /// What happened, unless it was erased.
    pub content: Option<EventContent>,
    /// The digest of what happened.
    pub digest: [u8; 32],
    /// The MAC over all of it and the link before.
    pub mac: Mac,
}

/// A MAC, and the key that it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac {
    /// Which key.
    pub key: [u8; 8],
    /// HMAC-SHA-256 (RFC 2104).
    pub tag: [u8; 32],
}

/// The link that a chain begins after, or ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its place.
    pub number: u64,
    /// The tag of its MAC.
    pub tag: [u8; 32],
    /// The MAC over this.
    pub seal: Mac,
}

/// What is known of a chain besides its links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainEnds {
    /// Whether its account is there.
    pub has_account: bool,
    /// Whether its account is being deleted: it is gone to everybody, and the chain is about to end.
    pub is_ending: bool,
    /// The last link, as it is noted beside the account.
    pub head: Option<Mark>,
    /// The last link that was removed for its age.
    pub anchor: Option<Mark>,
}

/// What was read of a chain: nothing where it can't be read, which a check of the chain shows. Neither what happens next nor a
/// deletion has to wait for it.
///
/// # Errors
/// Any other.
pub fn readable<T>(read: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(error @ Error::Unreadable { .. }) => {
            tracing::error!(%error, "events of an account can't be read: run `portcullis audit verify`");
            Ok(None)
        }
        read => read,
    }
}

/// The link that stands for one that can't be read.
pub fn unreadable_link(number: u64) -> Link {
    let mac = Mac {
        key: [0; 8],
        tag: [0; 32],
    };
    Link {
        number,
        at: Timestamp::from_seconds(0),
        ends: false,
        content: None,
        digest: [0; 32],
        mac,
    }
}

/// What happened to accounts.
///
/// [`Users::delete_user`](crate::Users::delete_user) and [`Closings::delete_due_user`](crate::Closings::delete_due_user)
/// end the chain of the account, and erase what it says.
#[async_trait]
pub trait Events: Send + Sync {
    /// Appends to the chain of an account, in this order; `false` when the account is gone. Of several at once none is lost.
    /// Beyond [`MOST_EVENTS`] the oldest go.
    async fn append_events(&self, user: &UserId, events: Vec<NewEvent>) -> Result<bool, Error>;

    /// The latest links before this one of an account that is there, the last one first. Of one that can't be read the number is
    /// there and nothing else.
    async fn events_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, Error>;

    /// What is known of a chain besides its links.
    async fn chain_ends(&self, user: &UserId) -> Result<ChainEnds, Error>;

    /// The links of a chain after this one, in order.
    async fn links_of(&self, user: &UserId, after: u64, limit: u32) -> Result<Vec<Link>, Error>;

    /// Some accounts, there or gone, that have links, in the order of their ids, after this one. What has no id of an account
    /// is left out, and the log says so.
    async fn users_with_events(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error>;

    /// Notes the ends of a chain anew with the present key, where they are genuine and of the key before; whether any was.
    async fn renew_notes(&self, user: &UserId) -> Result<bool, Error>;

    /// Removes at most `limit` of the links until this time, the oldest of each chain first, notes where the rest begins,
    /// and says how many. A chain whose old links are not what was written stays as it is ([`EventKeys::removable`]), and holds
    /// up no other.
    async fn prune_events(&self, until: Timestamp, limit: u32) -> Result<u32, Error>;
}
