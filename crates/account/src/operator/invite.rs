//! Making an account for somebody.

use std::time::Duration;

use mail::Letter;
use model::{EmailAddress, User, UserId, Username};
use password::PasswordHash;
use storage::{NewUser, SaveUserError, UniqueField};

use super::Operator;
use super::link::{LinkError, MailedLink, OneTimeLink};
use crate::events::Act;
use crate::mailing::MailOff;

/// How long an invitation is good.
const INVITATION: Duration = Duration::from_secs(7 * 86_400);

/// An account that an operator makes.
#[derive(Debug)]
pub struct Invitation {
    /// The name.
    pub username: Username,
    /// The address.
    pub email: EmailAddress,
    /// Whether the operator knows that the address is its owner's.
    pub is_verified: bool,
}

/// Why no account was made, or nobody invited to it.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Another account has it, or has let go of it lately.
    #[error("another account has this {}, or had it within the last 30 days", name_of(*.0))]
    Taken(UniqueField),
    /// There is an account or none, and no link to it.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

const fn name_of(field: UniqueField) -> &'static str {
    match field {
        UniqueField::Username => "name",
        UniqueField::Email => "address",
    }
}

impl Operator {
    /// Makes an account without a password, also where registration is closed, and a link by which its owner sets one.
    ///
    /// # Errors
    /// When the name or the address is taken, or the store fails.
    pub async fn invite(&self, invitation: Invitation) -> Result<OneTimeLink, InviteError> {
        let user = self.make_account(invitation).await?;
        Ok(self.link(user, INVITATION).await?)
    }

    /// Makes an account without a password, and has a link mailed by which its owner sets one. Whoever does proves the
    /// address, so nobody else sees it.
    ///
    /// # Errors
    /// When mail is off, and as in [`Self::invite`].
    pub async fn invite_by_mail(&self, invitation: Invitation) -> Result<MailedLink, InviteError> {
        if self.outbox().is_none() {
            return Err(LinkError::from(MailOff).into());
        }
        let user = self.make_account(invitation).await?;
        let letter = |link, expires| Letter::Invitation { link, expires };
        Ok(self.mail_link(user, INVITATION, letter).await?)
    }

    async fn make_account(&self, invitation: Invitation) -> Result<User, InviteError> {
        let now = self.moment().await?.now;
        let new = NewUser {
            id: UserId::new(now, &*self.rng),
            username: invitation.username,
            email: invitation.email,
            email_verified: invitation.is_verified,
            hash: PasswordHash::not_chosen(),
            now,
        };
        match self.storage.create_user(new).await {
            Ok(user) => {
                self.report(Act::Invitation.done().of(&user.id)).await;
                Ok(user)
            }
            Err(SaveUserError::Taken(field)) => Err(InviteError::Taken(field)),
            Err(SaveUserError::Exists) => Err(storage::Error::Busy.into()),
            Err(SaveUserError::Storage(error)) => Err(error.into()),
        }
    }
}
