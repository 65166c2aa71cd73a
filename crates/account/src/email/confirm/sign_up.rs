//! Confirming a sign-up: it makes the account.

use model::{EmailAddress, Username};
use password::PasswordHash;
use storage::{Carried, NewUser, SaveUserError, UniqueField};

use super::super::PendingSignUp;
use super::{ConfirmError, ConfirmWith, Confirmable};
use crate::Accounts;
use crate::events::{Act, Reason};

impl Accounts {
    /// Makes the account, for the browser that signed up or whoever knows the password that was chosen then: else the
    /// owner of an address would confirm what a stranger wants.
    pub(super) async fn confirm_sign_up(
        &self,
        found: &Carried<PendingSignUp>,
        with: ConfirmWith,
    ) -> Result<Confirmable, ConfirmError> {
        const ACT: Act = Act::Registration;
        self.prove_sign_up(ACT, found, &with).await?;
        let chosen = Username::parse(&found.username).ok();
        let (Some(username), Ok(email)) = (
            with.username.or(chosen),
            EmailAddress::parse(&found.address),
        ) else {
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
                self.report(ACT.done().of(&user.id));
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
}
