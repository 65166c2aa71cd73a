//! `POST /account/factor/codes`, `POST /account/factor/forget` and `POST /account/factor/remove`

use account::ManageFactorError;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{LOCATION, recovery, refused_here, to_confirm};
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::notice::Notice;
use crate::pages::visitor::SignedIn;
use crate::pages::words::Words;

/// Gives new recovery codes: those before are void.
pub(crate) async fn renew_codes(
    Serving(accounts): Serving,
    who: SignedIn,
    words: Words,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    match accounts.renew_recovery_codes(&who.browser.actor).await {
        Ok(codes) => recovery::page(&words, "recovery-renewed-title", codes, "/account"),
        Err(error) => refused(error, &words),
    }
}

/// Has the second factor asked for on every device.
pub(crate) async fn forget(
    Serving(accounts): Serving,
    who: SignedIn,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    match accounts.forget_own_devices(&who.browser.actor).await {
        Ok(()) => Ok(who.forgotten("/account/factor?done=devices-forgotten")),
        Err(refused) => refused_here(refused),
    }
}

/// Removes the app and the recovery codes.
pub(crate) async fn remove(
    Serving(accounts): Serving,
    who: SignedIn,
    words: Words,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    match accounts.remove_own_factor(&who.browser.actor).await {
        Ok(()) => Ok(Redirect::to("/account/factor?done=factor-removed").into_response()),
        Err(error) => refused(error, &words),
    }
}

/// What isn't there any more is as good as removed, and the page says what there is.
fn refused(error: ManageFactorError, words: &Words) -> Result<Response, ApiError> {
    match error {
        ManageFactorError::Required => {
            let notice = Notice {
                title: "factor-stays-title",
                text: words.say("factor-stays-text"),
                way_on: (LOCATION, "factor-manage"),
            };
            notice.refused(words, Code::FactorNotRemovable)
        }
        ManageFactorError::LevelTooLow => Ok(to_confirm()),
        ManageFactorError::None => Ok(Redirect::to(LOCATION).into_response()),
        ManageFactorError::Refused(refused) => refused_here(refused),
    }
}
