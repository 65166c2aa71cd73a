//! Signing up.

use model::{EmailAddress, User, UserId, Username};
use password::{Busy, Fault, HashError};
use secret::Secret;
use storage::{NewUser, SaveUserError, UniqueField};

use crate::Accounts;
use crate::events::{Act, Reason};

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

impl Accounts {
    /// Makes an account.
    pub async fn register(&self, registration: Registration) -> Result<User, RegisterError> {
        if !self.0.settings.registration_open {
            self.report(Act::Registration.refused(Reason::Closed));
            return Err(RegisterError::Closed);
        }
        let Registration {
            username,
            email,
            password,
        } = registration;
        let place = self.admit_registration(username.as_str())?;
        let identities = vec![username.as_str().to_owned(), email.as_str().to_owned()];
        let checking = place.check(self.0.settings.policy, password.clone(), identities);
        if let Err(faults) = checking.await? {
            self.report(Act::Registration.refused(Reason::UnacceptablePassword));
            return Err(RegisterError::Password(faults));
        }
        let hash = place.hash(password).await?;
        drop(place);

        let now = self.0.clock.now();
        let id = UserId::new(now, &*self.0.rng);
        let new = NewUser {
            id,
            username,
            email,
            hash,
            now,
        };
        match self.0.storage.create_user(new).await {
            Ok(user) => {
                self.report(Act::Registration.done().of(&user.id));
                Ok(user)
            }
            Err(SaveUserError::Taken(field)) => {
                self.report(Act::Registration.refused(field.into()));
                Err(RegisterError::Taken(field))
            }
            Err(SaveUserError::Storage(error)) => Err(error.into()),
        }
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
        let place = self.admit_registration(name)?;
        let checking = place.check(self.0.settings.policy, password, identities);
        Ok(checking.await?.err().unwrap_or_default())
    }
}
