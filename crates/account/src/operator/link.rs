//! A link by which a password is set: to be handed over, or mailed.

use std::time::Duration;

use mail::Letter;
use model::{EmailAddress, Timestamp, User};
use secret::Secret;
use storage::{Bound, PutTicketError, Ticket};

use super::{LANGUAGE, Operator};
use crate::mailing::{MailOff, address_of};
use crate::reset::ResetPassword;

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

/// Such a link, on its way to the owner of the account.
#[derive(Debug)]
pub struct MailedLink {
    /// The account that it is for.
    pub user: User,
    /// Where it is mailed.
    pub to: EmailAddress,
    /// How long it is good.
    pub lifetime: Duration,
}

/// Why no link was made, or none mailed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The account is gone.
    #[error("the account was deleted meanwhile")]
    Gone,
    /// Nothing can be mailed.
    #[error(
        "mail is off: set PORTCULLIS_MAIL_URL and PORTCULLIS_MAIL_FROM, or leave out --mail to have the link printed"
    )]
    MailOff(#[from] MailOff),
    /// Nothing can be mailed to this account.
    #[error(
        "the account has no address that mail can be sent to: leave out --mail to have the link printed"
    )]
    NoAddress,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl Operator {
    /// A link to a new password, which proves nothing else.
    pub(super) async fn link(
        &self,
        user: User,
        lifetime: Duration,
    ) -> Result<OneTimeLink, LinkError> {
        let purpose = ResetPassword::handed_out(&user);
        let link = self.page_of(purpose, Bound::to(&user), lifetime).await?;
        Ok(OneTimeLink {
            user,
            link,
            lifetime,
        })
    }

    /// Posts a mail with a link to a new password: a server that runs, or is started while the link is good, sends it.
    pub(super) async fn mail_link(
        &self,
        user: User,
        lifetime: Duration,
        letter: impl FnOnce(Secret<String>, Timestamp) -> Letter,
    ) -> Result<MailedLink, LinkError> {
        let outbox = self.outbox().ok_or(MailOff)?;
        let to = address_of(&user).ok_or(LinkError::NoAddress)?;
        let (purpose, bound) = ResetPassword::mailed(&user);
        let link = self.page_of(purpose, bound, lifetime).await?;
        let now = self.clock.now();
        let letter = letter(link, now.plus(lifetime));
        let reason = format!("operator/{}/{}", user.id, now.as_millis());
        outbox
            .mail(&to, LANGUAGE, letter, &reason, lifetime)
            .await?;
        Ok(MailedLink { user, to, lifetime })
    }

    async fn page_of(
        &self,
        purpose: ResetPassword,
        bound: Bound,
        lifetime: Duration,
    ) -> Result<Secret<String>, LinkError> {
        let (token, ticket) = Ticket::new(purpose, bound, lifetime, &*self.rng);
        match self.storage.tickets(self.clock.now()).put(ticket).await {
            Ok(()) => {}
            Err(PutTicketError::OwnerGone) => return Err(LinkError::Gone),
            Err(PutTicketError::TooLarge(error)) => {
                return Err(storage::Error::Backend(error.into()).into());
            }
            Err(PutTicketError::Storage(error)) => return Err(error.into()),
        }
        let page = &self.settings.public_url;
        Ok(Secret::new(format!(
            "{page}/reset?token={}",
            token.expose()
        )))
    }
}
