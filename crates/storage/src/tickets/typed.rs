//! Tickets by what they are good for.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use model::{AddressNumber, Generation, Rng, Timestamp, User, UserId};
use secret::{PlainToken, TokenPrefix};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{PutTicketError, StoredTicket, Taken};
use crate::{Error, Kind, Storage, TicketBody};

/// Bytes of randomness in what a client carries.
const RANDOM: usize = 32;

/// What a ticket is good for, and what it must tell whoever takes it.
pub trait Purpose: Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: Kind;
    /// How what the client carries begins.
    const PREFIX: TokenPrefix = TokenPrefix("pct_");

    /// With whose account it goes.
    fn owner(&self) -> Option<&UserId>;
}

/// What must not have changed since a ticket was made: else it is good for nothing any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<Generation>,
    /// The number of the account's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<AddressNumber>,
}

impl Bound {
    /// Good as long as `user` has the password that it has now.
    pub const fn to(user: &User) -> Self {
        Self {
            generation: Some(user.generation),
            address: None,
        }
    }

    /// Good as long as `user` has the password and the address that it has now.
    pub const fn to_address(user: &User) -> Self {
        Self {
            generation: Some(user.generation),
            address: Some(user.address_number),
        }
    }

    /// Bound to nobody: there is no account yet, or what it is good for says more.
    pub const fn to_nobody() -> Self {
        Self {
            generation: None,
            address: None,
        }
    }

    /// Whether `user` is still as the ticket demands.
    pub fn holds_for(&self, user: &User) -> bool {
        self.address
            .is_none_or(|bound| bound == user.address_number)
            && self.generation.is_none_or(|bound| bound == user.generation)
    }

    /// The generation for a compare-and-set that spends the ticket.
    pub const fn generation(&self) -> Option<Generation> {
        self.generation
    }
}

/// A ticket to be put: what stands in it, and for how long it is good.
pub struct Ticket<T> {
    link: PlainToken,
    carried: Carried<T>,
    lifetime: Duration,
}

/// What a ticket carries. It reads as its purpose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried<T> {
    /// What must not have changed.
    pub bound: Bound,
    /// What it is good for.
    pub purpose: T,
}

impl<T> fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Carried<T> {
    /// What it is good for may be an address: that reaches no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried").finish_non_exhaustive()
    }
}

impl<T: Purpose> Ticket<T> {
    /// A new ticket, and what its client carries: it is shown once, and only its hash is stored.
    pub fn new(purpose: T, bound: Bound, lifetime: Duration, rng: &dyn Rng) -> (PlainToken, Self) {
        let mut bytes = [0; RANDOM];
        rng.fill(&mut bytes);
        let link = PlainToken::from_bytes(T::PREFIX, bytes);
        let ticket = Self {
            link: link.clone(),
            carried: Carried { bound, purpose },
            lifetime,
        };
        (link, ticket)
    }

    /// A ticket that is found by `link`, which its caller has made: of what its client knows.
    pub const fn under(link: PlainToken, purpose: T, bound: Bound, lifetime: Duration) -> Self {
        Self {
            link,
            carried: Carried { bound, purpose },
            lifetime,
        }
    }
}

/// The tickets of a store at a point in time.
pub struct TicketsAt<'a> {
    store: &'a dyn Storage,
    now: Timestamp,
}

impl dyn Storage {
    /// The tickets, as they are at `now`.
    pub fn tickets(&self, now: Timestamp) -> TicketsAt<'_> {
        TicketsAt { store: self, now }
    }
}

impl TicketsAt<'_> {
    /// Keeps a ticket.
    ///
    /// # Errors
    /// [`PutTicketError`].
    pub async fn put<T: Purpose>(&self, ticket: Ticket<T>) -> Result<(), PutTicketError> {
        let ticket = StoredTicket {
            kind: T::KIND,
            hash: ticket.link.hashed(),
            owner: ticket.carried.purpose.owner().cloned(),
            body: TicketBody::of::<PutTicketError>(&ticket.carried)?,
            expires: self.now.plus(ticket.lifetime),
        };
        self.store.put_ticket(ticket).await
    }

    /// What is in a ticket that is good, which stays so.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look<T: Purpose>(&self, link: &PlainToken) -> Result<Option<Carried<T>>, Error> {
        let found = self
            .store
            .look_at_ticket(T::KIND, link.hashed(), self.now)
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// Takes a ticket. Whoever is granted it is the only one; a replay is told what was in it. One that can't be
    /// read here is left for a node of the later version that wrote it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take<T: Purpose>(
        &self,
        link: &PlainToken,
    ) -> Result<Option<Taken<Carried<T>>>, Error> {
        self.look::<T>(link).await?;
        let taken = self
            .store
            .take_ticket(T::KIND, link.hashed(), self.now)
            .await?;
        Ok(match taken {
            Some(Taken::Granted(body)) => Some(Taken::Granted(read(&body)?)),
            Some(Taken::Spent(body)) => Some(Taken::Spent(read(&body)?)),
            None => None,
        })
    }

    /// Withdraws the tickets of an account with this purpose.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdraw<T: Purpose>(&self, owner: &UserId) -> Result<u64, Error> {
        self.store.withdraw_tickets(owner, Some(T::KIND)).await
    }

    /// Withdraws every ticket of an account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdraw_all(&self, owner: &UserId) -> Result<u64, Error> {
        self.store.withdraw_tickets(owner, None).await
    }
}

fn read<T: Purpose>(body: &TicketBody) -> Result<Carried<T>, Error> {
    body.read("tickets", T::KIND)
}

impl<T> Deref for Carried<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.purpose
    }
}

impl fmt::Debug for TicketsAt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketsAt").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(generation: u64) -> User {
        User {
            id: UserId::parse("u-1").unwrap(),
            username: None,
            email: None,
            email_verified: false,
            address_number: AddressNumber(0),
            generation: Generation(generation),
            keep: None,
            disabled: false,
            is_invited: false,
            closes_at: None,
            second_factor: false,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn a_ticket_is_bound_to_the_generation_that_it_was_made_at() {
        let bound = Bound::to(&user(3));
        assert!(bound.holds_for(&user(3)));
        assert!(!bound.holds_for(&user(2)) && !bound.holds_for(&user(4)));
        assert!(Bound::to_nobody().holds_for(&user(4)));
    }

    #[test]
    fn a_ticket_may_be_bound_to_the_address_too() {
        let bound = Bound::to_address(&user(3));
        assert!(bound.holds_for(&user(3)) && !bound.holds_for(&user(4)));
        let mut moved = user(3);
        moved.address_number = AddressNumber(1);
        assert!(!bound.holds_for(&moved));
    }

    #[test]
    fn what_is_not_bound_takes_no_room() {
        let text = |bound| serde_json::to_string(&bound).unwrap();
        assert_eq!(text(Bound::to(&user(3))), r#"{"generation":3}"#);
        assert_eq!(text(Bound::to_nobody()), "{}");
    }
}
