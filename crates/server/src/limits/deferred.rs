//! Charges that wait for the handler to learn who asks.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use account::{QuotaError, Throttled};
use http::Method;
use jwt::Verified;
use model::{Timestamp, UserId};
use ratelimit::Decision;

use super::{Asked, Charge, Payer, RequestLimits, throttled};
use crate::error::ApiError;
use crate::route::Route;

/// A charge that waits for the handler to learn who asks: a refresh token may stand in the body, a cookie
/// leads to somebody only by the store, and a name to nobody before the password is proven. Until then the client has paid.
#[derive(Clone, Debug)]
pub(crate) struct Deferred(Arc<Later>);

#[derive(Debug)]
struct Later {
    limits: Arc<RequestLimits>,
    client: IpAddr,
    route: Option<&'static Route>,
    method: Method,
    now: Timestamp,
    /// What the client was charged beforehand.
    paid: OnceLock<Decision>,
    decided: OnceLock<Decision>,
}

impl Deferred {
    pub(crate) fn new(limits: &Arc<RequestLimits>, asked: Asked<'_>) -> Self {
        Self(Arc::new(Later {
            limits: Arc::clone(limits),
            client: asked.client,
            route: asked.route,
            method: asked.method.clone(),
            now: asked.now,
            paid: OnceLock::new(),
            decided: OnceLock::new(),
        }))
    }

    /// Notes what the client was charged beforehand.
    pub(crate) fn paid(&self, decision: &Decision) {
        let _ = self.0.paid.set(decision.clone()); // charged once
    }

    /// Charges the user of `token` in place of the client.
    ///
    /// # Errors
    /// When it is refused, or the store can't be asked.
    pub(crate) async fn charge(&self, token: &Arc<Verified>) -> Result<(), ApiError> {
        self.give_back().await;
        self.charge_to(Payer::User(Arc::clone(token))).await
    }

    /// Charges `user`, who has proven the password, for a sign-in.
    pub(super) async fn charge_sign_in(&self, user: &UserId) -> Result<(), QuotaError> {
        let charging = self.0.limits.charge_sign_in(self.asked(), user);
        let decision = charging
            .await
            .map_err(|error| QuotaError::Unavailable(Arc::new(error)))?;
        let refused = decision.retry_after();
        let _ = self.0.decided.set(decision); // asked once
        match refused {
            Some(retry_after) => Err(QuotaError::Exhausted { retry_after }),
            None => Ok(()),
        }
    }

    /// Gives the client back what it was charged beforehand.
    pub(super) async fn give_back(&self) {
        if let Some(paid) = self.0.paid.get() {
            self.0.limits.give_back(self.asked(), paid).await;
        }
    }

    /// Charges somebody who is known by a cookie, or else the client.
    ///
    /// # Errors
    /// When it is refused, or the store can't be asked.
    pub(crate) async fn charge_person(&self, user: Option<&UserId>) -> Result<(), ApiError> {
        let client = Payer::Client(self.0.client);
        self.charge_to(user.cloned().map_or(client, Payer::Person))
            .await
    }

    async fn charge_to(&self, who: Payer) -> Result<(), ApiError> {
        let decision = match self.0.limits.charge_to(who, self.asked()) {
            Charge::Done(done) => done?,
            Charge::Waiting(waiting) => waiting.await?,
        };
        let refused = decision.retry_after();
        let _ = self.0.decided.set(decision); // asked once
        refused.map_or(Ok(()), |wait| Err(ApiError::rate_limited(wait)))
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            client: self.0.client,
            route: self.0.route,
            method: &self.0.method,
            now: self.0.now,
        }
    }

    /// What a refusal keeps somebody from who has had the password checked too often.
    pub(crate) fn throttled(&self) -> Option<Throttled> {
        throttled(self.0.route, self.decision()?)
    }

    /// What came of it.
    pub(crate) fn decision(&self) -> Option<&Decision> {
        self.0.decided.get()
    }
}
