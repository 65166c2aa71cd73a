//! What can be done with an account: each use case is one file with one public method of [`Accounts`],
//! and each rule stands here once, whether the request came through the API or a page.
//!
//! No HTTP and no storage backend: a use case takes typed values, asks the [`storage`] traits, and
//! answers with a value or a small error of its own.

mod actor;
mod admission;
mod attempts;
mod authentication;
pub mod browser;
mod carrier;
mod change_password;
mod come_back;
mod decoys;
mod delete;
mod device;
mod email;
mod events;
mod export;
mod factor;
mod identifier;
mod known_user;
mod legacy;
mod lifetimes;
mod live;
mod login;
mod logout;
mod mailing;
mod me;
mod opening;
pub mod operator;
mod outbox;
mod own_address;
mod profile;
mod proof;
mod quota;
mod reauthenticate;
mod refresh;
mod register;
mod reset;
mod same_time;
mod sessions;
mod settings;
mod stored;
mod throttled;
mod tokens;
mod unreadable;
mod upkeep;
mod users_cache;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jwt::Authority;
use model::{Clock, Rng, Timestamp};
use password::Hasher;
use storage::{Moment, Storage};

pub use actor::{Actor, Refused};
pub use browser::{BrowserActor, BrowserSession, Cookie};
pub use change_password::{ChangePasswordError, ChangedPassword};
pub use delete::{DeleteError, Deletion};
pub use device::DeviceToken;
pub use email::{
    AskForAddressError, Confirm, ConfirmError, ConfirmWith, Confirmable, Confirmer, Confirming,
    SignUpBrowser, UndoAddressError,
};
pub use events::{
    AccountEvent, EVENT_NAMES, EventPage, Happened, REASON_NAMES, RequestInfo,
    TARGET as EVENTS_TARGET,
};
pub use export::Export;
pub use factor::{
    AnswerError, AppLabels, ChallengeAnswer, EnrolError, EnrolFirstError, Enrolling,
    EnrolmentRequired, FEW_RECOVERY_CODES, FactorError, FactorKind, FactorRequired, FirstCode,
    FirstEnrolment, ListedDevice, ManageFactorError, OwnFactors, PresentedFactor, RecoveryCodes,
    RememberedDevice,
};
pub use known_user::KnownUser;
pub use legacy::{LegacyToken, Principal};
pub use lifetimes::Lifetimes;
pub use live::Live;
pub use login::{LoginAttempt, LoginError};
pub use mailing::{MailOff, Mailing, Verification};
pub use opening::OpenSessionError;
pub use operator::Operator;
pub use outbox::Backlog;
pub use own_address::ResendError;
pub use profile::{ChangeProfileError, ChangedProfile, NewProfile};
pub use proof::ProofError;
pub use quota::{Charging, QuotaError, SignInQuota};
pub use reauthenticate::ReauthenticateError;
pub use refresh::{Handing, RefreshError, Refreshed};
pub use register::{RegisterError, Registration, SignUpError};
pub use reset::{AskForResetError, NewPassword, ResetError};
pub use sessions::{EndSessionError, ListedSession};
pub use settings::{FactorRules, Settings};
pub use throttled::Throttled;
pub use tokens::{Bearer, FreshAccess, Tokens};
pub use upkeep::{COUNT_EVERY, SWEEP_EVERY};

/// The use cases, with everything they need, and the request that they serve, if there is one
/// ([`Accounts::serving`]). Cheap to clone.
#[derive(Clone)]
pub struct Accounts(
    Arc<Parts>,
    Option<Arc<RequestInfo>>,
    Arc<outbox::Desk>,
    Arc<events::Trail>,
    Arc<tokio::sync::Semaphore>,
);

/// What [`Accounts`] is made of.
pub struct Parts {
    /// Where everything is kept.
    pub storage: Arc<dyn Storage>,
    /// Where passwords are hashed.
    pub hasher: Hasher,
    /// Signs tokens. Its revocation set is that of `live`.
    pub authority: Authority,
    /// What this process has heard from the feed.
    pub live: Arc<Live>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where random numbers come from.
    pub rng: Arc<dyn Rng>,
    /// How mail is sent, where it is.
    pub mailing: Option<Mailing>,
    /// The bounds and switches.
    pub settings: Settings,
}

impl Accounts {
    /// Puts the use cases together, and has this process hear the feed: when it answers, every
    /// revocation that counts has been heard.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn start(mut parts: Parts) -> Result<Self, storage::Error> {
        let own = parts.settings.access_lifetime;
        parts.settings.lifetimes = Lifetimes::agree(&*parts.storage, &parts.live, own).await?;
        let sink = Arc::clone(&parts.live) as Arc<dyn storage::FeedSink>;
        parts.storage.follow(parts.clock.now(), sink).await?;
        let desk = Arc::new(outbox::Desk::new(
            &parts.settings.outbox_key,
            parts.settings.outbox_key_previous.as_ref(),
        ));
        let accounts = Self(
            Arc::new(parts),
            None,
            desk,
            Arc::default(),
            Arc::new(tokio::sync::Semaphore::new(export::AT_ONCE)),
        );
        if let Err(error) = accounts.refresh_decoys().await {
            tracing::warn!(%error, "the kinds of hash can't be counted: unknown names cost what the present kind does");
        }
        Ok(accounts)
    }

    /// Whether the store can be read and written now, and has the time that this process has.
    ///
    /// # Errors
    /// When it can't.
    pub async fn is_ready(&self) -> Result<(), storage::Error> {
        self.0.storage.ping().await?;
        self.agrees_on_time(self.0.clock.now()).await
    }

    /// Whether the store, where it tells the time, has the time `now`.
    pub(crate) async fn agrees_on_time(&self, now: Timestamp) -> Result<(), storage::Error> {
        match self.0.settings.max_clock_difference {
            Some(bound) => agree_on_time(&*self.0.storage, now, bound).await,
            None => Ok(()),
        }
    }

    /// The store, named without credentials.
    pub fn describe_store(&self) -> String {
        self.0.storage.describe()
    }

    /// Finishes what was accepted and closes the store.
    pub async fn close(&self) {
        self.0.storage.close().await;
    }

    fn moment(&self) -> Moment {
        let now = self.0.clock.now();
        Moment {
            now,
            feed_until: now.plus(self.revocation_lifetime()),
        }
    }
}

/// Whether the store, where it tells the time, has the time `now`, within `bound`.
async fn agree_on_time(
    storage: &dyn Storage,
    now: Timestamp,
    bound: Duration,
) -> Result<(), storage::Error> {
    match storage.clock_difference(now).await? {
        Some(difference) if difference > bound => {
            let seconds = difference.as_secs();
            let reason = format!("the clocks differ by {seconds} s: set this one right");
            Err(storage::Error::Unavailable(reason))
        }
        Some(_) | None => Ok(()),
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("storage", &self.0.storage)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}
