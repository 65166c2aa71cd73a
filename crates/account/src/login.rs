//! Signing in with a name (or e-mail address) and a password.

use std::sync::Arc;
use std::time::Duration;

use jwt::IssueError;
use model::{Authentication, ClientInfo, Credentials, Timestamp, User, UserId};
use password::{Busy, PasswordHash, Permit, Strength, Verdict};
use secret::{HashedToken, Secret};
use storage::LoginName;

use crate::attempts::{GuessError, Settlement};
use crate::carrier::Carrier;
use crate::device::KnownDevice;
use crate::events::{Act, Reason};
use crate::factor::Memory;
use crate::identifier::{canonical, login_name};
use crate::opening::Proven;
use crate::quota::{QuotaError, SignInQuota};
use crate::unreadable::{is_unreadable, readable};
use crate::{
    Accounts, DeviceToken, EnrolmentRequired, FactorRequired, OpenSessionError, RememberedDevice,
};

/// Someone who wants to sign in.
pub struct LoginAttempt {
    /// The name or address, as it was typed.
    pub identifier: String,
    /// The password, as it was typed.
    pub password: Secret<String>,
    /// The proof that the device is known, if the client has one. A bad one counts for nothing.
    pub device: Option<DeviceToken>,
    /// Where it comes from.
    pub client: ClientInfo,
    /// The hash of what the browser is known by that asks, if a browser does: a second factor is taken from it and nobody
    /// else.
    pub browser: Option<HashedToken>,
    /// What stands for the second factor on a device that is remembered. A bad one counts for nothing.
    pub remembered: Option<RememberedDevice>,
    /// How often the user may sign in; `None` where nothing bounds that.
    pub quota: Option<Arc<dyn SignInQuota>>,
}

/// What came of checking a password.
pub(crate) struct Verified {
    /// How strong the hash is, if the password matches it.
    pub(crate) strength: Option<Strength>,
    /// How long it took, from its turn on.
    took: Duration,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The name is unknown, the password wrong, the account disabled or unreadable: never told apart.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The password was right, and the address must be confirmed first.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// Everything was right, and the account is scheduled for deletion.
    #[error("the account is scheduled for deletion")]
    DeletionScheduled {
        /// When it will be deleted.
        due_at: Timestamp,
    },
    /// Too many attempts have failed: nothing was checked.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// The password was right, and its user has signed in too often, or that can't be counted.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The password was right, and the account has a second factor.
    #[error("the second factor is needed")]
    FactorRequired(FactorRequired),
    /// The password was right, and the account must get a second factor first, which this server requires.
    #[error("a second factor must be enrolled")]
    EnrolmentRequired(EnrolmentRequired),
    /// The account demands more than was proven.
    #[error("another factor is needed")]
    Insufficient,
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The store failed.
    #[error(transparent)]
    Storage(storage::Error),
}

impl From<storage::Error> for LoginError {
    fn from(error: storage::Error) -> Self {
        if is_unreadable(&error) {
            Self::InvalidCredentials
        } else {
            Self::Storage(error)
        }
    }
}

impl From<OpenSessionError> for LoginError {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Insufficient => Self::Insufficient,
            OpenSessionError::FactorRequired(required) => Self::FactorRequired(required),
            OpenSessionError::EnrolmentRequired(required) => Self::EnrolmentRequired(required),
            OpenSessionError::EmailUnverified => Self::EmailUnverified,
            OpenSessionError::Gone => Self::InvalidCredentials,
            OpenSessionError::Issue(error) => error.into(),
            OpenSessionError::Storage(error) => error.into(),
        }
    }
}

impl From<GuessError> for LoginError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            GuessError::Storage(error) => error.into(),
        }
    }
}

