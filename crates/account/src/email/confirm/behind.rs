//! What a link or a code leads to.

use model::EmailAddress;
use secret::{PlainToken, Secret};
use storage::{Carried, Purpose};

use super::super::{ChangeAddress, ConfirmAddress, PendingSignUp, token};
use super::ConfirmError;
use crate::Accounts;
use crate::events::{Act, Reason};
use crate::mailing::Code;

/// What is behind a link or a code.
pub(super) enum Behind {
    Address(Carried<ConfirmAddress>),
    NewAddress(Carried<ChangeAddress>),
    SignUp(Carried<PendingSignUp>),
}

impl Accounts {
    pub(super) async fn behind_link(&self, link: &str) -> Result<Option<Behind>, storage::Error> {
        if let Some(token) = token::<ConfirmAddress>(link) {
            return self.look(&token, Behind::Address).await;
        }
        if let Some(token) = token::<ChangeAddress>(link) {
            return self.look(&token, Behind::NewAddress).await;
        }
        if let Some(token) = token::<PendingSignUp>(link) {
            return self.look(&token, Behind::SignUp).await;
        }
        Ok(None)
    }

    /// What the code is for that was mailed to `address`: a try is counted before anything is compared.
    pub(super) async fn behind_code(
        &self,
        address: &EmailAddress,
        code: &Secret<String>,
    ) -> Result<Option<Behind>, ConfirmError> {
        let Some(code) = Code::typed(code.expose()) else {
            return Ok(None);
        };
        if let Some(retry_after) = self.wait_to_try_code(address).await? {
            self.report(Act::Confirmation.refused(Reason::TooManyAttempts));
            return Err(ConfirmError::TooManyAttempts { retry_after });
        }
        // All three, whatever is found, so that it takes the same time.
        let confirm = self.look_by_code(address, &code, Behind::Address).await?;
        let change = self.look_by_code(address, &code, Behind::NewAddress);
        let change = change.await?;
        let sign_up = self.look_by_code(address, &code, Behind::SignUp).await?;
        Ok(confirm.or(change).or(sign_up))
    }

    /// Looks by the present key and by the one before, whichever finds it.
    async fn look_by_code<T: Purpose>(
        &self,
        address: &EmailAddress,
        code: &Code,
        as_what: impl Fn(Carried<T>) -> Behind,
    ) -> Result<Option<Behind>, storage::Error> {
        let mut found = None;
        for token in self.links_of_code::<T>(address, code) {
            let behind = self.look(&token, &as_what).await?;
            found = found.or(behind);
        }
        Ok(found)
    }

    async fn look<T: Purpose>(
        &self,
        token: &PlainToken,
        as_what: impl FnOnce(Carried<T>) -> Behind,
    ) -> Result<Option<Behind>, storage::Error> {
        Ok(self.tickets().look::<T>(token).await?.map(as_what))
    }

    pub(super) async fn forget_tries_at_code(&self, address: &EmailAddress) {
        let budget = self.budget_of_mail(&format!("code/{}", address.key()));
        if let Err(error) = self.0.storage.clear_attempts(budget).await {
            tracing::debug!(%error, "tries at a code are still counted");
        }
    }
}
