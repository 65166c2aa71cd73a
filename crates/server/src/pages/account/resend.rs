//! `POST /account/resend`: the mail once more that confirms one's address.

use account::{Refused, ResendError};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::done::done;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::visitor::{SignedIn, to_login};

/// Has it sent, and leads back to the account. Whoever loads that page again sends nothing.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    who: SignedIn,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    let actor = &who.browser.actor;
    let asking = accounts.resend_own_confirmation(actor, who.device.as_ref());
    match asking.await {
        Ok(true) => Ok(Redirect::to(&done("resent")).into_response()),
        Ok(false) => Ok(Redirect::to("/account").into_response()),
        Err(ResendError::Refused(Refused::Revoked)) => Ok(to_login()),
        Err(error) => Err(error.into()),
    }
}
