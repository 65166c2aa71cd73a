//! Changing one's own password.

use model::Authentication;
use password::{Busy, Fault, HashError};
use secret::Secret;
use storage::{PasswordChange, PasswordChanged};

use crate::carrier::Holder;
use crate::events::{Act, Reason};
use crate::mailing::PasswordNotice;
use crate::{Accounts, Actor, DeviceToken, ProofError, Refused};

/// Why the password is what it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current one proved nothing.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The new password breaks these rules.
    #[error("the password is not good enough")]
    Password(Vec<Fault>),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashError),
}

impl From<Busy> for ChangePasswordError {
    fn from(busy: Busy) -> Self {
        ProofError::from(busy).into()
    }
}

impl From<Refused> for ChangePasswordError {
    fn from(refused: Refused) -> Self {
        ProofError::from(refused).into()
    }
}

/// What whoever has changed their password gets.
#[derive(Clone, Debug)]
pub struct ChangedPassword<R> {
    /// Tells that the device is known.
    pub device: DeviceToken,
    /// What takes the place of what carries their session: a cookie, where that is one.
    pub renewed: R,
}

impl Accounts {
    /// Replaces the password, and the cookie with it where one carries the session: whoever had a copy of that
    /// is out, as every other session is.
    ///
    /// Attempts at the current password count as in [`Accounts::reauthenticate`], together with those.
    pub async fn change_password<H: Holder>(
        &self,
        holder: &H,
        device: Option<&DeviceToken>,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<ChangedPassword<H::Renewed>, ChangePasswordError> {
        let replacing = self.replace_password(holder.actor(), device, current, new);
        let (device, proven) = replacing.await?;
        let renewed = holder.renew(self, proven).await?;
        Ok(ChangedPassword { device, renewed })
    }

    /// Replaces the password. Every other session ends; the one that asked lives on. No device is known
    /// any more until it signs in again, but for the one that asked, whose token this gives: whoever
    /// proves the password is on a device of the owner's, and strangers must not shut it out.
    ///
    /// The new one must not be the current one: whoever changes it because others know it would be no safer. It is judged
    /// only after the current one is proven: judging takes time, and whoever holds a token may be anybody.
    async fn replace_password(
        &self,
        actor: &Actor,
        device: Option<&DeviceToken>,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<(DeviceToken, Authentication), ChangePasswordError> {
        let permit = self.admit_actor(actor)?;
        let known = self.nonce_of(actor, device).await.map_err(Refused::from)?;
        let proof = self
            .prove_password(&permit, Act::PasswordChange, actor, device, &current)
            .await?;
        let user = proof.found.user;
        let identities = user.identities().map(str::to_owned).collect();
        let checking = permit.check(self.0.settings.policy, new.clone(), identities);
        let mut faults = checking.await?.err().unwrap_or_default();
        if secret::same(new.expose().as_bytes(), current.expose().as_bytes()) {
            faults.push(Fault::SameAsCurrent);
        }
        if !faults.is_empty() {
            let refused = Act::PasswordChange.refused(Reason::UnacceptablePassword);
            self.report(actor.event(refused));
            return Err(ChangePasswordError::Password(faults));
        }
        let hash = permit.hash(new).await?;
        drop(permit);

        let announcing = self.announce_password(&user, user.generation.next());
        let announced = announcing.await.map_err(Refused::from)?;
        let change = PasswordChange {
            user: actor.user.clone(),
            at: user.generation,
            hash,
            proven: None,
            keep: Some(actor.session),
        };
        match self
            .0
            .storage
            .change_password(change, self.moment())
            .await
            .map_err(Refused::from)?
        {
            PasswordChanged::Changed => {
                self.report_kept(actor.event(Act::PasswordChange.done()))
                    .await;
                self.made::<PasswordNotice>(announced).await;
                // Of the generation that this change began: a later one is another's, who may know better.
                let device = self.issue_device(&actor.user, user.generation.next(), known);
                // The password alone makes nobody fresh who has a second factor.
                let proven = if user.second_factor {
                    actor.authentication.authentication
                } else {
                    proof.authentication
                };
                Ok((device, proven))
            }
            PasswordChanged::Superseded => {
                let refused = Act::PasswordChange.refused(Reason::Superseded);
                self.report(actor.event(refused));
                Err(ProofError::InvalidCredentials.into())
            }
        }
    }
}
