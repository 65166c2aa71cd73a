//! Enabling an account.

use model::User;
use storage::{Enabled, Error};

use super::{FindError, Operator};
use crate::events::{Act, Reason};

/// Why an account was not enabled.
#[derive(Debug, thiserror::Error)]
pub enum EnableError {
    /// Nobody is meant.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Another application has switched it off, by a field of its own.
    #[error(
        "the field {field:?} of its document, which another application wrote, switches it off: change it there"
    )]
    HeldBy {
        /// The field.
        field: String,
    },
}

impl From<Error> for EnableError {
    fn from(error: Error) -> Self {
        Self::Find(error.into())
    }
}

impl Operator {
    /// Enables the account: its owner can sign in again. Whatever was issued before stays refused.
    ///
    /// # Errors
    /// When nobody is meant, when another application has it switched off, or when the store fails.
    pub async fn enable(&self, named: &str) -> Result<User, EnableError> {
        let id = self.find(named).await?;
        let before = self.storage.user(&id).await?;
        let is_in_use = before.is_some_and(|user| user.is_in_use());
        let moment = self.moment().await?;
        match self.storage.enable_user(&id, moment).await? {
            Enabled::Done(user) => {
                if !is_in_use {
                    self.report(Act::Enabling.done().of(&user.id)).await;
                }
                Ok(user)
            }
            Enabled::HeldBy(field) => {
                self.report(Act::Enabling.refused(Reason::Disabled).of(&id))
                    .await;
                Err(EnableError::HeldBy { field })
            }
            Enabled::Gone => Err(FindError::Unknown.into()),
        }
    }
}
