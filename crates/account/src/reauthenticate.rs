//! Proving once more who one is.

use jwt::IssueError;
use model::{Authentication, Level, Session};
use secret::Secret;

use crate::carrier::Holder;
use crate::events::Act;
use crate::proof::Proof;
use crate::{Accounts, Actor, DeviceToken, PresentedFactor, ProofError, Refused};

/// Why there is no fresh token or cookie.
#[derive(Debug, thiserror::Error)]
pub enum ReauthenticateError {
    /// The password proved nothing.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl From<Refused> for ReauthenticateError {
    fn from(refused: Refused) -> Self {
        ProofError::from(refused).into()
    }
}

impl Accounts {
    /// Checks the password once more, and the second factor of an account that has one, and gives what says so: a fresh access token of the same session, or
    /// a fresh cookie in place of the old one, which leads nowhere from then on. Attempts at the password
    /// count as in [`Accounts::change_password`], together with those.
    pub async fn reauthenticate<H: Holder>(
        &self,
        holder: &H,
        device: Option<&DeviceToken>,
        password: Secret<String>,
        factor: Option<PresentedFactor>,
    ) -> Result<H::Fresh, ReauthenticateError> {
        let proving = self.prove_again(holder.actor(), device, password, factor);
        let (session, proven) = proving.await?;
        holder.freshen(self, &session, proven).await
    }

    /// The actor's session, and what is proven, when `password` is the account's.
    pub(crate) async fn prove_again(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        password: Secret<String>,
        factor: Option<PresentedFactor>,
    ) -> Result<(Session, Authentication), ProofError> {
        let permit = self.admit_actor(actor)?;
        let Proof {
            session,
            found,
            strength,
            mut authentication,
        } = self
            .prove_password(&permit, Act::Reauthentication, actor, device, &password)
            .await?;
        self.upgrade_if_outdated(&permit, &found, strength, password)
            .await
            .map_err(Refused::from)?;
        drop(permit);
        if found.user.second_factor {
            let factor = factor.ok_or(ProofError::FactorRequired)?;
            let method = self.prove_factor(Act::Reauthentication, &actor.user, &factor);
            authentication.methods = authentication.methods.with(method.await?);
            authentication.level = Level::Two;
        }
        self.report(actor.event(Act::Reauthentication.done()));
        Ok((session, authentication))
    }
}
