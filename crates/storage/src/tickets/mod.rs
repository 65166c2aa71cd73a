//! Tickets: what is handed out once, is good once, and expires. Links in mails, codes and challenges are such.
//!
//! A ticket that was taken is remembered until it would have expired, with its body, so that a replay is
//! recognized, and it is known whose grant a replay ends.

mod typed;

use async_trait::async_trait;
use model::{Timestamp, UserId};
use secret::HashedToken;

use crate::{Error, Kind, TicketBody, TooLarge};

pub use typed::{Bound, Carried, Purpose, Ticket, TicketsAt};

/// A ticket as a store keeps it.
#[derive(Clone, Debug)]
pub struct StoredTicket {
    /// What it is good for.
    pub kind: Kind,
    /// The hash of what the client carries, which itself is not stored.
    pub hash: HashedToken,
    /// With whose account it goes.
    pub owner: Option<UserId>,
    /// What it tells whoever takes it.
    pub body: TicketBody,
    /// From when on it is good for nothing.
    pub expires: Timestamp,
}

/// What is in a ticket that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// It was good, and is spent now.
    Granted(T),
    /// It was taken before.
    Spent(T),
}

/// Why a ticket was not put.
#[derive(Debug, thiserror::Error)]
pub enum PutTicketError {
    /// The account that it would go with is not there.
    #[error("the account is gone")]
    OwnerGone,
    /// Its body is.
    #[error("too large: {0}")]
    TooLarge(#[from] TooLarge),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Tickets of every kind. Uses go by the types of [`TicketsAt`], which `dyn Storage` gives.
///
/// Deleting an account ([`Users::delete_user`](crate::Users::delete_user)) removes its tickets.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Keeps a ticket until it expires.
    async fn put_ticket(&self, ticket: StoredTicket) -> Result<(), PutTicketError>;

    /// What is in a ticket that is good at `now`.
    async fn look_at_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<TicketBody>, Error>;

    /// Takes a ticket: of several at once exactly one is granted it. Nothing when it is unknown, withdrawn or
    /// has expired at `now`.
    async fn take_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<Taken<TicketBody>>, Error>;

    /// Withdraws the tickets of an account that nobody has taken, of one kind or of all, and says how many.
    async fn withdraw_tickets(&self, owner: &UserId, kind: Option<Kind>) -> Result<u64, Error>;
}
