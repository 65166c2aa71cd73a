use async_trait::async_trait;
use model::{Timestamp, UserId};
use secret::HashedToken;
use storage::tickets::StoredTicket;
use storage::{Error, Kind, PutTicketError, Taken, TicketBody, Tickets};

use super::{MemoryStore, State};

#[async_trait]
impl Tickets for MemoryStore {
    async fn put_ticket(&self, ticket: StoredTicket) -> Result<(), PutTicketError> {
        let mut state = self.open()?;
        if !state.has_owner(ticket.owner.as_ref()) {
            return Err(PutTicketError::OwnerGone);
        }
        let hash = *ticket.hash.as_bytes();
        if state.tickets.contains_key(&hash) {
            return Err(Error::Backend("there is such a ticket".into()).into());
        }
        state.tickets.insert(hash, (ticket, false));
        Ok(())
    }

    async fn look_at_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<TicketBody>, Error> {
        let mut state = self.open()?;
        let found = state.ticket(kind, hash, now);
        let good = found.filter(|(_, is_spent)| !is_spent);
        Ok(good.map(|(ticket, _)| ticket.body.clone()))
    }

    async fn take_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<Taken<TicketBody>>, Error> {
        let mut state = self.open()?;
        Ok(state.ticket(kind, hash, now).map(|(ticket, is_spent)| {
            let body = ticket.body.clone();
            if std::mem::replace(is_spent, true) {
                Taken::Spent(body)
            } else {
                Taken::Granted(body)
            }
        }))
    }

    async fn withdraw_tickets(&self, owner: &UserId, kind: Option<Kind>) -> Result<u64, Error> {
        let mut state = self.open()?;
        let before = state.tickets.len();
        state.tickets.retain(|_, (ticket, is_spent)| {
            let is_meant = kind.is_none_or(|kind| ticket.kind == kind);
            *is_spent || !is_meant || ticket.owner.as_ref() != Some(owner)
        });
        Ok((before - state.tickets.len()) as u64)
    }
}

impl State {
    /// The ticket, unless it has expired.
    fn ticket(
        &mut self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Option<&mut (StoredTicket, bool)> {
        let found = self.tickets.get_mut(hash.as_bytes())?;
        (found.0.kind == kind && found.0.expires > now).then_some(found)
    }

    /// Whether the account is there that something goes with, if it goes with one.
    pub(super) fn has_owner(&self, owner: Option<&UserId>) -> bool {
        owner.is_none_or(|owner| self.users.contains_key(owner))
    }
}
