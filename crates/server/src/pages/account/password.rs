//! `POST /account/password`: another password; and `GET /.well-known/change-password`, which leads there.

use account::{ChangePasswordError, ProofError, Refused};
use axum::response::{Redirect, Response};
use csrf::CsrfToken;

use super::done::done;
use super::page::{CURRENT, Filled, NEW, shown};
use crate::api::fields;
use crate::code::Code;
use crate::error::{ApiError, WRONG_CURRENT_PASSWORD};
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::register::any_text;
use crate::pages::visitor::{SignedIn, to_login};
use crate::pages::words::Words;
use crate::to_the_end::to_the_end;

/// Where password managers send people who want to change it (W3C, "A Well-Known URL for Changing Passwords").
pub(crate) async fn location() -> Redirect {
    Redirect::to("/account#password")
}

/// Changes the password. Every other session ends, and this one gets a new cookie.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    let current = form.password(&CURRENT, fields::typed_password);
    let new = form.password(&NEW, any_text);
    form.done()?;
    let changing = match (current, new) {
        (Some(current), Some(new)) => {
            let (accounts, browser, device) =
                (accounts.clone(), who.browser.clone(), who.device.clone());
            let changing = async move {
                let device = device.as_ref();
                accounts
                    .change_password(&browser, device, current, new)
                    .await
            };
            to_the_end(changing).await.map(Some)
        }
        (None, _) | (_, None) => Ok(None),
    };
    match changing {
        Ok(Some(changed)) => {
            let (cookie, device) = (&changed.renewed, &changed.device);
            return Ok(who.renewed(cookie, Some(device), &done("password")));
        }
        Ok(None) => {}
        Err(ChangePasswordError::Proof(ProofError::InvalidCredentials)) => {
            let wrong = words.say(WRONG_CURRENT_PASSWORD);
            form.fault(&CURRENT, Code::InvalidCredentials, wrong);
        }
        Err(ChangePasswordError::Proof(ProofError::TooManyAttempts { retry_after })) => {
            form.refuse_guess(&CURRENT, retry_after);
        }
        Err(ChangePasswordError::Password(faults)) => form.refuse_password(&NEW, &faults),
        Err(ChangePasswordError::Proof(ProofError::Refused(Refused::Revoked))) => {
            return Ok(to_login());
        }
        Err(error) => return Err(error.into()),
    }
    shown(&accounts, &who, &words, &csrf, Filled::Password(form), None).await
}
