//! Enrolling an authenticator app.
//!
//! An enrolment is provisional until a code of the app confirms it, and starting it again puts another secret in its place;
//! the app that the account has is left alone meanwhile.

use std::time::Duration;

use factors::{RECOVERY_CODES, RecoveryCode, Step, TotpSecret, qr_svg};
use model::{Level, SessionId, Timestamp, User, UserId};
use secret::Secret;
use serde::{Deserialize, Serialize};
use storage::feed::SECOND_FACTORS;
use storage::{
    Enrolment, Keys, Kind, Record, RecordId, Replaced, SaveRecordError, Tells, Versioned,
};

use super::{FactorError, FactorKind, FactorNews, FactorNotice};
use crate::events::{Act, Reason};
use crate::{Accounts, Actor, Refused};

/// How long an enrolment waits to be confirmed.
const LIFETIME: Duration = Duration::from_mins(15);

/// What an authenticator app is given, once.
#[derive(Debug)]
pub struct Enrolling {
    /// The secret, to be typed: base32.
    pub secret: Secret<String>,
    /// The same for the app to read: `otpauth://…`.
    pub uri: Secret<String>,
    /// The same for its camera: an SVG.
    pub qr: Secret<String>,
}

/// What is said to who enrols, beside the secret.
#[derive(Clone, Copy, Debug)]
pub struct AppLabels<'a> {
    /// What the app lists the account under.
    pub issuer: &'a str,
    /// What the picture is, to whoever can't see it.
    pub picture: &'a str,
}

/// Codes for whoever loses the app, each good once. They are shown once.
#[derive(Debug)]
pub struct RecoveryCodes(pub Vec<Secret<String>>);

/// Why nothing was enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The actor may not act.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The account has a second factor, and this session was not opened by it.
    #[error("the second factor is needed")]
    LevelTooLow,
    /// The address is not confirmed: nobody could recover the password, and then the factor would be lost as well.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// A server of this store is of a version that asks nobody for a second factor.
    #[error("another server knows no second factors")]
    NotEverywhere,
    /// Nothing waits to be confirmed.
    #[error("no enrolment was begun")]
    NotBegun,
    /// The code is wrong.
    #[error(transparent)]
    Factor(#[from] FactorError),
}

impl From<storage::Error> for EnrolError {
    fn from(error: storage::Error) -> Self {
        Refused::from(error).into()
    }
}

/// An enrolment that waits to be confirmed. There is one for an account.
#[derive(Clone, Serialize, Deserialize)]
struct Provisional {
    user: UserId,
    sealed: Vec<u8>,
    until: Timestamp,
}

/// An enrolment of which a code of the app was right.
pub(super) struct Confirmed {
    provisional: Versioned<Provisional>,
    step: Step,
}

impl Record for Provisional {
    const KIND: Kind = Kind("enrolment");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn keys(&self) -> Keys {
        Keys::one(self.user.as_str())
    }
}

impl Accounts {
    /// Begins the enrolment of an authenticator app. Needs a fresh token, and one of the second factor that the account has.
    pub async fn begin_enrolment(
        &self,
        actor: &Actor,
        labels: AppLabels<'_>,
    ) -> Result<Enrolling, EnrolError> {
        let user = self.who_enrols(actor).await?;
        self.give_secret(&user, labels).await
    }

    /// Gives an app the secret of an account, which waits to be confirmed.
    pub(super) async fn give_secret(
        &self,
        user: &User,
        labels: AppLabels<'_>,
    ) -> Result<Enrolling, EnrolError> {
        let secret = TotpSecret::random(|bytes| self.0.rng.fill(bytes));
        let uri = secret.uri(labels.issuer, user.display_name());
        let sealed = self.seal_secret(&user.id, &secret);
        let provisional = Provisional {
            user: user.id.clone(),
            sealed: sealed.map_err(FactorError::from)?,
            until: self.0.clock.now().plus(LIFETIME),
        };
        self.keep_provisional(provisional).await?;
        let qr = qr_svg(&uri, labels.picture);
        let qr = qr.map_err(|error| storage::Error::Backend(Box::new(error)))?;
        Ok(Enrolling {
            secret: secret.base32(),
            uri,
            qr,
        })
    }

    /// Confirms it by a code of the app, which can't sign in. Every other session ends; recovery codes are given, once.
    pub async fn confirm_enrolment(
        &self,
        actor: &Actor,
        typed: &Secret<String>,
    ) -> Result<RecoveryCodes, EnrolError> {
        let user = self.who_enrols(actor).await?;
        let session = Some(actor.session);
        let confirmed = self.confirm_code(&user, session, typed).await?;
        match self.enrol(&user, session, confirmed).await? {
            Some((_, codes)) => Ok(codes),
            None => Err(Refused::Revoked.into()), // overtaken by a change of the password
        }
    }

