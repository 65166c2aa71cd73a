//! `POST /logout`

use account::Accounts;
use axum::extract::State;
use axum::response::Response;
use problem::ValidForm;

use super::form::Form;
use super::visitor::SignedIn;
use crate::error::ApiError;

/// Ends the session.
pub(super) async fn submit(
    State(accounts): State<Accounts>,
    who: SignedIn,
    ValidForm(mut form): ValidForm<Form>,
) -> Result<Response, ApiError> {
    form.done()?;
    accounts.logout(&who.browser.actor).await?;
    Ok(who.signed_out())
}
