//! How often one user may sign in, as whoever serves the request counts it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use model::UserId;

use crate::Accounts;
use crate::events::{Act, Reason};

/// Counts the sign-ins of a user.
pub trait SignInQuota: Send + Sync {
    /// Charges a sign-in to `user`, whose password is proven: so nobody else can use up what a user has, or
    /// learn how much of it is left.
    fn charge<'a>(&'a self, user: &'a UserId) -> Charging<'a>;
}

/// A charge on its way to where it is counted.
pub type Charging<'a> = Pin<Box<dyn Future<Output = Result<(), QuotaError>> + Send + 'a>>;

/// Why a sign-in was not charged.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QuotaError {
    /// The user has signed in too often.
    #[error("too many sign-ins")]
    Exhausted {
        /// When there is room again.
        retry_after: Duration,
    },
    /// It can't be counted, so nobody signs in.
    #[error("sign-ins can't be counted")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl Accounts {
    /// Charges a sign-in to `user`, where sign-ins are counted.
    pub(crate) async fn charge_sign_in(
        &self,
        quota: Option<&dyn SignInQuota>,
        user: &UserId,
    ) -> Result<(), QuotaError> {
        let Some(quota) = quota else {
            return Ok(());
        };
        let charged = quota.charge(user).await;
        if let Err(QuotaError::Exhausted { .. }) = charged {
            self.report(Act::SignIn.refused(Reason::TooManySignIns).of(user));
        }
        charged
    }
}
