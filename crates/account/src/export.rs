//! Reading everything that is held about oneself.

use std::sync::Arc;

use model::{Timestamp, User};
use tokio::sync::OwnedSemaphorePermit;

use crate::events::Act;
use crate::mailing::undeliverable_since;
use crate::settings::MAX_SESSIONS;
use crate::{AccountEvent, Accounts, Actor, ListedDevice, ListedSession, OwnFactors, Refused};

/// Exports that are made at once: what comes beyond waits, within its request's time.
pub(crate) const AT_ONCE: usize = 2;

/// Everything that is held about a person, but for what would let somebody in.
#[derive(Debug)]
pub struct Export {
    /// When it was read.
    pub at: Timestamp,
    /// The account.
    pub user: User,
    /// The kind of its password hash; nothing where there is none, or none that can be read.
    pub hash: Option<String>,
    /// Since when the mail server refuses the address for good, if its owner has confirmed it.
    pub undeliverable_since: Option<Timestamp>,
    /// What there is besides the password.
    pub factors: OwnFactors,
    /// The devices on which the second factor isn't asked for, the oldest first.
    pub remembered_devices: Vec<ListedDevice>,
    /// The sessions that go on, at most a hundred, the one used last first.
    pub sessions: Vec<ListedSession>,
    /// What happened to the account, as far as it is kept, the last first.
    pub events: Vec<AccountEvent>,
    /// Held until it is sent off: each may have megabytes.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Accounts {
    /// Everything that is held about the actor. Needs a fresh token: a thief of another one would learn more by it than by
    /// anything else that the token is good for.
    pub async fn export(&self, actor: &Actor) -> Result<Export, Refused> {
        self.require_fresh(actor)?;
        let permit = Arc::clone(&self.4).acquire_owned().await.ok();
        let mut sessions = self.sessions(actor).await?;
        sessions.truncate(usize::try_from(MAX_SESSIONS).unwrap_or(usize::MAX));
        let found = self.0.storage.credentials(&actor.user).await?;
        let found = found.ok_or(Refused::Revoked)?;
        // Of an address that nobody has confirmed it would say whether a stranger's mailbox exists.
        let undeliverable_since = if found.user.email_verified {
            undeliverable_since(&*self.0.storage, &found.user).await?
        } else {
            None
        };
        let factors = self.own_factors(actor).await?;
        let remembered_devices = self.remembered_devices(actor).await?;
        self.report_kept(actor.event(Act::Export.done())).await;
        let events = self.every_event(actor).await?;
        Ok(Export {
            at: self.0.clock.now(),
            undeliverable_since,
            hash: found.hash.kind().ok().map(|kind| kind.to_string()),
            user: found.user,
            factors,
            remembered_devices,
            sessions,
            events,
            _permit: permit,
        })
    }
}
