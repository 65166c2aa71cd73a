//! Whose budget an answer may use that reveals something.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use ratelimit::ClientAddress;

use super::Serving;
use crate::app::App;
use crate::limits::TakenBudget;

impl FromRequestParts<App> for TakenBudget {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Serving(accounts) = Serving::from_request_parts(parts, app).await?;
        Ok(Self {
            accounts,
            limits: app.limits.clone(),
            client: parts
                .extensions
                .get::<ClientAddress>()
                .map(|client| client.ip()),
            now: app.clock.now(),
        })
    }
}
