//! Making an account for somebody, and giving somebody a way back in.

use std::time::Duration;

use model::{EmailAddress, User, UserId, Username};
use password::PasswordHash;
use secret::Secret;
use storage::{Bound, NewUser, PutTicketError, SaveUserError, Ticket, UniqueField};

use super::{FindError, Operator, report};
use crate::events::Act;
use crate::reset::ResetPassword;

/// How long an invitation is good.
const INVITATION: Duration = Duration::from_secs(7 * 86_400);

/// How long a link to a new password is good that an operator hands out.
const HANDED_OUT: Duration = Duration::from_hours(24);

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

/// A link by which a password is set, once.
#[derive(Debug)]
pub struct OneTimeLink {
    /// The account that it is for.
    pub user: User,
    /// The page.
    pub link: Secret<String>,
    /// How long it is good.
    pub lifetime: Duration,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Another account has it, or has let go of it lately.
    #[error("another account has this {}, or had it within the last 30 days", name_of(*.0))]
    Taken(UniqueField),
    /// The account is gone again.
    #[error("the account was deleted meanwhile")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Why no link was made.
#[derive(Debug, thiserror::Error)]
pub enum ResetLinkError {
    /// Nobody is meant.
    #[error(transparent)]
    Find(#[from] FindError),
    /// By the link nobody could sign in.
    #[error("the account is disabled: enable it first")]
    Disabled,
    /// Nothing of the account changes.
    #[error("the account waits to be deleted: enable it first")]
    Closing,
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
        let now = self.moment().await?.now;
        let new = NewUser {
            id: UserId::new(now, &*self.rng),
            username: invitation.username,
            email: invitation.email,
            email_verified: invitation.is_verified,
            hash: PasswordHash::from_stored(String::new()), // which nothing matches
            now,
        };
        let user = match self.storage.create_user(new).await {
            Ok(user) => user,
            Err(SaveUserError::Taken(field)) => return Err(InviteError::Taken(field)),
            Err(SaveUserError::Exists) => return Err(storage::Error::Busy.into()),
            Err(SaveUserError::Storage(error)) => return Err(error.into()),
        };
        report(Act::Invitation.done().of(&user.id));
        match self.link(user, INVITATION).await? {
            Some(link) => Ok(link),
            None => Err(InviteError::Gone),
        }
    }

    /// A link by which the owner of an account sets a new password. The present one stays good until then; the link proves
    /// no address.
    ///
    /// # Errors
    /// When nobody is meant, the account is disabled, or the store fails.
    pub async fn reset_link(&self, named: &str) -> Result<OneTimeLink, ResetLinkError> {
        let id = self.find(named).await?;
        let found = self.storage.user(&id).await.map_err(FindError::from)?;
        let user = found.ok_or(FindError::Unknown)?;
        if user.disabled {
            return Err(ResetLinkError::Disabled);
        }
        if user.closes_at.is_some() {
            return Err(ResetLinkError::Closing);
        }
        let made = self.link(user, HANDED_OUT).await.map_err(FindError::from)?;
        let made = made.ok_or(FindError::Unknown)?;
        report(Act::ResetLink.done().of(&made.user.id));
        Ok(made)
    }

    /// A link to a new password; nothing when the account is gone.
    async fn link(
        &self,
        user: User,
        lifetime: Duration,
    ) -> Result<Option<OneTimeLink>, storage::Error> {
        let purpose = ResetPassword::handed_out(&user);
        let (token, ticket) = Ticket::new(purpose, Bound::to(&user), lifetime, &*self.rng);
        match self.storage.tickets(self.clock.now()).put(ticket).await {
            Ok(()) => {}
            Err(PutTicketError::OwnerGone) => return Ok(None),
            Err(PutTicketError::TooLarge(error)) => {
                return Err(storage::Error::Backend(error.into()));
            }
            Err(PutTicketError::Storage(error)) => return Err(error),
        }
        let page = &self.settings.public_url;
        let link = Secret::new(format!("{page}/reset?token={}", token.expose()));
        Ok(Some(OneTimeLink {
            user,
            link,
            lifetime,
        }))
    }
}
