//! `POST /account/factor/begin` and `POST /account/factor/confirm`: setting up an authenticator app.

use account::{AppLabels, EnrolError, Enrolling};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use csrf::CsrfToken;
use secret::Secret;

use super::{LOCATION, recovery, refused_here, to_confirm};
use crate::api::fields;
use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::factor::APP_CODE;
use crate::pages::form::{Form, Shown};
use crate::pages::next::Next;
use crate::pages::notice::Notice;
use crate::pages::render::{Frame, page_in};
use crate::pages::visitor::SignedIn;
use crate::pages::words::Words;
use crate::to_the_end::to_the_end;

#[derive(Template)]
#[template(path = "enrol.html")]
struct Page {
    frame: Frame,
    token: String,
    /// Where the code is sent to.
    sent_to: &'static str,
    /// Who enrols at a sign-in, and where that leads.
    at_sign_in: Option<AtSignIn>,
    /// What an app is given. It is shown once: the store has it encrypted, and a code that is typed wrong is no reason to
    /// send it again.
    given: Option<Given>,
    summary: Vec<(&'static str, String)>,
    fields: [Shown; 1],
}

/// Who enrols at a sign-in, and where that leads.
pub(in crate::pages) struct AtSignIn {
    pub(in crate::pages) challenge: Secret<String>,
    pub(in crate::pages) next: Option<Next>,
}

/// What an app is given.
pub(in crate::pages) struct Given {
    enrolling: Enrolling,
    /// The secret in groups of four, to be typed.
    groups: Secret<String>,
}

impl From<Enrolling> for Given {
    fn from(enrolling: Enrolling) -> Self {
        let mut groups = String::new();
        for (place, character) in enrolling.secret.expose().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                groups.push(' ');
            }
            groups.push(character);
        }
        Self {
            enrolling,
            groups: Secret::new(groups),
        }
    }
}

/// Gives an app its secret. What the account has stays good until a code of the new app is entered.
pub(crate) async fn begin(
    Serving(accounts): Serving,
    State(app): State<App>,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    form.done()?;
    let picture = words.say("enrol-qr");
    let labels = AppLabels {
        issuer: &app.app_issuer,
        picture: &picture,
    };
    let enrolling = accounts.begin_enrolment(&who.browser.actor, labels);
    match enrolling.await {
        Ok(enrolling) => page(&words, &csrf, &form, Some(enrolling.into())),
        Err(error) => refused(error, &words),
    }
}

/// Takes a code of the app, and shows the recovery codes.
pub(crate) async fn confirm(
    Serving(accounts): Serving,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    let code = form.password(&APP_CODE, fields::typed_password);
    form.done()?;
    let Some(code) = code else {
        return page(&words, &csrf, &form, None);
    };
    let actor = who.browser.actor.clone();
    let confirming = async move { accounts.confirm_enrolment(&actor, &code).await };
    match to_the_end(confirming).await {
        Ok(codes) => recovery::page(&words, "recovery-enrolled-title", codes, "/account"),
        Err(EnrolError::Factor(error)) => {
            form.refuse_code(&APP_CODE, error)?;
            page(&words, &csrf, &form, None)
        }
        Err(error) => refused(error, &words),
    }
}

fn page(
    words: &Words,
    csrf: &CsrfToken,
    form: &Form,
    given: Option<Given>,
) -> Result<Response, ApiError> {
    let token = csrf.render().map_err(ApiError::internal)?;
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        sent_to: "/account/factor/confirm",
        at_sign_in: None,
        given,
        summary: form.summary(),
        fields: [form.shown(&APP_CODE)],
    })?;
    Ok(form.on(page))
}

/// The same at a sign-in, with the form token of somebody who has no session yet.
pub(in crate::pages) fn page_at_sign_in(
    words: &Words,
    token: String,
    form: &Form,
    given: Option<Given>,
    at_sign_in: AtSignIn,
) -> Result<Response, ApiError> {
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        sent_to: "/login/enrol/confirm",
        at_sign_in: Some(at_sign_in),
        given,
        summary: form.summary(),
        fields: [form.shown(&APP_CODE)],
    })?;
    Ok(form.on(page))
}

fn refused(error: EnrolError, words: &Words) -> Result<Response, ApiError> {
    match error {
        EnrolError::LevelTooLow => Ok(to_confirm()),
        // The page says so.
        EnrolError::EmailUnverified => Ok(Redirect::to(LOCATION).into_response()),
        EnrolError::NotBegun => {
            let notice = Notice {
                title: "enrol-over-title",
                text: words.say("enrol-over-text"),
                way_on: (LOCATION, "enrol-again"),
            };
            notice.refused(words, Code::NotFound)
        }
        EnrolError::Refused(refused) => refused_here(refused),
        EnrolError::NotEverywhere | EnrolError::Factor(_) => Err(error.into()),
    }
}
