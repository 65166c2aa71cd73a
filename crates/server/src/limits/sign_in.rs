//! What a sign-in is charged: its client while it may be a guess, its user once it is none.

use std::convert::Infallible;
use std::sync::Arc;

use account::{Charging, SignInQuota};
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

    /// Carries out `sign_in`, and gives the client its charge back if a session was opened.
    pub(crate) async fn around<T, E>(
        self,
        sign_in: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let opened = sign_in.await?;
        if let Some(deferred) = self.0 {
            deferred.give_back().await;
        }
        Ok(opened)
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
