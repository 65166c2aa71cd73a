//! `POST /account/export`: everything that is held about oneself, as a file.
//!
//! A form asks for it, though nothing changes: another site can have a browser send a `GET` with its cookie.

use axum::response::Response;

use super::refused_here;
use crate::api::export::file;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::visitor::SignedIn;

/// Gives the file, which a browser saves.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    who: SignedIn,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    match accounts.export(&who.browser.actor).await {
        Ok(export) => Ok(file(&export)),
        Err(refused) => refused_here(refused),
    }
}