    /// Checks a code of the app that waits to be confirmed. Guesses count as those at a second factor.
    pub(super) async fn confirm_code(
        &self,
        user: &User,
        session: Option<SessionId>,
        typed: &Secret<String>,
    ) -> Result<Confirmed, EnrolError> {
        let provisional = self.provisional(&user.id).await?;
        let provisional = provisional.ok_or(EnrolError::NotBegun)?;
        let secret = self.open_secret(&user.id, &provisional.sealed);
        let secret = secret.map_err(|_| EnrolError::NotBegun)?; // beginning again helps
        let budget = self.budget_of_factor(&user.id);
        let guess = self
            .count_guess(budget, Act::FactorEnrolment, Some(&user.id))
            .await
            .map_err(FactorError::from)?;
        let Some(step) = self.step_of(&secret, typed, None) else {
            let refused = Act::FactorEnrolment.refused(Reason::WrongCode);
            self.report(refused.of(&user.id).in_any_session(session));
            return Err(FactorError::WrongCode(FactorKind::Totp).into());
        };
        self.clear_guesses(guess).await?;
        Ok(Confirmed { provisional, step })
    }

    /// Enrols the app whose code was right: every other session ends. The account as it is now, and recovery codes; nothing
    /// when another change was faster.
    pub(super) async fn enrol(
        &self,
        user: &User,
        session: Option<SessionId>,
        confirmed: Confirmed,
    ) -> Result<Option<(User, RecoveryCodes)>, storage::Error> {
        let Confirmed { provisional, step } = confirmed;
        let codes = self.new_recovery_codes();
        let enrolment = Enrolment {
            user: user.id.clone(),
            at: user.generation,
            keep: session,
            sealed: provisional.sealed.clone(),
            step: step.0,
            recovery_codes: codes.iter().map(RecoveryCode::hashed).collect(),
        };
        let announced = self.announce_factor(user, FactorNews::Added).await?;
        let enrolled = self.0.storage.enrol(enrolment, self.moment()).await?;
        let Some(enrolled) = enrolled else {
            return Ok(None);
        };
        self.records::<Provisional>()
            .delete(&provisional, Tells::nothing())
            .await?;
        let done = Act::FactorEnrolment.done();
        self.report_kept(done.of(&user.id).in_any_session(session))
            .await;
        self.made::<FactorNotice>(announced).await;
        let codes = codes.iter().map(RecoveryCode::text).collect();
        Ok(Some((enrolled, RecoveryCodes(codes))))
    }

    /// The account of somebody who may enrol.
    async fn who_enrols(&self, actor: &Actor) -> Result<User, EnrolError> {
        self.require_fresh(actor)?;
        let (_, user) = self.live_account(actor).await?;
        if user.second_factor && actor.authentication.level() < Level::Two {
            return Err(EnrolError::LevelTooLow);
        }
        if self.sends_mail() && !user.email_verified {
            return Err(EnrolError::EmailUnverified);
        }
        self.expect_factors_everywhere().await?;
        Ok(user)
    }

    /// A server of an earlier version would let a new password in without the second factor.
    pub(super) async fn expect_factors_everywhere(&self) -> Result<(), EnrolError> {
        let without = self.0.storage.who_cannot_read(SECOND_FACTORS).await?;
        if without.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            nodes = without.join(", "),
            "nobody can enrol a second factor while a server of an earlier version runs, or ended less than a minute ago"
        );
        Err(EnrolError::NotEverywhere)
    }

    pub(super) fn new_recovery_codes(&self) -> Vec<RecoveryCode> {
        let new = || RecoveryCode::random(|bytes| self.0.rng.fill(bytes));
        std::iter::repeat_with(new).take(RECOVERY_CODES).collect()
    }

    /// The enrolment of an account that waits to be confirmed.
    async fn provisional(
        &self,
        user: &UserId,
    ) -> Result<Option<Versioned<Provisional>>, storage::Error> {
        let found = self.records::<Provisional>().by_key(user.as_str()).await?;
        Ok(found.filter(|found| self.0.clock.now() < found.until))
    }

    async fn keep_provisional(&self, new: Provisional) -> Result<(), EnrolError> {
        let records = self.records::<Provisional>();
        let saved = if let Some(before) = records.by_key(new.user.as_str()).await? {
            let replacing = records.replace(before.with(|kept| *kept = new), Tells::nothing());
            let replaced = replacing.await;
            replaced.map(|replaced| matches!(replaced, Replaced::Done(_)))
        } else {
            let id = RecordId::new(self.0.clock.now(), &*self.0.rng);
            let inserted = records.insert(id, new, Tells::nothing()).await;
            inserted.map(|_| true)
        };
        match saved {
            Ok(true) => Ok(()),
            // Another enrolment was begun at the same time.
            Ok(false) | Err(SaveRecordError::Taken(_)) => Err(storage::Error::Busy.into()),
            Err(SaveRecordError::OwnerGone) => Err(Refused::Revoked.into()),
            Err(SaveRecordError::OwnerChanged | SaveRecordError::TooLarge(_)) => {
                Err(storage::Error::Busy.into())
            }
            Err(SaveRecordError::Storage(error)) => Err(error.into()),
        }
    }
}
