//! `POST /logout`

use axum::response::Response;

use super::form::Form;
use super::visitor::SignedIn;
use crate::error::ApiError;
use crate::extract::Serving;

/// Ends the session.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    who: SignedIn,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    accounts.logout(&who.browser.actor).await?;
    Ok(who.signed_out())
}
