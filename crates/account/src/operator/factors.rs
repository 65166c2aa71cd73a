//! Looking at the second factor of an account, and removing it: for an owner who has lost the app and the recovery codes.

use model::{Timestamp, User};

use super::{FindError, LANGUAGE, Operator};
use crate::events::Act;
use crate::factor::{Asked, FactorNews, FactorNotice};
use crate::mailing::Announced;

/// The second factor of an account, as an operator sees it: its secret and codes stay where they are.
#[derive(Clone, Debug)]
pub struct ShownFactors {
    /// The account.
    pub user: User,
    /// Since when an authenticator app is enrolled; nothing where none is.
    pub totp_since: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveFactorError {
    /// Nobody is meant.
    #[error(transparent)]
    Find(#[from] FindError),
    /// There is nothing to remove.
    #[error("the account has no second factor")]
    None,
    /// Something else was changed at the same time.
    #[error("the account has changed meanwhile: try again")]
    Superseded,
}

impl From<storage::Error> for RemoveFactorError {
    fn from(error: storage::Error) -> Self {
        FindError::from(error).into()
    }
}

impl Operator {
    /// What the account has besides its password.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn factors(&self, named: &str) -> Result<ShownFactors, FindError> {
        let id = self.find(named).await?;
        let user = self.storage.user(&id).await?.ok_or(FindError::Unknown)?;
        let found = self.storage.second_factor(&id).await?;
        Ok(ShownFactors {
            user,
            totp_since: found.as_ref().map(|factor| factor.since),
            recovery_codes: found.map_or(0, |factor| factor.recovery_codes),
        })
    }

    /// Removes the authenticator app and the recovery codes: the password alone signs in, or, where the server requires a
    /// second factor, enrols another one at the next sign-in, whatever grace there is. Every session ends, and the owner is
    /// told.
    ///
    /// # Errors
    /// When nobody is meant, there is none, or the store fails.
    pub async fn remove_factor(&self, named: &str) -> Result<User, RemoveFactorError> {
        let id = self.find(named).await?;
        let user = self.storage.user(&id).await?.ok_or(FindError::Unknown)?;
        if !user.second_factor {
            return Err(RemoveFactorError::None);
        }
        let moment = self.moment().await?;
        // Before the removal: after a failure in between an account with a factor has no time left to enrol one.
        Asked::use_up(&*self.storage, &id, moment.now, &*self.rng).await?;
        let outbox = self.outbox();
        let announced = match &outbox {
            Some(outbox) => {
                let news = FactorNews::Removed;
                let announcing = outbox.announce_factor(&user, news, LANGUAGE.to_owned());
                announcing.await?
            }
            None => Announced::to_nobody(),
        };
        let at = user.generation;
        let removed = self.storage.remove_factor(&id, at, None, moment).await?;
        let user = removed.ok_or(RemoveFactorError::Superseded)?;
        self.report(Act::FactorRemoval.done().of(&user.id)).await;
        if let Some(outbox) = &outbox {
            outbox.made::<FactorNotice>(announced).await;
        }
        Ok(user)
    }
}