impl Accounts {
    /// Signs a person in and opens a session, which `carrier` is to carry.
    ///
    /// An unknown name costs what a known one costs, and so does one whose account can't be read; an
    /// outdated hash is replaced. Nothing is checked while too many attempts have failed, the right
    /// password neither.
    pub async fn login<C: Carrier>(
        &self,
        attempt: LoginAttempt,
        carrier: &C,
    ) -> Result<C::Opened, LoginError> {
        let proven = self.prove_for_login(attempt).await?;
        let proven = self.or_challenge(proven).await?;
        let proven = self.refuse_closing(proven).await?;
        Ok(self.open_session(proven, carrier).await?)
    }

    /// What is proven, if it is enough, or the device is remembered; else a challenge to prove more.
    pub(crate) async fn or_challenge(&self, mut proven: Proven) -> Result<Proven, LoginError> {
        if proven.is_enough() {
            return Ok(proven);
        }
        if let Memory::Presented(device) = &proven.memory
            && self.stands_for_the_factor(&proven.user, device).await
        {
            proven.memory = Memory::Holds(device.clone());
            return Ok(proven);
        }
        let required = self.challenge(proven).await?;
        Err(LoginError::FactorRequired(required))
    }

    /// The first step: checks the password; opens nothing.
    pub(crate) async fn prove_for_login(
        &self,
        attempt: LoginAttempt,
    ) -> Result<Proven, LoginError> {
        let name = login_name(&attempt.identifier);
        let permit = self.admit_sign_in(canonical(&name))?; // before the look-up, so that a full queue tells nothing
        let device = self
            .device_for_login(attempt.device.as_ref(), &name)
            .await?;
        let nonce = device.as_ref().map(|device| device.nonce);
        let budget = match &nonce {
            Some(nonce) => self.budget_of_device(nonce),
            None => self.budget_of_identifier(canonical(&name)),
        };
        // Before the look-up, so that a wait tells nothing.
        let known = device
            .as_ref()
            .map(|device| device.credentials.user.id.clone());
        let guess = self
            .count_guess(budget, Act::SignIn, known.as_ref())
            .await?;

        let compared = self.compare(&permit, &name, device, &attempt.password);
        let (found, verified) = match compared.await {
            Ok(compared) => compared,
            Err(not_compared) => {
                self.give_back(guess).await;
                return Err(not_compared);
            }
        };
        let Verified { strength, took } = verified;
        let (found, strength) = match (found, strength) {
            (Ok(found), Some(strength)) if !found.user.disabled => (found, strength),
            (found, strength) => {
                drop(permit);
                let reason = match (&found, strength) {
                    (Err(reason), _) => *reason,
                    (Ok(_), None) => Reason::WrongPassword,
                    (Ok(_), Some(_)) => Reason::Disabled,
                };
                let account = found.as_ref().ok().map(|found| &found.user.id);
                self.report(Act::SignIn.refused(reason).of_any(account));
                self.wait_out(took).await;
                return Err(LoginError::InvalidCredentials); // whatever the reason
            }
        };
        // Who may keep an account confirms the address afterwards: while it waits to be deleted nothing is confirmed.
        if found.user.closes_at.is_none() && self.must_confirm_first(&found.user) {
            drop(permit);
            self.give_back(guess).await; // the password was right
            self.report(
                Act::SignIn
                    .refused(Reason::EmailUnverified)
                    .of(&found.user.id),
            );
            return Err(LoginError::EmailUnverified);
        }
        let meant = nonce.is_some() || self.is_meant_by_form(&found.user, &name).await?;
        let upgraded = self.upgrade_if_outdated(&permit, &found, strength, attempt.password);
        if let Err(not_kept) = upgraded.await {
            self.give_back(guess).await; // the store's fault, not a wrong password
            return Err(not_kept.into());
        }
        drop(permit);
        let charging = self.charge_sign_in(attempt.quota.as_deref(), &found.user.id);
        if let Err(refused) = charging.await {
            self.give_back(guess).await; // the password was right
            return Err(refused.into());
        }

        Ok(Proven {
            user: found.user,
            authentication: Authentication::by_password(self.0.clock.now()),
            client: attempt.client,
            device: nonce,
            browser: attempt.browser,
            memory: attempt
                .remembered
                .map_or(Memory::Nothing, Memory::Presented),
            guess: if meant {
                Settlement::Clear(guess)
            } else {
                Settlement::GiveBack(guess)
            },
        })
    }

