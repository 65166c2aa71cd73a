//! Addresses that the mail server refuses for good: for the operator, never for whoever asked.

use model::{AddressNumber, EmailAddress, Timestamp, User, UserId};
use serde::{Deserialize, Serialize};
use storage::{Keys, Kind, Record, RecordId, SaveRecordError, Storage, Tells};

use crate::Accounts;
use crate::events::{Act, Reason};

/// No mail arrives at the address of an account. There is one record for an account, under its id.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Undeliverable {
    user: UserId,
    /// Which of its addresses: another one may do.
    number: AddressNumber,
    at: Timestamp,
}

impl Record for Undeliverable {
    const KIND: Kind = Kind("undeliverable");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn keys(&self) -> Keys {
        Keys::one(self.user.as_str())
    }
}

/// Since when no mail arrives at the address that `user` has, as far as that is known.
pub(crate) async fn undeliverable_since(
    storage: &(dyn Storage + 'static),
    user: &User,
) -> Result<Option<Timestamp>, storage::Error> {
    let records = storage.records::<Undeliverable>();
    let found = records.by_key(user.id.as_str()).await?;
    let of_this = found.filter(|found| found.number == user.address_number);
    Ok(of_this.map(|found| found.at))
}

impl Accounts {
    /// Notes that the mail server refuses `address` for good, with the account that has it, if one does.
    pub(super) async fn note_undeliverable(&self, address: &EmailAddress) {
        if let Err(error) = self.keep_undeliverable(address).await {
            tracing::warn!(%error, "that mail does not arrive could not be noted");
        }
    }

    /// Notes that mail arrives there again.
    pub(super) async fn note_delivered(&self, address: &EmailAddress) {
        if let Err(error) = self.forget_undeliverable(address).await {
            tracing::debug!(%error, "that mail arrives again could not be noted");
        }
    }

    async fn keep_undeliverable(&self, address: &EmailAddress) -> Result<(), SaveRecordError> {
        let Some(user) = self.account_with_address(address).await? else {
            return Ok(());
        };
        let (at, number) = (self.0.clock.now(), user.address_number);
        let records = self.records::<Undeliverable>();
        match records.by_key(user.id.as_str()).await? {
            Some(found) if found.number == number => {}
            Some(found) => {
                let other = found.with(|found| (found.number, found.at) = (number, at));
                records.replace(other, Tells::nothing()).await?;
            }
            None => {
                let id = RecordId::new(at, &*self.0.rng);
                let user = user.id.clone();
                let new = Undeliverable { user, number, at };
                match records.insert(id, new, Tells::nothing()).await {
                    // Another process was faster, or there is nobody to note it of.
                    Ok(_) | Err(SaveRecordError::Taken(_) | SaveRecordError::OwnerGone) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        self.report(Act::Mail.refused(Reason::Undeliverable).of(&user.id));
        Ok(())
    }

    async fn forget_undeliverable(&self, address: &EmailAddress) -> Result<(), storage::Error> {
        let Some(user) = self.account_with_address(address).await? else {
            return Ok(());
        };
        let records = self.records::<Undeliverable>();
        if let Some(found) = records.by_key(user.id.as_str()).await? {
            records.delete(&found, Tells::nothing()).await?;
        }
        Ok(())
    }
}
