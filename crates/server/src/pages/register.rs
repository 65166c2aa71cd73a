//! `GET` and `POST /register`

use account::{Accounts, OpenSessionError, RegisterError, Registration, SignUpError, Verification};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use csrf::CsrfToken;
use problem::Fault;
use secret::Secret;
use storage::UniqueField;

use super::enrol_first;
use super::form::{Field, Form, Shown};
use super::mailed::confirm::Sent;
use super::mailed::resend::unverified;
use super::render::{Frame, page_in};
use super::visitor::Visitor;
use super::words::Words;
use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::{RequestClient, Serving};
use crate::limits::TakenBudget;

static USERNAME: Field = Field {
    id: "username",
    name: "username",
    label: "field-username",
    kind: "text",
    autocomplete: "username",
    hint: "field-username-hint",
    missing: "field-username-missing",
};

static EMAIL: Field = Field {
    id: "email",
    name: "email",
    label: "field-email",
    kind: "email",
    autocomplete: "email",
    hint: "",
    missing: "field-email-missing",
};

static PASSWORD: Field = Field {
    id: "password",
    name: "password",
    label: "field-password",
    kind: "password",
    autocomplete: "new-password",
    hint: "",
    missing: "field-password-choose",
};

#[derive(Template)]
#[template(path = "register.html")]
struct Page {
    frame: Frame,
    token: String,
    summary: Vec<(&'static str, String)>,
    fields: [Shown; 3],
}

/// Shows the form.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
) -> Result<Response, ApiError> {
    if visitor.browser().is_some() {
        return Ok(Redirect::to("/account").into_response());
    }
    if !accounts.registration_is_open() {
        return Err(ApiError::new(Code::RegistrationClosed));
    }
    form_page(&accounts, &visitor, &words, csrf, &Form::empty_in(&words))
}

/// Makes an account and signs its owner in; or, where the address must be confirmed first, has a mail sent that does. Then
/// the page is the same whoever has the address.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    RequestClient(client): RequestClient,
    taken: TakenBudget,
    mut form: Form,
) -> Result<Response, ApiError> {
    let username = form.read(&USERNAME, fields::username);
    let email = form.read(&EMAIL, fields::email);
    let password = form.password(&PASSWORD, any_text);
    form.done()?;
    let registration = match (username, email, password) {
        (Some(username), Some(email), Some(password)) => Registration {
            username,
            email,
            password,
        },
        (username, email, password) => {
            if let Some(password) = password {
                let judging = accounts.judge_password(password, username.as_ref(), email.as_ref());
                form.refuse_password(&PASSWORD, &judging.await?);
            }
            return form_page(&accounts, &visitor, &words, csrf, &form);
        }
    };
    if accounts.verification() == Verification::Required {
        let address = registration.email.clone();
        let asking = accounts.ask_for_account(registration);
        match taken.spend(None, asking).await? {
            Ok(browser) => {
                let page = Sent::SIGN_UP.page(&address, &visitor, &words, csrf)?;
                return Ok(visitor.signing_up(&browser, page));
            }
            Err(error) => refuse(&mut form, error.into())?,
        }
    } else {
        let carrier = visitor.carrier();
        let address = registration.email.clone();
        let browser = Some(visitor.known_by()?);
        let registering = accounts.sign_up(registration, client, browser, &carrier);
        match taken.spend(None, registering).await? {
            Ok(session) => return Ok(visitor.welcome(&session, "/account")),
            Err(SignUpError::Session(OpenSessionError::EnrolmentRequired(required))) => {
                return enrol_first::page(&required, None, &visitor, &words, csrf);
            }
            Err(SignUpError::Session(OpenSessionError::EmailUnverified)) => {
                // A mail is on its way, unless this server asks nobody to confirm an address.
                return match accounts.verification() {
                    Verification::Off => unverified(address.as_str(), &visitor, &words, csrf),
                    _ => Sent::SIGN_UP.page(&address, &visitor, &words, csrf),
                };
            }
            Err(error) => refuse(&mut form, error)?,
        }
    }
    form_page(&accounts, &visitor, &words, csrf, &form)
}

/// Says what is wrong in the form, if that can be mended there.
fn refuse(form: &mut Form, error: SignUpError) -> Result<(), ApiError> {
    match error {
        SignUpError::Register(RegisterError::Password(faults)) => {
            form.refuse_password(&PASSWORD, &faults);
        }
        SignUpError::Register(RegisterError::Taken(field)) => match field {
            UniqueField::Username => form.refuse(&USERNAME, Code::UsernameTaken),
            UniqueField::Email => form.refuse(&EMAIL, Code::EmailTaken),
        },
        error => return Err(error.into()),
    }
    Ok(())
}

/// A new password: its rules stand with the use case.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a field is read by a function that may refuse"
)]
pub(super) fn any_text(text: &str) -> Result<Secret<String>, Fault> {
    Ok(Secret::from(text))
}

fn form_page(
    accounts: &Accounts,
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
    form: &Form,
) -> Result<Response, ApiError> {
    let (token, before) = visitor.pre_session(csrf)?;
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        summary: form.summary(),
        fields: [
            form.shown(&USERNAME),
            form.shown(&EMAIL),
            form.shown_new_password(&PASSWORD, accounts.password_min_chars()),
        ],
    })?;
    Ok(form.on(before.give(page)))
}
