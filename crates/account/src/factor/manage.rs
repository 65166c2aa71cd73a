//! What an owner sees of the second factor, and does to it.

use factors::RecoveryCode;
use model::{Level, Timestamp, User};

use super::{FactorNews, FactorNotice, RecoveryCodes};
use crate::events::Act;
use crate::{Accounts, Actor, Refused};

/// The second factor of somebody, as they see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnFactors {
    /// Since when an authenticator app is enrolled; nothing where none is.
    pub totp_since: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
    /// Whether the server requires that there be one: then it can't be removed, and where there is none yet the next sign-in
    /// asks for it.
    pub required: bool,
    /// Until when a sign-in doesn't ask for that; nothing where it does, or would not.
    pub enrol_by: Option<Timestamp>,
}

/// Why a second factor was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageFactorError {
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It takes a session that was opened by the second factor.
    #[error("the second factor is needed")]
    LevelTooLow,
    /// The account has none.
    #[error("the account has no second factor")]
    None,
    /// The server requires it.
    #[error("the server requires a second factor")]
    Required,
}

impl From<storage::Error> for ManageFactorError {
    fn from(error: storage::Error) -> Self {
        Refused::from(error).into()
    }
}

impl Accounts {
    /// What the actor has.
    pub async fn own_factors(&self, actor: &Actor) -> Result<OwnFactors, Refused> {
        self.live_session(actor).await?;
        let found = self.0.storage.second_factor(&actor.user).await?;
        let required = self.0.settings.factor_rules.required;
        let enrol_by = if required && found.is_none() {
            self.time_left_to_enrol(&actor.user).await?
        } else {
            None
        };
        Ok(OwnFactors {
            required,
            enrol_by,
            totp_since: found.as_ref().map(|factor| factor.since),
            recovery_codes: found.map_or(0, |factor| factor.recovery_codes),
        })
    }

    /// Removes the actor's second factor: the password alone is asked for from then on. Every other session ends. Where the
    /// server requires one, it stays: another app may take its place.
    pub async fn remove_own_factor(&self, actor: &Actor) -> Result<(), ManageFactorError> {
        let user = self.who_manages(actor).await?;
        if self.0.settings.factor_rules.required {
            return Err(ManageFactorError::Required);
        }
        let announced = self.announce_factor(&user, FactorNews::Removed).await?;
        let keep = Some(actor.session);
        let removing = self
            .0
            .storage
            .remove_factor(&user.id, user.generation, keep, self.moment());
        if removing.await?.is_none() {
            return Err(Refused::Revoked.into()); // overtaken by another change
        }
        self.report_kept(actor.event(Act::FactorRemoval.done()))
            .await;
        self.made::<FactorNotice>(announced).await;
        Ok(())
    }

    /// Gives the actor new recovery codes: those before are void, and no device is remembered any more.
    pub async fn renew_recovery_codes(
        &self,
        actor: &Actor,
    ) -> Result<RecoveryCodes, ManageFactorError> {
        let user = self.who_manages(actor).await?;
        let factor = self.0.storage.second_factor(&user.id).await?;
        let factor = factor.ok_or(ManageFactorError::None)?;
        let codes = self.new_recovery_codes();
        let hashes = codes.iter().map(RecoveryCode::hashed).collect();
        let storage = &self.0.storage;
        let replacing = storage.replace_recovery_codes(&user.id, factor.enrolled, hashes);
        if !replacing.await? {
            return Err(ManageFactorError::None);
        }
        // Whoever fears for the codes fears for those. Afterwards: none is remembered by a code of before from here on.
        self.forget_devices(&user.id).await?;
        self.report_kept(actor.event(Act::RecoveryCodes.done()))
            .await;
        Ok(RecoveryCodes(
            codes.iter().map(RecoveryCode::text).collect(),
        ))
    }

    async fn who_manages(&self, actor: &Actor) -> Result<User, ManageFactorError> {
        self.require_fresh(actor)?;
        let (_, user) = self.live_account(actor).await?;
        if !user.second_factor {
            return Err(ManageFactorError::None);
        }
        if actor.authentication.level() < Level::Two {
            return Err(ManageFactorError::LevelTooLow);
        }
        Ok(user)
    }
}
