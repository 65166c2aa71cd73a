//! `GET` and `POST /confirm/resend`: asking for the mail once more that confirms an address.

use account::{Accounts, AskForResetError};
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;

use super::asking::Asking;
use super::confirm::Sent;
use super::{EMAIL, mail_is_off};
use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::visitor::Visitor;
use crate::pages::words::Words;

/// Shows the form.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
) -> Result<Response, ApiError> {
    if !accounts.sends_mail() {
        return mail_is_off(&words);
    }
    let form = Form::empty_in(&words);
    asking(&form).page(&visitor, &words, csrf, &form)
}

/// Has it mailed, if there is such an account. The page is the same whether there is.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    let address = form.read(&EMAIL, fields::email);
    form.done()?;
    let Some(address) = address else {
        return asking(&form).page(&visitor, &words, csrf, &form);
    };
    let device = visitor.device();
    match accounts
        .ask_for_confirmation(&address, device.as_ref(), visitor.sign_up())
        .await
    {
        Ok(()) => Sent::AGAIN.page(&address, &visitor, &words, csrf),
        Err(AskForResetError::MailOff(_)) => mail_is_off(&words),
        Err(error @ AskForResetError::Storage(_)) => Err(error.into()),
    }
}

/// Somebody has given the right password of an account whose address must be confirmed first: asks where to mail to.
/// `identifier` is what they signed in by.
pub(in crate::pages) fn unverified(
    identifier: &str,
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
) -> Result<Response, ApiError> {
    let address = if identifier.contains('@') {
        identifier
    } else {
        ""
    };
    let form = Form::empty_in(words).prefill(&EMAIL, address);
    let asking = Asking {
        title: "unverified-title",
        text: "unverified-text",
        ..asking(&form)
    };
    let code = Code::EmailUnverified;
    let mut page = asking.page_as(code.status(), visitor, words, csrf, &form)?;
    page.extensions_mut().insert(code);
    Ok(page)
}

fn asking(form: &Form) -> Asking<'static> {
    Asking {
        path: "/confirm/resend",
        title: "resend-title",
        text: "resend-text",
        action: "resend-action",
        link: None,
        fields: vec![form.shown(&EMAIL)],
        aside: Some(("/confirm", "resend-aside")),
    }
}
