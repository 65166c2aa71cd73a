//! Asking for the mail once more that confirms one's own address.

use model::EmailAddress;

use crate::{Accounts, Actor, AskForResetError, DeviceToken, MailOff, Refused};

/// Why no mail was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// This server sends none.
    #[error(transparent)]
    MailOff(#[from] MailOff),
}

impl From<AskForResetError> for ResendError {
    fn from(error: AskForResetError) -> Self {
        match error {
            AskForResetError::MailOff(off) => off.into(),
            AskForResetError::Storage(error) => Refused::from(error).into(),
        }
    }
}

impl Accounts {
    /// Has the mail sent once more by which the actor's address is confirmed. `false` when there is nothing to confirm.
    pub async fn resend_own_confirmation(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
    ) -> Result<bool, ResendError> {
        let (_, user) = self.live_account(actor).await?;
        let address = user.email.filter(|_| !user.email_verified);
        let address = address.and_then(|address| EmailAddress::parse(&address).ok());
        match address {
            Some(address) => {
                self.ask_for_confirmation(&address, device, None).await?;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
