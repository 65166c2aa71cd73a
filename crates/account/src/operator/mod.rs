//! What an operator does with accounts: somebody who may run commands where the store is, and answers for it.
//!
//! An operator is nobody's owner: there is no session, no password and no limit. It works beside running servers, through the
//! same methods of the store, so that what it changes they hear as they hear of each other. Each use case is one file with
//! one method of [`Operator`], and each that changes something reports it, as `by=operator`.

mod audit;
mod delete;
mod disable;
mod enable;
mod end_sessions;
mod events;
mod factors;
mod find;
mod invite;
mod link;
mod list;
mod reencrypt;
mod reset_link;
mod show;
mod unlock;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Rng, User};
use secret::{Sealer, Secret};
use storage::{AttemptKey, EventKeys, Moment, Storage};

use crate::agree_on_time;
use crate::attempts::{budget_of_account, budget_of_factor, budget_of_identifier};
use crate::events::{BY_OPERATOR as BY, Event, keep_of_operator as keep};
use crate::identifier::{canonical, login_name};
use crate::outbox::{Desk, Outbox};
use crate::settings::expiry_margin;

pub use audit::{Audit, AuditFault};
pub use enable::EnableError;
pub use factors::{RemoveFactorError, ShownFactors};
pub use find::FindError;
pub use invite::{Invitation, InviteError};
pub use link::{LinkError, MailedLink, OneTimeLink};
pub use list::{ListError, Listed};
pub use reencrypt::{Need, Reencrypted};
pub use reset_link::ResetLinkError;
pub use show::{Blocked, Budget, Shown};

/// What an operator mails to owners is in this language: there is no browser that wants another.
const LANGUAGE: &str = "en";

/// What an operator can do.
pub struct Operator {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    /// For what is mailed; nothing where mail is off.
    desk: Option<Desk>,
    settings: OperatorSettings,
}

/// What the servers are set to, as far as it matters here.
#[derive(Clone, Debug)]
pub struct OperatorSettings {
    /// How long an access token lives (`JWT_ACCESS_TOKEN_EXPIRES`).
    pub access_lifetime: Duration,
    /// By how much clocks may differ (`JWT_DECODE_LEEWAY`).
    pub leeway: Duration,
    /// By how much the clocks of this process and of the store may differ.
    pub max_clock_difference: Duration,
    /// The key by which names become budgets of guesses.
    pub attempt_key: Secret<[u8; 32]>,
    /// The key that jobs in the outbox are encrypted with, where mail is on: a server sends what is posted here.
    pub outbox_key: Option<Secret<[u8; 32]>>,
    /// The keys that what happens to accounts is chained with.
    pub event_keys: EventKeys,
    /// Whether what happens to accounts is kept in the store (`PORTCULLIS_EVENTS_KEEP`).
    pub keep_events: bool,
    /// What secrets of second factors are encrypted with: by the present `SECRET_KEY`, and opened by the one before, too.
    pub factors: Arc<Sealer>,
    /// Stands for the present `SECRET_KEY`.
    pub secret_fingerprint: String,
    /// The address that people use (`PORTCULLIS_PUBLIC_URL`), without a slash at its end: links begin with it.
    pub public_url: String,
}

impl Operator {
    /// An operator at this store.
    pub fn new(
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        settings: OperatorSettings,
    ) -> Self {
        let desk = settings.outbox_key.as_ref();
        Self {
            storage,
            clock,
            rng,
            desk: desk.map(|key| Desk::new(key, None)),
            settings,
        }
    }

    /// Finishes what was begun and closes the store.
    pub async fn close(&self) {
        self.storage.close().await;
    }

    /// Now, and until when the servers must remember what is revoked now: for as long as a token of any of them lives,
    /// whatever they were set to. A clock that the store doesn't confirm would have them forget it too early.
    async fn moment(&self) -> Result<Moment, storage::Error> {
        let bound = self.settings.max_clock_difference;
        agree_on_time(&*self.storage, self.clock.now(), bound).await?;
        let noted = self.storage.note_access_lifetime(Duration::ZERO).await?;
        let longest = noted.max(self.settings.access_lifetime);
        let now = self.clock.now();
        Ok(Moment {
            now,
            feed_until: now.plus(longest + expiry_margin(self.settings.leeway)),
        })
    }

    /// Reports what was done here.
    async fn report(&self, event: Event<'_>) {
        event.write(BY, None);
        if self.settings.keep_events {
            keep(&*self.storage, &*self.clock, &*self.rng, event).await;
        }
    }

    /// Where a mail is posted that a server sends, now or when it runs again; nothing where mail is off.
    fn outbox(&self) -> Option<Outbox<'_>> {
        Some(Outbox {
            storage: &*self.storage,
            desk: self.desk.as_ref()?,
            clock: &*self.clock,
            rng: &*self.rng,
        })
    }

    /// The budgets that guesses at the password of `user` are counted in: one for each way to sign in, and the one of who
    /// is signed in; and at the second factor. Those of known devices are found by nobody but the devices.
    fn budgets_of(&self, user: &User) -> Vec<(Budget, AttemptKey)> {
        let key = &self.settings.attempt_key;
        let of_identifier = |identifier| {
            let name = login_name(identifier);
            budget_of_identifier(key, canonical(&name))
        };
        let name = user.username.as_deref().map(of_identifier);
        let address = user.email.as_deref().map(of_identifier);
        let signed_in = budget_of_account(key, &user.id);
        let name = name.map(|budget| (Budget::Username, budget));
        let address = address.map(|budget| (Budget::Email, budget));
        let signed_in = (Budget::SignedIn, signed_in);
        let factor = (Budget::Factor, budget_of_factor(key, &user.id));
        let counted = name.into_iter().chain(address);
        counted.chain([signed_in, factor]).collect()
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator")
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}
