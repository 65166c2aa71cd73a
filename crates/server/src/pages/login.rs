//! `GET` and `POST /login`

use std::borrow::Cow;

use account::{Accounts, LoginAttempt, LoginError};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use csrf::CsrfToken;
use http::Uri;
use model::Timestamp;

use super::account::done::done;
use super::enrol_first;
use super::form::{Field, Form, Shown};
use super::mailed::resend::unverified;
use super::next::Next;
use super::render::{Frame, page_in};
use super::second_step::{self, Going};
use super::visitor::Visitor;
use super::words::Words;
use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::{RequestClient, Serving};
use crate::limits::SignInLimit;
use crate::to_the_end::to_the_end;

pub(super) static USERNAME: Field = Field {
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

/// What the form carries on, besides what is typed.
#[derive(Clone, Copy)]
pub(super) struct Sign {
    /// Where to go on.
    pub(super) next: Option<Next>,
    /// Whether the account is to be deleted, unless its owner says otherwise.
    pub(super) may_keep: bool,
}

/// Leads to the page from the addresses of the steps that follow it, which a password goes before: whoever loads one of them
/// again, or finds it in the history, meets no 405.
pub(crate) async fn lead_here() -> Redirect {
    Redirect::to("/login")
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
        Sign {
            next,
            may_keep: false,
        },
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
    let keeps = keeps_account(&mut form);
    form.done()?;
    let mut sign = Sign {
        next,
        may_keep: keeps,
    };
    if let (Some(identifier), Some(password)) = (identifier, password) {
        let attempt = LoginAttempt {
            identifier: identifier.clone(),
            password,
            device: visitor.device(),
            client,
            browser: Some(visitor.known_by()?),
            remembered: visitor.remembered(),
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
            Ok(session) => return Ok(visitor.welcome(&session, &way_on(next, keeps))),
            Err(LoginError::FactorRequired(required)) => {
                let (going, empty) = (Going::on(&required, next, keeps), Form::empty_in(&words));
                return second_step::page(&visitor, &words, csrf, &empty, going);
            }
            Err(LoginError::EnrolmentRequired(required)) => {
                return enrol_first::page(&required, next, &visitor, &words, csrf);
            }
            Err(LoginError::EmailUnverified) => {
                return unverified(&identifier, &visitor, &words, csrf);
            }
            Err(LoginError::DeletionScheduled { due_at }) => {
                sign.may_keep = true;
                say_when_deleted(&mut form, &words, due_at);
            }
            Err(LoginError::InvalidCredentials) => {
                form.refuse_all(&USERNAME, Code::InvalidCredentials);
            }
            Err(LoginError::TooManyAttempts { retry_after }) => {
                form.refuse_guess_at_name(&USERNAME, retry_after);
            }
            Err(error) => return Err(error.into()),
        }
    }
    form_page(&accounts, &visitor, &words, csrf, &form, sign)
}

/// Whether somebody pressed the button that keeps an account.
pub(super) fn keeps_account(form: &mut Form) -> bool {
    form.has(&KEEP) && form.text(&KEEP) == "yes"
}

/// Says when the account will be deleted, and how to keep it.
pub(super) fn say_when_deleted(form: &mut Form, words: &Words, due_at: Timestamp) {
    let time = words.time(due_at);
    let variables = [("time", (&time).into())];
    let message = words.say_with("login-scheduled-for-deletion", &variables);
    form.fault_of_all(&PASSWORD, Code::DeletionScheduled, message);
}

/// Where somebody gets to who has signed in.
pub(super) fn way_on(next: Option<Next>, keeps: bool) -> Cow<'static, str> {
    if keeps {
        done("kept").into()
    } else {
        target(next).into()
    }
}

fn target(next: Option<Next>) -> &'static str {
    next.map_or("/account", Next::path)
}

/// The page that asks for name and password.
pub(super) fn form_page(
    accounts: &Accounts,
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
    form: &Form,
    sign: Sign,
) -> Result<Response, ApiError> {
    let (token, before) = visitor.pre_session(csrf)?;
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        next: sign.next,
        registration_open: accounts.registration_is_open(),
        sends_mail: accounts.sends_mail(),
        signed_out: form.status().is_success() && visitor.has_signed_out(),
        may_keep: sign.may_keep,
        summary: form.summary(),
        fields: [form.shown(&USERNAME), form.shown(&PASSWORD)],
    })?;
    Ok(form.on(before.give(page)))
}
