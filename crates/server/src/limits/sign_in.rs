//! What a sign-in is charged: its client while it may be a guess, its user once it is none.

use std::convert::Infallible;
use std::sync::Arc;

use account::{
    AnswerError, Charging, EnrolFirstError, FactorError, LoginError, QuotaError, SignInQuota,
};
use axum::extract::FromRequestParts;
use http::request::Parts;
use model::UserId;

use super::Deferred;

/// The limits of a sign-in, where there are any.
pub(crate) struct SignInLimit(Option<Deferred>);

impl SignInLimit {
    /// What the user is charged when the password is proven.
    pub(crate) fn quota(&self) -> Option<Arc<dyn SignInQuota>> {
        let deferred = self.0.clone()?;
        Some(Arc::new(deferred))
    }

    /// Carries out `sign_in`, and gives the client its charge back unless somebody may have guessed: if a session
    /// was opened, and if we could not answer. Else those who keep us busy would use up what others have.
    pub(crate) async fn around<T, E: SignInFailure>(
        self,
        sign_in: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let done = sign_in.await;
        if let Some(deferred) = self.0
            && done.as_ref().err().is_none_or(E::is_no_guess)
        {
            deferred.give_back().await;
        }
        done
    }
}

/// Why nobody was signed in, as far as a limit must know.
pub(crate) trait SignInFailure {
    /// Whether nobody has guessed.
    fn is_no_guess(&self) -> bool;
}

impl SignInFailure for LoginError {
    fn is_no_guess(&self) -> bool {
        is_ours(self)
    }
}

impl SignInFailure for AnswerError {
    fn is_no_guess(&self) -> bool {
        match self {
            Self::Login(error) => is_ours(error),
            Self::Factor(FactorError::Storage(_) | FactorError::Unreadable(_)) => true,
            Self::Factor(
                FactorError::WrongCode(_) | FactorError::None | FactorError::TooManyAttempts { .. },
            )
            | Self::InvalidChallenge => false,
        }
    }
}

impl SignInFailure for EnrolFirstError {
    fn is_no_guess(&self) -> bool {
        match self {
            Self::Login(error) => is_ours(error),
            Self::Factor(FactorError::Storage(_) | FactorError::Unreadable(_))
            | Self::NotEverywhere => true,
            Self::Factor(
                FactorError::WrongCode(_) | FactorError::None | FactorError::TooManyAttempts { .. },
            )
            | Self::InvalidChallenge
            | Self::EmailUnverified
            | Self::NotBegun => false,
        }
    }
}

/// Whether it is our fault that nobody was signed in: then no password was compared, or the right one.
///
/// That too many attempts went before may only be due to others at the same name that are under way, and no hash
/// was made. It stays charged all the same: nobody is known who could be charged instead, and whoever sends any number at
/// once would be told for nothing, without an end, when others sign in to an account.
const fn is_ours(error: &LoginError) -> bool {
    match error {
        LoginError::Busy(_)
        | LoginError::Storage(_)
        | LoginError::Issue(_)
        | LoginError::Quota(QuotaError::Unavailable(_))
        // The password was right, and its user was charged for that.
        | LoginError::FactorRequired(_)
        | LoginError::EnrolmentRequired(_) => true,
        // The password was right: else whoever knows it could ask without an end.
        LoginError::EmailUnverified
        | LoginError::DeletionScheduled { .. }
        | LoginError::InvalidCredentials
        | LoginError::Insufficient
        | LoginError::TooManyAttempts { .. }
        | LoginError::Quota(QuotaError::Exhausted { .. }) => false,
    }
}

impl SignInQuota for Deferred {
    fn charge<'a>(&'a self, user: &'a UserId) -> Charging<'a> {
        Box::pin(self.charge_sign_in(user))
    }
}

impl<S: Sync> FromRequestParts<S> for SignInLimit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use http::Method;
    use model::Timestamp;
    use password::Busy;
    use ratelimit::{Capacity, MemoryStore, SharedStore};

    use super::super::{Asked, Charge, Payer, RequestLimits, tests::limits_in};
    use super::*;
    use crate::routes;

    const WAIT: Duration = Duration::from_secs(1);

    /// One sign-in that ends like this, and whether its client was let through.
    async fn sign_in(limits: &Arc<RequestLimits>, ends: Result<(), LoginError>) -> bool {
        let asked = Asked {
            client: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            route: routes::route_at("/api/v1/login"),
            method: &Method::POST,
            now: Timestamp::from_seconds(1_800_000_000),
        };
        let decision = match limits.charge_to(Payer::Client(asked.client), asked) {
            Charge::Done(done) => done,
            Charge::Waiting(waiting) => waiting.await,
        };
        let decision = decision.unwrap();
        let deferred = Deferred::new(limits, asked);
        deferred.paid(&decision);
        let _ = SignInLimit(Some(deferred)).around(async { ends }).await;
        decision.is_allowed()
    }

    #[tokio::test]
    async fn only_what_may_be_a_guess_stays_charged() {
        let gone = || QuotaError::Unavailable(Arc::new(std::fmt::Error));
        let busy = || Busy { retry_after: WAIT };
        let ours: [fn(_, _) -> Result<(), LoginError>; 4] = [
            |_, _| Ok(()),
            |busy: Busy, _| Err(busy.into()),
            |_, gone: QuotaError| Err(gone.into()),
            |_, _| Err(storage::Error::Busy.into()),
        ];
        for (number, ends) in ours.into_iter().enumerate() {
            let limits = limits_in(SharedStore::new(MemoryStore::new(Capacity::keys(100))));
            for _ in 0..10 {
                assert!(sign_in(&limits, ends(busy(), gone())).await, "{number}");
            }
        }
        let guesses: [fn() -> LoginError; 3] = [
            || LoginError::InvalidCredentials,
            || LoginError::TooManyAttempts { retry_after: WAIT },
            || QuotaError::Exhausted { retry_after: WAIT }.into(),
        ];
        for ends in guesses {
            let limits = limits_in(SharedStore::new(MemoryStore::new(Capacity::keys(100))));
            for _ in 0..3 {
                assert!(sign_in(&limits, Err(ends())).await);
            }
            assert!(!sign_in(&limits, Err(ends())).await);
        }
    }
}
