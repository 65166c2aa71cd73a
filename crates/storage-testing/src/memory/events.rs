use std::collections::BTreeMap;

use async_trait::async_trait;
use model::{Timestamp, UserId};
use storage::events::{MOST_EVENTS, Mark};
use storage::{ChainEnds, Error, EventKeys, Events, Link, NewEvent};

use super::{MemoryStore, State};

/// The links of an account, by number, and what is known besides them.
#[derive(Default)]
pub(super) struct Chain {
    links: BTreeMap<u64, Link>,
    head: Option<Mark>,
    anchor: Option<Mark>,
}

#[async_trait]
impl Events for MemoryStore {
    async fn append_events(&self, user: &UserId, events: Vec<NewEvent>) -> Result<bool, Error> {
        let mut state = self.open()?;
        if !state.users.contains_key(user) {
            return Ok(false);
        }
        let keys = EventKeys::default();
        let chain = state.events.entry(user.clone()).or_default();
        for event in events {
            let before = chain.last(user);
            chain.push(user, keys.link(user, before.as_ref(), event));
        }
        let beyond = (chain.links.len() as u64).saturating_sub(MOST_EVENTS);
        chain.remove_first(user, None, beyond);
        Ok(true)
    }

    async fn events_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, Error> {
        let state = self.open()?;
        let chain = state
            .events
            .get(user)
            .filter(|_| state.users.contains_key(user));
        let links = chain.map(|chain| chain.links.range(..before.unwrap_or(u64::MAX)));
        let links = links.into_iter().flatten().rev();
        Ok(links
            .take(limit as usize)
            .map(|(_, link)| link.clone())
            .collect())
    }

    async fn chain_ends(&self, user: &UserId) -> Result<ChainEnds, Error> {
        let state = self.open()?;
        let chain = state.events.get(user);
        Ok(ChainEnds {
            has_account: state.users.contains_key(user),
            is_ending: false,
            head: chain.and_then(|chain| chain.head),
            anchor: chain.and_then(|chain| chain.anchor),
        })
    }

    async fn links_of(&self, user: &UserId, after: u64, limit: u32) -> Result<Vec<Link>, Error> {
        let state = self.open()?;
        let chain = state.events.get(user);
        let links = chain.map(|chain| chain.links.range(after.saturating_add(1)..));
        let links = links.into_iter().flatten();
        Ok(links
            .take(limit as usize)
            .map(|(_, link)| link.clone())
            .collect())
    }

    async fn users_with_events(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        let state = self.open()?;
        let with = state
            .events
            .iter()
            .filter(|(_, chain)| !chain.links.is_empty());
        let with = with
            .map(|(id, _)| id)
            .filter(|id| after.is_none_or(|it| *id > it));
        Ok(with.take(limit as usize).cloned().collect())
    }

    async fn renew_notes(&self, _: &UserId) -> Result<bool, Error> {
        Ok(false) // it has one key
    }

    async fn prune_events(&self, until: Timestamp, limit: u32) -> Result<u32, Error> {
        let mut state = self.open()?;
        let State { users, events, .. } = &mut *state;
        let mut left = u64::from(limit);
        for (user, chain) in events.iter_mut() {
            left -= chain.remove_first(user, Some(until), left);
        }
        events.retain(|user, chain| users.contains_key(user) || !chain.links.is_empty());
        Ok(limit - u32::try_from(left).unwrap_or(limit))
    }
}

impl State {
    /// Ends the chain of an account that is deleted, and erases what it says.
    pub(super) fn end_events(&mut self, user: &UserId, now: Timestamp) {
        let Some(chain) = self.events.get_mut(user) else {
            return;
        };
        let before = chain.last(user);
        chain.push(user, EventKeys::default().end(user, before.as_ref(), now));
        chain.head = None; // it goes with the account
        for link in chain.links.values_mut() {
            link.content = None;
        }
    }
}

impl Chain {
    fn last(&self, user: &UserId) -> Option<Mark> {
        let last = self.links.last_key_value().map(|(_, link)| link);
        let ends = ChainEnds {
            has_account: true,
            is_ending: false,
            head: self.head,
            anchor: self.anchor,
        };
        EventKeys::default().last(user, &ends, last)
    }

    fn push(&mut self, user: &UserId, link: Link) {
        self.head = Some(EventKeys::default().head(user, Some(&link)));
        self.links.insert(link.number, link);
    }

    /// Removes the first links, as far as they are as old as that, and says how many.
    fn remove_first(&mut self, user: &UserId, until: Option<Timestamp>, limit: u64) -> u64 {
        let links: Vec<_> = self
            .links
            .values()
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .cloned()
            .collect();
        let is_old = |link: &Link| until.is_none_or(|until| link.at <= until);
        let removable = EventKeys::default().removable(user, self.anchor.as_ref(), &links, is_old);
        let Some(removable) = removable.filter(|removable| removable.until > 0) else {
            return 0;
        };
        self.anchor = Some(removable.anchor);
        let before = self.links.len();
        self.links.retain(|number, _| *number > removable.until);
        (before - self.links.len()) as u64
    }
}
