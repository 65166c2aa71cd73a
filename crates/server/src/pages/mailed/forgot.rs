//! `GET` and `POST /forgot`: asking for a link to a new password.

use account::{Accounts, AskForResetError};
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;

use super::asking::Asking;
use super::{EMAIL, mail_is_off};
use crate::api::fields;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::notice::Notice;
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
    form_page(&visitor, &words, csrf, &Form::empty_in(&words))
}

/// Has a link mailed, if there is such an account. The page is the same whether there is.
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
        return form_page(&visitor, &words, csrf, &form);
    };
    let device = visitor.device();
    match accounts.ask_for_reset(&address, device.as_ref()).await {
        Ok(()) => {
            let notice = Notice {
                title: "check-mail-title",
                text: words.say("forgot-sent-text"),
                way_on: ("/login", "page-to-sign-in"),
            };
            notice.accepted(&words)
        }
        Err(AskForResetError::MailOff(_)) => mail_is_off(&words),
        Err(error @ AskForResetError::Storage(_)) => Err(error.into()),
    }
}

fn form_page(
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
    form: &Form,
) -> Result<Response, ApiError> {
    let asking = Asking {
        path: "/forgot",
        title: "forgot-title",
        text: "forgot-text",
        action: "forgot-action",
        link: None,
        fields: vec![form.shown(&EMAIL)],
        aside: Some(("/login", "page-back-to-sign-in")),
    };
    asking.page(visitor, words, csrf, form)
}
