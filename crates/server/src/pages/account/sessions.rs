//! `POST /account/sessions/{id}/end` and `POST /account/sessions/end-others`

use account::EndSessionError;
use axum::response::{IntoResponse as _, Redirect, Response};
use problem::ValidPath;

use super::done::done;
use super::refused_here;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::visitor::SignedIn;

/// Ends one session. One that isn't there any more is as good as ended: people press buttons twice.
pub(crate) async fn end(
    Serving(accounts): Serving,
    who: SignedIn,
    ValidPath(id): ValidPath<String>,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    match accounts.end_session(&who.browser.actor, &id).await {
        Ok(()) | Err(EndSessionError::NotFound) => {
            Ok(Redirect::to(&done("session")).into_response())
        }
        Err(EndSessionError::Refused(refused)) => refused_here(refused),
    }
}

/// Ends every session but this one.
pub(crate) async fn end_others(
    Serving(accounts): Serving,
    who: SignedIn,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    match accounts.end_other_sessions(&who.browser.actor).await {
        Ok(_) => Ok(Redirect::to(&done("sessions")).into_response()),
        Err(refused) => refused_here(refused),
    }
}
