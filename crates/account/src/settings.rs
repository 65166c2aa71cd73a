//! The bounds and switches of the use cases.

use std::sync::Arc;
use std::time::Duration;

use password::Policy;
use secret::{Sealer, Secret};

use crate::Lifetimes;

/// Sessions of one user; when another is opened, the oldest ends.
pub(crate) const MAX_SESSIONS: u32 = 100;

/// A revocation is remembered for this much longer than the tokens that it refuses.
const REVOCATION_RESERVE: Duration = Duration::from_mins(5);

/// Who must have a second factor, and how often it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorRules {
    /// Whether every account must have one (`PORTCULLIS_MFA`).
    pub required: bool,
    /// How long an account may do without one from when it was first asked for it (`PORTCULLIS_MFA_GRACE`).
    pub grace: Duration,
    /// How long a device may be remembered that has shown it; zero: none is (`PORTCULLIS_MFA_REMEMBER`).
    pub remember: Duration,
}

/// The bounds and switches of the use cases.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an access token lives (`JWT_ACCESS_TOKEN_EXPIRES`).
    pub access_lifetime: Duration,
    /// How long a refresh token lives: an unused session ends after it (`JWT_REFRESH_TOKEN_EXPIRES`).
    pub refresh_lifetime: Duration,
    /// How long a used refresh token may be repeated (`PORTCULLIS_REFRESH_GRACE`).
    pub refresh_grace: Duration,
    /// How long a session lives, however much it is used (`PORTCULLIS_SESSION_MAX_AGE`).
    pub session_max_age: Duration,
    /// By how much clocks may differ (`JWT_DECODE_LEEWAY`).
    pub leeway: Duration,
    /// Whether anyone may sign up (`PORTCULLIS_REGISTRATION`).
    pub registration_open: bool,
    /// Whether an outdated hash is replaced at login (`PORTCULLIS_HASH_UPGRADE`).
    pub upgrade_hashes: bool,
    /// How long an account waits to be deleted whose owner wants that; zero: it is deleted at once
    /// (`PORTCULLIS_DELETION_GRACE`).
    pub deletion_grace: Duration,
    /// How long what happened to accounts is kept in the store; `None` where it is in the log only
    /// (`PORTCULLIS_EVENTS_KEEP`).
    pub keep_events: Option<Duration>,
    /// What a new password must be.
    pub policy: Policy,
    /// The key by which unknown names are given a kind of hash.
    pub decoy_key: Secret<[u8; 32]>,
    /// The key by which names become budgets of guesses.
    pub attempt_key: Secret<[u8; 32]>,
    /// The key that signs the tokens of known devices.
    pub device_key: Secret<[u8; 32]>,
    /// The one before it, whose tokens are still taken.
    pub device_key_previous: Option<Secret<[u8; 32]>>,
    /// The key that the jobs in the outbox are encrypted with.
    pub outbox_key: Secret<[u8; 32]>,
    /// The one before it, whose jobs are still read.
    pub outbox_key_previous: Option<Secret<[u8; 32]>>,
    /// The key by which codes that were mailed are found.
    pub code_key: Secret<[u8; 32]>,
    /// The one before it, by which codes are found that were mailed before.
    pub code_key_previous: Option<Secret<[u8; 32]>>,
    /// Who must have a second factor, and how often it is asked for.
    pub factor_rules: FactorRules,
    /// What second factors are encrypted with.
    pub factors: Arc<Sealer>,
    /// The longest that what is asked for by mail waits before anything is looked up, and that what was refused waits before
    /// it is written: a while at random, so that the work falls together with no answer.
    pub mail_delay: Duration,
    /// The longest that a failed sign-in may take from its turn at hashing on: less than its request may
    /// (`PORTCULLIS_REQUEST_TIMEOUT`).
    pub longest_failure: Duration,
    /// By how much the clocks of this process and of the store may differ; `None` where that is not
    /// asked.
    pub max_clock_difference: Option<Duration>,
    /// What the other processes of the store were set to; filled in at the start.
    pub lifetimes: Lifetimes,
}

impl Settings {
    /// For how long after its `exp` a token is still remembered as refused.
    pub(crate) fn expiry_margin(&self) -> Duration {
        expiry_margin(self.leeway)
    }
}

/// The same, of clocks that may differ by `leeway`.
pub(crate) fn expiry_margin(leeway: Duration) -> Duration {
    leeway + REVOCATION_RESERVE
}
