//! Confirming the address of an account, or a change of it.

use std::time::Duration;

use mail::{ConfirmedName, MaskedAddress};
use model::{EmailAddress, User};
use storage::{AddressChange, AddressChanged, AddressProof, Carried, SaveUserError};

use super::super::{ChangeAddress, ConfirmAddress};
use super::{ConfirmError, ConfirmWith, Confirmable};
use crate::Accounts;
use crate::events::{Act, Reason};
use crate::mailing::{AddressNotice, Announced, address_of};

/// Changes of an address can be made again when the first of them can't be undone any more, after so long at the latest.
const UNTIL_FEWER_CHANGES: Duration = storage::Undoable::LIFETIME;

impl Accounts {
    pub(super) async fn confirm_address(
        &self,
        found: &Carried<ConfirmAddress>,
        with: ConfirmWith,
    ) -> Result<Confirmable, ConfirmError> {
        let Some(proof) = self.address_proof(found).await? else {
            return self.not_confirmed(Act::Confirmation, Reason::InvalidLink, &found.user);
        };
        self.prove_account(Act::Confirmation, &found.user, with)
            .await?;
        let storage = &self.0.storage;
        match storage.confirm_address(proof, self.moment()).await? {
            Some(user) => {
                self.report_kept(Act::Confirmation.done().of(&user.id))
                    .await;
                Ok(Confirmable::Address)
            }
            None => self.not_confirmed(Act::Confirmation, Reason::Superseded, &found.user),
        }
    }

    pub(super) async fn confirm_change(
        &self,
        found: &Carried<ChangeAddress>,
        with: ConfirmWith,
    ) -> Result<Confirmable, ConfirmError> {
        const ACT: Act = Act::AddressChange;
        let (Some(user), Ok(to)) = (
            self.whose_address_changes(found).await?,
            EmailAddress::parse(&found.to),
        ) else {
            return self.not_confirmed(ACT, Reason::InvalidLink, &found.user);
        };
        self.prove_account(ACT, &user.id, with).await?;
        // An address that was never proven may be a stranger's, who must not get the account by undoing.
        let may_be_undone = user.email_verified && address_of(&user).is_some();
        let announced = if may_be_undone {
            self.announce_address(&user, &to).await?
        } else {
            Announced::to_nobody()
        };
        let change = AddressChange {
            user: user.id.clone(),
            from: user.address_number,
            at: user.generation,
            to,
            may_be_undone,
        };
        match self.0.storage.change_address(change, self.moment()).await {
            Ok(AddressChanged::Changed(_)) => {
                self.report_kept(ACT.done().of(&user.id)).await;
                self.made::<AddressNotice>(announced).await;
                Ok(Confirmable::NewAddress)
            }
            Ok(AddressChanged::Superseded) | Err(SaveUserError::Exists) => {
                self.not_confirmed(ACT, Reason::Superseded, &user.id)
            }
            Ok(AddressChanged::TooMany) => {
                self.report(ACT.refused(Reason::TooManyChanges).of(&user.id));
                Err(ConfirmError::TooManyAttempts {
                    retry_after: UNTIL_FEWER_CHANGES,
                })
            }
            Err(SaveUserError::Taken(field)) => self.not_confirmed(ACT, field.into(), &user.id),
            Err(SaveUserError::Storage(error)) => Err(error.into()),
        }
    }

    pub(super) async fn address_proof(
        &self,
        found: &Carried<ConfirmAddress>,
    ) -> Result<Option<AddressProof>, storage::Error> {
        let user = crate::unreadable::readable(self.0.storage.user(&found.user).await)?;
        Ok(user.and_then(|user| {
            let proof = AddressProof::of(&user)?;
            let is_good = found.bound.holds_for(&user)
                && proof.email == found.address
                && !user.email_verified
                && user.is_in_use();
            is_good.then_some(proof)
        }))
    }

    pub(super) async fn whose_address_changes(
        &self,
        found: &Carried<ChangeAddress>,
    ) -> Result<Option<User>, storage::Error> {
        let user = crate::unreadable::readable(self.0.storage.user(&found.user).await)?;
        Ok(user.filter(|user| found.bound.holds_for(user) && user.is_in_use()))
    }

    /// Has whoever has the present address told of a change that is about to be made, once it is.
    async fn announce_address(
        &self,
        user: &User,
        to: &EmailAddress,
    ) -> Result<Announced, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Announced::to_nobody());
        };
        let notice = AddressNotice {
            user: user.id.clone(),
            before: user.email.clone().unwrap_or_default(),
            name: ConfirmedName::of(user),
            now: MaskedAddress::of(to),
            number: user.address_number.next(),
            language: self.language(mailing),
        };
        // It outlives the account: a thief who deletes that at once must not silence it.
        self.announce(&notice, None).await
    }
}
