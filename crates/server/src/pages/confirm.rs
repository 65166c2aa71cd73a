//! `GET` and `POST /account/confirm`: the password once more, and the second factor of an account that has one.

use account::{Accounts, ProofError, ReauthenticateError, Refused};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::Uri;

use super::account::done::done;
use super::account::factor;
use super::factor::FACTOR;
use super::form::{Field, Form, Shown};
use super::next::Next;
use super::render::{Frame, page_in};
use super::visitor::{SignedIn, to_login};
use super::words::Words;
use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::to_the_end::to_the_end;

/// Where it is, on the way back to the account.
pub(super) const LOCATION: &str = "/account/confirm?next=/account";

static PASSWORD: Field = Field {
    id: "password",
    name: "password",
    label: "field-password",
    kind: "password",
    autocomplete: "current-password",
    hint: "",
    missing: "field-password-missing",
};

#[derive(Template)]
#[template(path = "confirm.html")]
struct Page {
    frame: Frame,
    token: String,
    username: String,
    next: Option<Next>,
    summary: Vec<(&'static str, String)>,
    fields: Vec<Shown>,
}

/// Shows the form.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let next = Next::in_query(&uri);
    form_page(
        &accounts,
        &who,
        &words,
        &csrf,
        &Form::empty_in(&words),
        next,
    )
    .await
}

/// Checks what is asked for and replaces the cookie by a fresh one.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    let password = form.password(&PASSWORD, fields::typed_password);
    let factor = form.factor_if_asked();
    let next = form.next();
    form.done()?;
    if let Some(password) = password
        && form.status().is_success()
    {
        let (accounts, browser, device) =
            (accounts.clone(), who.browser.clone(), who.device.clone());
        let proving = async move {
            let device = device.as_ref();
            accounts
                .reauthenticate(&browser, device, password, factor)
                .await
        };
        match to_the_end(proving).await {
            Ok(cookie) => return Ok(who.renewed(&cookie, None, &confirmed(next))),
            Err(ReauthenticateError::Proof(ProofError::InvalidCredentials)) => {
                let wrong = words.say("field-password-wrong");
                form.fault(&PASSWORD, Code::InvalidCredentials, wrong);
            }
            Err(ReauthenticateError::Proof(ProofError::TooManyAttempts { retry_after })) => {
                form.refuse_guess(&PASSWORD, retry_after);
            }
            Err(ReauthenticateError::Proof(ProofError::FactorRequired)) => form.require_factor(),
            Err(ReauthenticateError::Proof(ProofError::Factor(error))) => {
                form.refuse_code(&FACTOR, error)?;
            }
            Err(ReauthenticateError::Proof(ProofError::Refused(Refused::Revoked))) => {
                return Ok(to_login());
            }
            Err(error) => return Err(error.into()),
        }
    }
    form_page(&accounts, &who, &words, &csrf, &form, next).await
}

/// Where somebody gets to who has proven who they are: to where they were asked for it.
fn confirmed(next: Option<Next>) -> String {
    if next.is_some_and(Next::is_factor) {
        format!("{}?done=confirmed", factor::LOCATION)
    } else {
        done("confirmed")
    }
}

async fn form_page(
    accounts: &Accounts,
    who: &SignedIn,
    words: &Words,
    csrf: &CsrfToken,
    form: &Form,
    next: Option<Next>,
) -> Result<Response, ApiError> {
    let user = accounts.me(&who.browser.actor).await?;
    let token = csrf.render().map_err(ApiError::internal)?;
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        username: user.display_name().to_owned(),
        next,
        summary: form.summary(),
        fields: form.shown_with_factor(&PASSWORD, &user),
    })?;
    Ok(form.on(page))
}
