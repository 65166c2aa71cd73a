//! Reading what happened to one's own account.

use model::{Timestamp, UserId};
use storage::{Error, Link};

use super::Happened;
use crate::{Accounts, Actor, Refused};

/// The most events of one page.
pub(crate) const PAGE: u32 = 100;

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent {
    /// Its number: each has the next one.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub happened: Happened,
}

/// Some of what happened, the last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// What happened.
    pub events: Vec<AccountEvent>,
    /// What the next page is before, if there is more.
    pub next: Option<u64>,
}

impl Accounts {
    /// What happened to the actor's account, the last first, at most `limit` and a hundred, before the number `before`.
    pub async fn events(
        &self,
        actor: &Actor,
        before: Option<u64>,
        limit: u32,
    ) -> Result<EventPage, Refused> {
        self.live_session(actor).await?;
        // What this process was told of is there.
        self.3.settled(&actor.user).await;
        Ok(page(&*self.0.storage, &actor.user, before, limit).await?)
    }

    /// Everything that happened to the actor's account, the last first.
    pub(crate) async fn every_event(&self, actor: &Actor) -> Result<Vec<AccountEvent>, Refused> {
        self.3.settled(&actor.user).await;
        let (mut events, mut before) = (Vec::new(), None);
        loop {
            let page = page(&*self.0.storage, &actor.user, before, PAGE).await?;
            events.extend(page.events);
            before = page.next;
            if before.is_none() {
                return Ok(events);
            }
        }
    }
}

/// Some of what happened to an account.
pub(crate) async fn page(
    storage: &dyn storage::Storage,
    user: &UserId,
    before: Option<u64>,
    limit: u32,
) -> Result<EventPage, Error> {
    let limit = limit.clamp(1, PAGE);
    let mut links = storage.events_of(user, before, limit + 1).await?;
    let has_more = links.len() > limit as usize;
    links.truncate(limit as usize);
    let next = links.last().map(|link| link.number);
    Ok(EventPage {
        next: next.filter(|_| has_more),
        events: links.into_iter().filter_map(read).collect(),
    })
}

/// What a link says, unless it says nothing that can be read: then the check of the chain shows it.
fn read(link: Link) -> Option<AccountEvent> {
    let happened = serde_json::from_str(&link.content?.text).ok()?;
    Some(AccountEvent {
        number: link.number,
        at: link.at,
        happened,
    })
}
