//! Signing up.

use model::{Authentication, ClientInfo, EmailAddress, User, UserId, Username};
use password::{Busy, Fault, HashError, PasswordHash};
use secret::{HashedToken, Secret};
use storage::{NewUser, SaveUserError, UniqueField};

use crate::attempts::Settlement;
use crate::carrier::Carrier;
use crate::events::{Act, Reason};
use crate::factor::Memory;
use crate::mailing::{Verification, address_of};
use crate::opening::Proven;
use crate::{Accounts, OpenSessionError};

/// Someone who wants an account.
#[derive(Debug)]
pub struct Registration {
    /// The name.
    pub username: Username,
    /// The address.
    pub email: EmailAddress,
    /// The password, as it was typed.
    pub password: Secret<String>,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The operator has closed registration.
    #[error("registration is closed")]
    Closed,
    /// The password breaks these rules.
    #[error("the password is not good enough")]
    Password(Vec<Fault>),
    /// Another account has the name or the address.
    #[error("{0:?} is taken")]
    Taken(UniqueField),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Why no account was made, or nobody signed in to it.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// There is no account.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// There is one, but no session.
    #[error(transparent)]
    Session(#[from] OpenSessionError),
}

impl Accounts {
    /// Makes an account, and signs its owner in, who has just chosen the password: `carrier` is to carry
    /// the session. `browser` is the hash of what the browser is known by that asks, if a browser does: where the account
    /// must get a second factor first, that is enrolled by it and nobody else.
    pub async fn sign_up<C: Carrier>(
        &self,
        registration: Registration,
        client: ClientInfo,
        browser: Option<HashedToken>,
        carrier: &C,
    ) -> Result<C::Opened, SignUpError> {
        let user = self.register(registration).await?;
        let proven = Proven {
            user,
            authentication: Authentication::by_password(self.0.clock.now()),
            client,
            device: None,
            browser,
            memory: Memory::Nothing,
            guess: Settlement::Nothing,
        };
        Ok(self.open_session(proven, carrier).await?)
    }

    /// Makes an account, unless its address must be confirmed first ([`Self::ask_for_account`]).
    pub async fn register(&self, registration: Registration) -> Result<User, RegisterError> {
        if self.verification() == Verification::Required {
            tracing::error!("an account was asked for whose address is not confirmed");
            return Err(RegisterError::Closed);
        }
        let (username, email) = (registration.username.clone(), registration.email.clone());
        let hash = self.judge_and_hash(registration).await?;

        let now = self.0.clock.now();
        let id = UserId::new(now, &*self.0.rng);
        let new = NewUser {
            id,
            username,
            email,
            email_verified: false,
            hash,
            now,
        };
        match self.0.storage.create_user(new).await {
            Ok(user) => {
                self.report_kept(Act::Registration.done().of(&user.id))
                    .await;
                self.mail_first_confirmation(&user).await;
                Ok(user)
            }
            Err(SaveUserError::Taken(field)) => {
                self.report(Act::Registration.refused(field.into()));
                Err(RegisterError::Taken(field))
            }
            // An id that was just made up is taken: that is no account of theirs.
            Err(SaveUserError::Exists) => Err(storage::Error::Busy.into()),
            Err(SaveUserError::Storage(error)) => Err(error.into()),
        }
    }

    /// Has whoever signed up asked whether the address is theirs, where that is asked. They can ask for it again.
    async fn mail_first_confirmation(&self, user: &User) {
        if self.verification() == Verification::Off {
            return;
        }
        let Some(address) = address_of(user) else {
            return;
        };
        if let Err(error) = self.ask_for_confirmation(&address, None, None).await {
            tracing::warn!(%error, "a new account was not asked to confirm its address");
        }
    }

    /// Judges the password that somebody has chosen, and hashes it.
    pub(crate) async fn judge_and_hash(
        &self,
        registration: Registration,
    ) -> Result<PasswordHash, RegisterError> {
        if !self.0.settings.registration_open {
            self.report(Act::Registration.refused(Reason::Closed));
            return Err(RegisterError::Closed);
        }
        let Registration {
            username,
            email,
            password,
        } = registration;
        let permit = self.admit_registration(username.as_str())?;
        let identities = vec![username.as_str().to_owned(), email.as_str().to_owned()];
        let checking = permit.check(self.0.settings.policy, password.clone(), identities);
        if let Err(faults) = checking.await? {
            self.report(Act::Registration.refused(Reason::UnacceptablePassword));
            return Err(RegisterError::Password(faults));
        }
        Ok(permit.hash(password).await?)
    }

    /// Whether anyone may sign up.
    pub fn registration_is_open(&self) -> bool {
        self.0.settings.registration_open
    }

    /// How many characters a new password has at least.
    pub fn password_min_chars(&self) -> usize {
        self.0.settings.policy.min_chars()
    }

    /// What is wrong with the password of somebody who wants an account but gets none for other
    /// faults: so that all of them can be told at once.
    ///
    /// # Errors
    /// As in [`register`](Self::register); never [`RegisterError::Password`].
    pub async fn judge_password(
        &self,
        password: Secret<String>,
        username: Option<&Username>,
        email: Option<&EmailAddress>,
    ) -> Result<Vec<Fault>, RegisterError> {
        if !self.0.settings.registration_open {
            return Err(RegisterError::Closed);
        }
        let (username, email) = (
            username.map(Username::as_str),
            email.map(EmailAddress::as_str),
        );
        let name = username.or(email).unwrap_or_default();
        let identities = [username, email];
        let identities = identities
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect();
        let permit = self.admit_registration(name)?;
        let checking = permit.check(self.0.settings.policy, password, identities);
        Ok(checking.await?.err().unwrap_or_default())
    }
}
