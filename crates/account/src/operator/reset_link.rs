//! Giving somebody a way back in.

use std::time::Duration;

use mail::Letter;
use model::User;

use super::link::{LinkError, MailedLink, OneTimeLink};
use super::{FindError, Operator};
use crate::events::Act;
use crate::mailing::MailOff;

/// How long a link to a new password is good that an operator hands out.
const HANDED_OUT: Duration = Duration::from_hours(24);

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
    #[error("the account is scheduled for deletion: enable it first")]
    Closing,
    /// It can't be made, or not be mailed.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl Operator {
    /// A link by which the owner of an account sets a new password. The present one stays good until then; the link proves
    /// no address.
    ///
    /// # Errors
    /// When nobody is meant, the account is disabled, or the store fails.
    pub async fn reset_link(&self, named: &str) -> Result<OneTimeLink, ResetLinkError> {
        let user = self.in_use(named).await?;
        let made = self.link(user, HANDED_OUT).await?;
        self.report(Act::ResetLink.done().of(&made.user.id)).await;
        Ok(made)
    }

    /// Has such a link mailed to the owner. Whoever uses it proves the address, so nobody else sees it.
    ///
    /// # Errors
    /// When mail is off, the account has no address, and as in [`Self::reset_link`].
    pub async fn mail_reset_link(&self, named: &str) -> Result<MailedLink, ResetLinkError> {
        if self.outbox().is_none() {
            return Err(LinkError::from(MailOff).into());
        }
        let user = self.in_use(named).await?;
        let is_invited = user.is_invited;
        let letter = |link, expires| {
            if is_invited {
                Letter::Invitation { link, expires }
            } else {
                Letter::ResetPassword {
                    link,
                    expires,
                    deletion_due: None,
                }
            }
        };
        let mailed = self.mail_link(user, HANDED_OUT, letter).await?;
        self.report(Act::ResetLink.done().of(&mailed.user.id)).await;
        Ok(mailed)
    }

    async fn in_use(&self, named: &str) -> Result<User, ResetLinkError> {
        let id = self.find(named).await?;
        let found = self.storage.user(&id).await.map_err(FindError::from)?;
        let user = found.ok_or(FindError::Unknown)?;
        if user.disabled {
            return Err(ResetLinkError::Disabled);
        }
        if user.closes_at.is_some() {
            return Err(ResetLinkError::Closing);
        }
        Ok(user)
    }
}
