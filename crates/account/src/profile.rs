//! Changing one's own name and address.

use model::{EmailAddress, User, UserId, Username};
use storage::{ProfileChange, SaveUserError, UniqueField};

use crate::events::Act;
use crate::{Accounts, Actor, AskForAddressError, Principal, Refused};

/// A new name, a new address or both.
#[derive(Debug, Default)]
pub struct NewProfile {
    /// The new name.
    pub username: Option<Username>,
    /// The new address.
    pub email: Option<EmailAddress>,
}

impl NewProfile {
    fn differs_from(&self, present: &User) -> bool {
        let username = self.username.as_ref().map(Username::as_str);
        let email = self.email.as_ref().map(EmailAddress::as_str);
        username.is_some_and(|new| Some(new) != present.username.as_deref())
            || email.is_some_and(|new| Some(new) != present.email.as_deref())
    }
}

/// What became of a profile.
#[derive(Debug)]
pub struct ChangedProfile {
    /// The account, as it is now.
    pub user: User,
    /// Whether the name or the address is another than before, so that the old one is reserved for a while.
    pub differs: bool,
    /// The new address, where a mail to it asks for a confirmation: until then the account has the old one.
    pub asked: Option<EmailAddress>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeProfileError {
    /// The account is someone else's; whether it exists isn't said.
    #[error("not one's own account")]
    Forbidden,
    /// Another account has the name or the address.
    #[error("{0:?} is taken")]
    Taken(UniqueField),
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<AskForAddressError> for ChangeProfileError {
    fn from(error: AskForAddressError) -> Self {
        match error {
            // It was on a moment ago.
            AskForAddressError::MailOff(_) => Refused::from(storage::Error::Busy).into(),
            AskForAddressError::Refused(refused) => refused.into(),
        }
    }
}

impl Accounts {
    /// Reads the account `id`, which must be the caller's own.
    pub async fn profile(
        &self,
        caller: impl Into<Principal>,
        id: &str,
    ) -> Result<User, ChangeProfileError> {
        let caller = caller.into();
        if caller.user().as_str() != id {
            return Err(ChangeProfileError::Forbidden);
        }
        let user = self.me(caller).await?;
        Ok(User::clone(&user))
    }

    /// Changes the account `id`, which must be the actor's own. A change of either needs a fresh token: they are
    /// what its owner signs in by, so that a thief of a token would lock the owner out, and by the address take the
    /// account over.
    pub async fn change_profile(
        &self,
        actor: &Actor,
        id: &str,
        new: NewProfile,
    ) -> Result<ChangedProfile, ChangeProfileError> {
        if actor.user.as_str() != id {
            return Err(ChangeProfileError::Forbidden);
        }
        self.live_session(actor).await?;
        let present = self.stored(&actor.user).await?;
        let differs = new.differs_from(&present);
        if differs {
            self.require_fresh(actor)?;
        }

        // Where mail is sent, it is in force once its owner has confirmed it.
        let (email, to_confirm) = if self.sends_mail() {
            (None, new.email)
        } else {
            (new.email, None)
        };
        let change = ProfileChange {
            username: new.username,
            email,
        };
        match self
            .0
            .storage
            .change_profile(&actor.user, change, self.moment())
            .await
        {
            Ok(user) => {
                let user = user.ok_or(Refused::Revoked)?;
                self.report_kept(actor.event(Act::ProfileChange.done()))
                    .await;
                let present = user.email.as_deref();
                let asked = to_confirm.filter(|new| present != Some(new.as_str()));
                if let Some(email) = &asked {
                    self.ask_for_address(actor, email).await?;
                }
                Ok(ChangedProfile {
                    user,
                    differs,
                    asked,
                })
            }
            Err(SaveUserError::Taken(field)) => {
                self.report(actor.event(Act::ProfileChange.refused(field.into())));
                Err(ChangeProfileError::Taken(field))
            }
            // Said of an account that is made, never of one that changes.
            Err(SaveUserError::Exists) => Err(Refused::Revoked.into()),
            Err(SaveUserError::Storage(error)) => Err(Refused::from(error).into()),
        }
    }

    async fn stored(&self, id: &UserId) -> Result<User, Refused> {
        self.0.storage.user(id).await?.ok_or(Refused::Revoked)
    }
}
