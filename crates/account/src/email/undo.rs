//! Taking a change of the address back.

use model::{AddressNumber, EmailAddress, UserId};
use secret::TokenPrefix;
use serde::{Deserialize, Serialize};
use storage::{AddressUndo, Kind, Purpose, SaveUserError};

use super::token;
use crate::events::{Act, Reason};
use crate::mailing::Requester;
use crate::{Accounts, AskForResetError};

/// What a link is good for that the address before a change was told.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UndoAddress {
    pub(crate) user: UserId,
    /// The number of the address that took its place.
    pub(crate) change: AddressNumber,
    pub(crate) back_to: String,
}

impl Purpose for UndoAddress {
    const KIND: Kind = Kind("undo_address");
    const PREFIX: TokenPrefix = TokenPrefix("pcu_");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }
}

/// Why the address is what it was.
#[derive(Debug, thiserror::Error)]
pub enum UndoAddressError {
    /// The link is unknown, was used, has expired, or an earlier change was undone already.
    #[error("the link is not good any more")]
    InvalidLink,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl Accounts {
    /// Whether a link takes a change of the address back: one that was undone already can't be, nor one after it.
    pub async fn is_good_for_undo(&self, link: &str) -> Result<bool, storage::Error> {
        match self.undo_behind(link).await? {
            None => Ok(false),
            Some(UndoAddress { user, change, .. }) => {
                let now = self.0.clock.now();
                self.0.storage.can_undo_address(&user, change, now).await
            }
        }
    }

    /// Gives an account its address back. Whoever changed it knows the password: so there is none any more, every session
    /// ends, and the owner is mailed a link to a new one.
    pub async fn undo_address(&self, link: &str) -> Result<(), UndoAddressError> {
        let Some(undo) = self.undo_behind(link).await? else {
            self.report(Act::AddressUndo.refused(Reason::InvalidLink));
            return Err(UndoAddressError::InvalidLink);
        };
        let Ok(back_to) = EmailAddress::parse(&undo.back_to) else {
            return Err(UndoAddressError::InvalidLink);
        };
        let change = AddressUndo {
            user: undo.user.clone(),
            change: undo.change,
            back_to: back_to.clone(),
        };
        let refused = |reason| {
            self.report(Act::AddressUndo.refused(reason).of(&undo.user));
            Err(UndoAddressError::InvalidLink)
        };
        let user = match self.0.storage.undo_address(change, self.moment()).await {
            Ok(Some(user)) => user,
            Ok(None) | Err(SaveUserError::Exists) => return refused(Reason::InvalidLink),
            Err(SaveUserError::Taken(field)) => return refused(field.into()),
            Err(SaveUserError::Storage(error)) => return Err(error.into()),
        };
        self.report_kept(Act::AddressUndo.done().of(&user.id)).await;
        self.forget_guesses(&user).await;
        let asking = self.mail_way_in(&user.id, &back_to);
        if let Err(error) = asking.await {
            tracing::warn!(%error, "the owner of an address must ask for a new password");
        }
        Ok(())
    }

    async fn undo_behind(&self, link: &str) -> Result<Option<UndoAddress>, storage::Error> {
        let Some(token) = token::<UndoAddress>(link) else {
            return Ok(None);
        };
        let found = self.tickets().look::<UndoAddress>(&token).await?;
        Ok(found.map(|found| found.purpose))
    }

    async fn mail_way_in(
        &self,
        user: &UserId,
        address: &EmailAddress,
    ) -> Result<(), AskForResetError> {
        let mailing = self.mailing()?;
        let requester = Requester::account(user, &self.language(mailing));
        self.post_reset(address, requester, true).await?;
        Ok(())
    }
}
