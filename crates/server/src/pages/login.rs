//! `GET` and `POST /login`

use account::{Accounts, LoginAttempt, LoginError};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use csrf::CsrfToken;
use http::Uri;

use super::account::done::done;
use super::form::{Field, Form, Shown};
use super::mailed::resend::unverified;
use super::next::Next;
use super::render::{Frame, page_in};
use super::visitor::Visitor;
use super::words::Words;
use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::{RequestClient, Serving};
use crate::limits::SignInLimit;
use crate::to_the_end::to_the_end;

static USERNAME: Field = Field {
    id: "username",
    name: "username",
    label: "field-identifier",
    kind: "text",
    autocomplete: "username",
    hint: "",
    missing: "field-identifier-missing",
};

static PASSWORD: Field = Field {
    id: "password",
    name: "password",
    label: "field-password",
    kind: "password",
    autocomplete: "current-password",
    hint: "",
    missing: "field-password-missing",
};

/// The button of somebody whose account is to be deleted, and who keeps it.
static KEEP: Field = Field {
    id: "keep_account",
    name: "keep_account",
    label: "",
    kind: "hidden",
    autocomplete: "off",
    hint: "",
    missing: "",
};

#[derive(Template)]
#[template(path = "login.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is shown by itself")]
struct Page {
    frame: Frame,
    token: String,
    next: Option<Next>,
    registration_open: bool,
    sends_mail: bool,
    /// Whether somebody has just signed out.
    signed_out: bool,
    /// Whether the account is to be deleted, unless its owner says otherwise.
    may_keep: bool,
    summary: Vec<(&'static str, String)>,
    fields: [Shown; 2],
}

/// Shows the form.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let next = Next::in_query(&uri);
    if visitor.browser().is_some() {
        return Ok(Redirect::to(target(next)).into_response());
    }
    form_page(
        &accounts,
        &visitor,
        &words,
        csrf,
        &Form::empty_in(&words),
        next,
        false,
    )
}

/// Signs in.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    RequestClient(client): RequestClient,
    limit: SignInLimit,
    mut form: Form,
) -> Result<Response, ApiError> {
    let identifier = form.read(&USERNAME, fields::identifier);
    let password = form.password(&PASSWORD, fields::typed_password);
    let next = form.next();
    let keeps = form.has(&KEEP) && form.text(&KEEP) == "yes";
    form.done()?;
    let mut may_keep = keeps;
    if let (Some(identifier), Some(password)) = (identifier, password) {
        let attempt = LoginAttempt {
            identifier: identifier.clone(),
            password,
            device: visitor.device(),
            client,
            browser: None,
            quota: limit.quota(),
        };
        let (accounts, carrier) = (accounts.clone(), visitor.carrier());
        let signing_in = async move {
            if keeps {
                limit.around(accounts.come_back(attempt, &carrier)).await
            } else {
                limit.around(accounts.login(attempt, &carrier)).await
            }
        };
        match to_the_end(signing_in).await {
            Ok(session) if keeps => return Ok(visitor.welcome(&session, &done("kept"))),
            Ok(session) => return Ok(visitor.welcome(&session, target(next))),
            Err(LoginError::EmailUnverified) => {
                return unverified(&identifier, &visitor, &words, csrf);
            }
            Err(LoginError::DeletionScheduled { due_at }) => {
                may_keep = true;
                let time = words.time(due_at);
                let variables = [("time", (&time).into())];
                let message = words.say_with("login-scheduled-for-deletion", &variables);
                form.fault_of_all(&PASSWORD, Code::DeletionScheduled, message);
            }
            Err(LoginError::InvalidCredentials) => form.refuse_credentials(&USERNAME),
            Err(LoginError::TooManyAttempts { retry_after }) => {
                form.refuse_guess_at_name(&USERNAME, retry_after);
            }
            Err(error) => return Err(error.into()),
        }
    }
    form_page(&accounts, &visitor, &words, csrf, &form, next, may_keep)
}

fn target(next: Option<Next>) -> &'static str {
    next.map_or("/account", Next::path)
}

fn form_page(
    accounts: &Accounts,
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
    form: &Form,
    next: Option<Next>,
    may_keep: bool,
) -> Result<Response, ApiError> {
    let (token, before) = visitor.pre_session(csrf)?;
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        next,
        registration_open: accounts.registration_is_open(),
        sends_mail: accounts.sends_mail(),
        signed_out: form.status().is_success() && visitor.has_signed_out(),
        may_keep,
        summary: form.summary(),
        fields: [form.shown(&USERNAME), form.shown(&PASSWORD)],
    })?;
    Ok(form.on(before.give(page)))
}
