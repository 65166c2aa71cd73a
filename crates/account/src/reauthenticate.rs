//! Proving once more who one is.

use jwt::IssueError;
use model::Session;
use secret::Secret;

use crate::events::Act;
use crate::proof::Proof;
use crate::{Accounts, Actor, DeviceToken, FreshAccess, ProofError, Refused};

/// Why there is no fresh token.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// The password proved nothing.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl Accounts {
    /// Issues a fresh access token of the same session. Attempts at the password count as in
    /// [`Accounts::change_password`], together with those.
    pub async fn reauthenticate(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        password: Secret<String>,
    ) -> Result<FreshAccess, ReauthenticateError> {
        let session = self.prove_again(actor, device, password).await?;
        Ok(self.fresh_access(&session, self.0.clock.now())?)
    }

    /// The actor's session, when `password` is the account's.
    pub(crate) async fn prove_again(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        password: Secret<String>,
    ) -> Result<Session, ProofError> {
        let place = self.admit_actor(actor)?;
        let Proof {
            session,
            found,
            strength,
        } = self
            .prove_password(&place, Act::Reauthentication, actor, device, &password)
            .await?;
        self.upgrade_if_outdated(&place, &found, strength, password)
            .await
            .map_err(Refused::from)?;
        self.report(actor.event(Act::Reauthentication.done()));
        Ok(session)
    }
}
