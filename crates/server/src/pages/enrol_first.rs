//! `POST /login/enrol` and `POST /login/enrol/confirm`: setting up an authenticator app at a sign-in that demands one.

use account::{Accounts, AppLabels, EnrolFirstError, EnrolmentRequired, FirstCode, FirstEnrolment};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::StatusCode;
use secret::Secret;

use super::account::factor::enrol::{AtSignIn, page_at_sign_in};
use super::account::factor::recovery;
use super::factor::APP_CODE;
use super::form::Form;
use super::login::{self, Sign};
use super::mailed::resend::unverified;
use super::next::Next;
use super::render::{Frame, page_in};
use super::visitor::Visitor;
use super::words::Words;
use crate::api::fields;
use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::{RequestClient, Serving};
use crate::limits::SignInLimit;
use crate::to_the_end::to_the_end;

#[derive(Template)]
#[template(path = "enrol-first.html")]
struct Page {
    frame: Frame,
    token: String,
    step: AtSignIn,
}

/// Says that an app must be set up first, on from a password that was right. Whoever goes on there is given its secret.
pub(super) fn page(
    required: &EnrolmentRequired,
    next: Option<Next>,
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
) -> Result<Response, ApiError> {
    let (token, before) = visitor.form_token(csrf)?;
    let challenge = Secret::new(required.challenge.expose().to_owned());
    let page = page_in(words, StatusCode::OK, |frame| Page {
        frame,
        token,
        step: AtSignIn { challenge, next },
    })?;
    Ok(before.give(page))
}

/// Gives an app its secret.
pub(crate) async fn begin(
    Serving(accounts): Serving,
    State(app): State<App>,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    limit: SignInLimit,
    mut form: Form,
) -> Result<Response, ApiError> {
    let step = AtSignIn::read(&mut form);
    form.done()?;
    let enrolment = step.enrolment(&visitor)?;
    let picture = words.say("enrol-qr");
    let labels = AppLabels {
        issuer: &app.app_issuer,
        picture: &picture,
    };
    let beginning = accounts.begin_first_enrolment(enrolment, labels);
    match limit.around(beginning).await {
        Ok(enrolling) => {
            let (token, before) = visitor.form_token(csrf)?;
            let page = page_at_sign_in(&words, token, &form, Some(enrolling.into()), step)?;
            Ok(before.give(page))
        }
        Err(error) => refused(error, &accounts, &visitor, &words, csrf, step.next),
    }
}

/// Takes a code of the app, signs in, and shows the recovery codes.
pub(crate) async fn confirm(
    Serving(accounts): Serving,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    RequestClient(client): RequestClient,
    limit: SignInLimit,
    mut form: Form,
) -> Result<Response, ApiError> {
    let step = AtSignIn::read(&mut form);
    let code = form.password(&APP_CODE, fields::typed_password);
    form.done()?;
    if let Some(code) = code {
        let typed = FirstCode {
            of: step.enrolment(&visitor)?,
            code,
            client,
        };
        let (confirming, carrier) = (accounts.clone(), visitor.carrier());
        let confirming = async move { confirming.confirm_first_enrolment(typed, &carrier).await };
        match to_the_end(limit.around(confirming)).await {
            Ok((session, codes)) => {
                let way_on = step.next.map_or("/account", Next::path);
                let page = recovery::page(&words, "recovery-enrolled-title", codes, way_on)?;
                return Ok(visitor.welcome_on(&session, page));
            }
            Err(EnrolFirstError::Factor(error)) => form.refuse_code(&APP_CODE, error)?,
            Err(error) => return refused(error, &accounts, &visitor, &words, csrf, step.next),
        }
    }
    let (token, before) = visitor.form_token(csrf)?;
    let page = page_at_sign_in(&words, token, &form, None, step)?;
    Ok(before.give(page))
}

impl AtSignIn {
    fn read(form: &mut Form) -> Self {
        Self {
            challenge: form.hidden("challenge").unwrap_or_default(),
            next: form.next(),
        }
    }

    fn enrolment(&self, visitor: &Visitor) -> Result<FirstEnrolment, ApiError> {
        Ok(FirstEnrolment {
            challenge: self.challenge.clone(),
            browser: Some(visitor.known_by()?),
        })
    }
}

/// Whoever can't go on here signs in again.
fn refused(
    error: EnrolFirstError,
    accounts: &Accounts,
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
    next: Option<Next>,
) -> Result<Response, ApiError> {
    match error {
        EnrolFirstError::InvalidChallenge | EnrolFirstError::NotBegun => {
            let mut anew = Form::empty_in(words);
            anew.refuse_all(&login::USERNAME, Code::InvalidChallenge);
            let may_keep = false;
            login::form_page(
                accounts,
                visitor,
                words,
                csrf,
                &anew,
                Sign { next, may_keep },
            )
        }
        EnrolFirstError::EmailUnverified => unverified("", visitor, words, csrf),
        error @ (EnrolFirstError::NotEverywhere
        | EnrolFirstError::Factor(_)
        | EnrolFirstError::Login(_)) => Err(error.into()),
    }
}
