//! Confirming a sign-up: it makes the account.

use model::{EmailAddress, Username};
use password::{Fault, PasswordHash};
use secret::Secret;
use storage::{Carried, NewUser, SaveUserError, UniqueField};

use super::super::PendingSignUp;
use super::{ConfirmError, ConfirmWith, Confirmable};
use crate::Accounts;
use crate::events::{Act, Reason};

impl Accounts {
    /// Makes the account, for the browser that signed up or whoever knows the password that was chosen then: else the
    /// owner of an address would confirm what a stranger wants. Another name takes the password in any case: it must not be
    /// like the name.
    pub(super) async fn confirm_sign_up(
        &self,
        found: &Carried<PendingSignUp>,
        with: ConfirmWith,
    ) -> Result<Confirmable, ConfirmError> {
        const ACT: Act = Act::Registration;
        if !self.registration_is_open() {
            self.report(ACT.refused(Reason::Closed));
            return Err(ConfirmError::RegistrationClosed);
        }
        let (chosen, Ok(email)) = (
            Username::parse(&found.username).ok(),
            EmailAddress::parse(&found.address),
        ) else {
            return Err(ConfirmError::InvalidLink);
        };
        let other = with.username.filter(|name| Some(name) != chosen.as_ref());
        let password = with.password;
        let browser = with.confirmer.browser.filter(|_| other.is_none());
        self.prove_sign_up(ACT, found, browser.as_ref(), password.as_ref())
            .await?;
        if let (Some(other), Some(password)) = (&other, password) {
            self.refuse_like_password(other, password).await?;
        }
        let Some(username) = other.or(chosen) else {
            return Err(ConfirmError::InvalidLink);
        };
        let new = NewUser {
            id: found.id.clone(),
            username,
            email,
            email_verified: true,
            hash: PasswordHash::from_stored(found.hash.clone()),
            now: self.0.clock.now(),
        };
        match self.0.storage.create_user(new).await {
            Ok(user) => {
                self.report_kept(ACT.done().of(&user.id)).await;
                Ok(Confirmable::SignUp)
            }
            Err(SaveUserError::Taken(UniqueField::Username)) => {
                self.report(ACT.refused(Reason::UsernameTaken));
                Err(ConfirmError::UsernameTaken)
            }
            // Somebody else has signed up with this address and confirmed it.
            Err(SaveUserError::Taken(UniqueField::Email)) => {
                self.report(ACT.refused(Reason::EmailTaken));
                Err(ConfirmError::InvalidLink)
            }
            Err(SaveUserError::Exists) => self.not_confirmed(ACT, Reason::InvalidLink, &found.id),
            Err(SaveUserError::Storage(error)) => Err(error.into()),
        }
    }

    /// Refuses a name that the password is too much like, by the rules for new passwords: it was held against another name
    /// when somebody signed up.
    async fn refuse_like_password(
        &self,
        username: &Username,
        password: Secret<String>,
    ) -> Result<(), ConfirmError> {
        let permit = self.admit_registration(username.as_str())?;
        let identities = vec![username.as_str().to_owned()];
        let checking = permit.check(self.0.settings.policy, password, identities);
        let faults = checking.await?.err().unwrap_or_default();
        let is_like =
            |fault: &Fault| matches!(fault, Fault::SameAsIdentity | Fault::TooWeak { .. });
        if faults.iter().any(is_like) {
            self.report(Act::Registration.refused(Reason::UnacceptablePassword));
            return Err(ConfirmError::UsernameLikePassword);
        }
        Ok(())
    }
}
