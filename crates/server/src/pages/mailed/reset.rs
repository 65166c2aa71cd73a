//! `GET` and `POST /reset`: a new password, by a link.

use account::{Accounts, NewPassword, ResetError};
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::Uri;
use secret::Secret;

use super::TOKEN;
use super::asking::Asking;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::{Field, Form};
use crate::pages::next::query_value;
use crate::pages::notice::Notice;
use crate::pages::register::any_text;
use crate::pages::visitor::Visitor;
use crate::pages::words::Words;
use crate::to_the_end::to_the_end;

static NEW: Field = Field {
    id: "new_password",
    name: "new_password",
    label: "field-new-password",
    kind: "password",
    autocomplete: "new-password",
    hint: "",
    missing: "field-new-password-missing",
};

/// Shows the form, if the link is good.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let link = Secret::new(query_value(&uri, TOKEN).unwrap_or_default());
    let Some(what) = accounts.what_is_set_by(link.expose()).await? else {
        return invalid_link(&words);
    };
    let form = Form::empty_in(&words);
    form_page(&accounts, &visitor, &words, csrf, &form, (what, &link))
}

/// Sets the password. The browser is known from then on, and nobody is signed in.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    let link = form.hidden(TOKEN).unwrap_or_default();
    let new = form.password(&NEW, any_text);
    form.done()?;
    let Some(what) = accounts.what_is_set_by(link.expose()).await? else {
        return invalid_link(&words);
    };
    if let Some(new) = new {
        let (accounts, link) = (accounts.clone(), link.clone());
        let setting = async move { accounts.reset_password(link.expose(), new).await };
        match to_the_end(setting).await {
            Ok(device) => return Ok(visitor.known_as(&device, is_set(what, &words)?)),
            Err(ResetError::Password(faults)) => form.refuse_password(&NEW, &faults),
            Err(ResetError::InvalidLink) => return invalid_link(&words),
            Err(error) => return Err(error.into()),
        }
    }
    form_page(&accounts, &visitor, &words, csrf, &form, (what, &link))
}

fn is_set(what: NewPassword, words: &Words) -> Result<Response, ApiError> {
    let (title, text) = match what {
        NewPassword::First => ("invitation-done-title", "invitation-done-text"),
        NewPassword::Another => ("reset-done-title", "reset-done-text"),
        NewPassword::Keeping => ("reset-done-title", "reset-kept-text"),
    };
    let notice = Notice {
        title,
        text: words.say(text),
        way_on: ("/login", "page-sign-in"),
    };
    notice.done(words)
}

fn invalid_link(words: &Words) -> Result<Response, ApiError> {
    let notice = Notice {
        title: "link-invalid-title",
        text: words.say("reset-invalid-text"),
        way_on: ("/forgot", "reset-invalid-action"),
    };
    notice.refused(words, Code::InvalidLink)
}

fn form_page(
    accounts: &Accounts,
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
    form: &Form,
    (what, link): (NewPassword, &Secret<String>),
) -> Result<Response, ApiError> {
    let (title, text) = match what {
        NewPassword::First => ("invitation-title", "invitation-text"),
        NewPassword::Another => ("reset-title", "reset-text"),
        NewPassword::Keeping => ("reset-title", "reset-keeps-text"),
    };
    let asking = Asking {
        path: "/reset",
        title,
        text,
        action: "reset-action",
        link: Some(link),
        fields: vec![form.shown_new_password(&NEW, accounts.password_min_chars())],
        aside: None,
    };
    asking.page(visitor, words, csrf, form)
}