    /// Whom the name leads to, or why to nobody, and what came of checking `password`. After an error
    /// nothing was compared.
    async fn compare(
        &self,
        permit: &Permit,
        name: &LoginName,
        device: Option<KnownDevice>,
        password: &Secret<String>,
    ) -> Result<(Result<Credentials, Reason>, Verified), LoginError> {
        let found = match device {
            Some(device) => Ok(device.credentials),
            None => match self.0.storage.credentials_by_login(name).await {
                Ok(found) => found.ok_or(Reason::UnknownAccount),
                Err(error) if is_unreadable(&error) => Err(Reason::UnreadableAccount),
                Err(error) => return Err(error.into()),
            },
        };
        let hash = match &found {
            Ok(credentials) => credentials.hash.clone(),
            Err(_) => self.0.live.decoys().for_name(canonical(name)),
        };
        let account = found.as_ref().ok().map(|found| &found.user.id);
        let verified = self.verify(permit, password, hash, account).await?;
        Ok((found, verified))
    }

    /// Whether the canonical form of what was typed, whose budget is counted, leads to `user`. An imported
    /// account may have a name that only its exact form leads to, while the canonical one is another's:
    /// its own successes must not end the counting of guesses at that other account.
    pub(crate) async fn is_meant_by_form(
        &self,
        user: &User,
        name: &LoginName,
    ) -> Result<bool, storage::Error> {
        if name.username_key.is_none() && name.email_key.is_none() {
            return Ok(true); // it has no other form
        }
        let form = LoginName {
            exact: String::new(),
            ..name.clone()
        };
        let meant = readable(self.0.storage.credentials_by_login(&form).await)?;
        Ok(meant.is_some_and(|meant| meant.user.id == user.id))
    }

    /// Checks `password` against `hash`. One that can't be read, or would
    /// cost too much, is work all the same, and a line in the log that names the `account` it belongs to. [`Busy`]
    /// when nothing was compared.
    pub(crate) async fn verify(
        &self,
        permit: &Permit,
        password: &Secret<String>,
        hash: PasswordHash,
        account: Option<&UserId>,
    ) -> Result<Verified, Busy> {
        // Of an account that has no password yet, or none any more.
        let hash_is_absent = hash.expose().is_empty();
        let (verdict, took) = permit.verify_timed(password.clone(), hash).await?;
        let strength = match verdict {
            Verdict::Match(strength) => Some(strength),
            Verdict::NoMatch => None,
            // The pool has done the work of a good hash in its place.
            Verdict::Malformed(_) if hash_is_absent => None,
            Verdict::Malformed(reason) => {
                let account = account.map(UserId::as_str);
                tracing::error!(account, %reason, "a stored password hash can't be used: nobody can sign in with it");
                None
            }
        };
        Ok(Verified { strength, took })
    }

    /// Replaces an outdated hash, unless the operator keeps them for other software. Whoever replaced
    /// it in between has done the same; a hash that can't be made today is made the next time.
    pub(crate) async fn upgrade_if_outdated(
        &self,
        permit: &Permit,
        found: &Credentials,
        strength: Strength,
        password: Secret<String>,
    ) -> Result<(), storage::Error> {
        if strength.is_outdated() && self.0.settings.upgrade_hashes {
            match permit.hash(password).await {
                Ok(better) => {
                    self.0
                        .storage
                        .upgrade_hash(&found.user.id, &found.hash, &better)
                        .await?;
                }
                Err(error) => {
                    let account = found.user.id.as_str();
                    tracing::error!(account, %error, "an outdated hash could not be replaced");
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for LoginAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginAttempt").finish_non_exhaustive()
    }
}
