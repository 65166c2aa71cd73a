//! The second factor: an authenticator app, and recovery codes for whoever has lost it.
//!
//! Its secret is encrypted for the account that it belongs to (`Settings::factors`). A code is good once, by the step of
//! time that it is of: the store moves that on by compare-and-set, also at the enrolment.

mod asked;
mod challenge;
mod enrol;
mod enrol_first;
mod kept;
mod manage;
mod notice;
mod prove;
mod remembered;

use std::time::Duration;

use factors::{Step, TotpSecret};
use model::UserId;
use secret::Secret;
use serde::{Deserialize, Serialize};

use crate::Accounts;

pub(crate) use asked::Asked;
pub use challenge::{AnswerError, ChallengeAnswer, FactorRequired};
pub use enrol::{AppLabels, EnrolError, Enrolling, RecoveryCodes};
pub use enrol_first::{EnrolFirstError, EnrolmentRequired, FirstCode, FirstEnrolment};
pub use manage::{ManageFactorError, OwnFactors};
pub(crate) use notice::{FactorNews, FactorNotice};
pub use prove::{FactorError, PresentedFactor};
pub(crate) use remembered::Memory;
pub use remembered::{ListedDevice, RememberedDevice};

/// So many recovery codes are few: their owner should make new ones.
pub const FEW_RECOVERY_CODES: u32 = 3;

/// By how much the clock of the node that noted a time may have been ahead.
const CLOCKS: Duration = Duration::from_mins(1);

/// How an account can prove itself besides its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// A one-time code of an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
}

/// A secret that can't be encrypted, or decrypted with the keys of this process: until an operator sets the key again that it
/// was encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a second factor can't be read with this SECRET_KEY")]
pub struct Unreadable;

impl Accounts {
    /// The secret of an account, encrypted.
    fn seal_secret(&self, user: &UserId, secret: &TotpSecret) -> Result<Vec<u8>, Unreadable> {
        let random = |bytes: &mut [u8]| self.0.rng.fill(bytes);
        let sealed = self
            .0
            .settings
            .factors
            .seal(&purpose(user), secret.expose(), random);
        sealed.map_err(|_| Unreadable)
    }

    /// The secret of an account that was encrypted. Where it can't be read nobody gets in by it, and the log says whose it is.
    fn open_secret(&self, user: &UserId, sealed: &[u8]) -> Result<TotpSecret, Unreadable> {
        let opened = self.0.settings.factors.open(&purpose(user), sealed);
        let opened = opened.ok_or_else(|| {
            tracing::error!(
                account = user.as_str(),
                "a second factor can't be read: it was encrypted with another SECRET_KEY. Set that one as \
                 SECRET_KEY_PREVIOUS, and run `portcullis keys reencrypt`"
            );
            Unreadable
        })?;
        let bytes = opened.expose().as_slice().try_into();
        Ok(TotpSecret::from_bytes(bytes.map_err(|_| Unreadable)?))
    }

    /// The step of a typed code that is good now, and later than `last`.
    fn step_of(
        &self,
        secret: &TotpSecret,
        typed: &Secret<String>,
        last: Option<Step>,
    ) -> Option<Step> {
        let code = factors::TypedCode::parse(typed.expose())?;
        let now = self.0.clock.now().as_seconds();
        secret.step_of(&code, now, last)
    }
}

/// What the secret of an account is encrypted for: it opens as that of this account and no other.
pub(crate) fn purpose(user: &UserId) -> Vec<u8> {
    format!("totp/{user}").into_bytes()
}
