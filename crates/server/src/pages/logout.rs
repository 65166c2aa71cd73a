//! `POST /logout`

use account::Accounts;
use axum::extract::State;
use axum::response::Response;

use super::visitor::SignedIn;
use crate::error::ApiError;

/// Ends the session.
pub(super) async fn submit(
    State(accounts): State<Accounts>,
    who: SignedIn,
) -> Result<Response, ApiError> {
    accounts.logout(&who.browser.actor).await?;
    Ok(who.signed_out())
}
