//! Proving once more who one is.

use jwt::IssueError;
use model::Session;
use password::Busy;
use secret::Secret;

use crate::{Accounts, Actor, FreshAccess, Refused};

/// Why there is no fresh token.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// The password is wrong.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Accounts {
    /// Issues a fresh access token of the same session.
    pub async fn reauthenticate(
        &self,
        actor: &Actor,
        password: Secret<String>,
    ) -> Result<FreshAccess, ReauthenticateError> {
        let session = self.prove_again(actor, password).await?;
        Ok(self.fresh_access(&session, self.0.clock.now())?)
    }

    /// The actor's session, when `password` is the account's.
    pub(crate) async fn prove_again(
        &self,
        actor: &Actor,
        password: Secret<String>,
    ) -> Result<Session, ReauthenticateError> {
        let place = self.0.hasher.admit()?;
        let session = self.live_session(actor).await?;
        let found = self
            .0
            .storage
            .credentials(&actor.user)
            .await
            .map_err(Refused::from)?;
        let found = found.ok_or(Refused::Revoked)?;
        let Some(strength) = self.verify(&place, &password, found.hash.clone()).await else {
            return Err(ReauthenticateError::InvalidCredentials);
        };
        self.upgrade_if_outdated(&place, &found, strength, password)
            .await
            .map_err(Refused::from)?;
        Ok(session)
    }
}
