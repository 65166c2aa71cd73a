//! `POST /login/factor`: the second step of a sign-in to an account that has a second factor.

use account::{AnswerError, ChallengeAnswer, FactorRequired, LoginError};
use askama::Template;
use axum::response::Response;
use csrf::CsrfToken;
use secret::Secret;

use super::factor::FACTOR;
use super::form::{Field, Form, Shown};
use super::login::{self, Sign, keeps_account, say_when_deleted};
use super::next::Next;
use super::render::{Frame, page_in};
use super::visitor::Visitor;
use super::words::Words;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::{RequestClient, Serving};
use crate::limits::SignInLimit;
use crate::to_the_end::to_the_end;

#[derive(Template)]
#[template(path = "second-step.html")]
struct Page {
    frame: Frame,
    token: String,
    going: Going,
    /// Says for how long this browser may be remembered, where it may.
    remember: Option<String>,
    summary: Vec<(&'static str, String)>,
    fields: [Shown; 1],
}

/// What the first step hands on to the second.
pub(super) struct Going {
    challenge: Secret<String>,
    next: Option<Next>,
    keeps_account: bool,
    /// Whether the browser is to be remembered.
    remembers: bool,
}

/// The box of somebody who wants the browser remembered.
static REMEMBER: Field = Field {
    id: "remember_device",
    name: "remember_device",
    label: "",
    kind: "checkbox",
    autocomplete: "off",
    hint: "",
    missing: "",
};

impl Going {
    /// On from a password that was right.
    pub(super) fn on(required: &FactorRequired, next: Option<Next>, keeps_account: bool) -> Self {
        Self {
            challenge: Secret::new(required.challenge.expose().to_owned()),
            next,
            keeps_account,
            remembers: false,
        }
    }
}

/// Takes the second factor and signs in.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    RequestClient(client): RequestClient,
    limit: SignInLimit,
    mut form: Form,
) -> Result<Response, ApiError> {
    let going = Going {
        challenge: form.hidden("challenge").unwrap_or_default(),
        next: form.next(),
        keeps_account: keeps_account(&mut form),
        remembers: form.has(&REMEMBER) && form.text(&REMEMBER) == "yes",
    };
    let presented = form.factor();
    form.done()?;
    let Some(presented) = presented else {
        return page(&visitor, &words, csrf, &form, going);
    };
    let answer = ChallengeAnswer {
        challenge: going.challenge.clone(),
        presented,
        browser: Some(visitor.known_by()?),
        client,
        keeps_account: going.keeps_account,
        remember: going.remembers,
    };
    let (answering, carrier) = (accounts.clone(), visitor.carrier());
    let answering = async move { answering.answer_challenge(answer, &carrier).await };
    let mut anew = Form::empty_in(&words);
    let mut sign = Sign {
        next: going.next,
        may_keep: going.keeps_account,
    };
    match to_the_end(limit.around(answering)).await {
        Ok(session) => {
            let path = login::way_on(going.next, going.keeps_account);
            return Ok(visitor.welcome(&session, &path));
        }
        Err(AnswerError::Factor(error)) => {
            form.refuse_code(&FACTOR, error)?;
            return page(&visitor, &words, csrf, &form, going);
        }
        Err(AnswerError::InvalidChallenge) => {
            anew.refuse_all(&login::USERNAME, Code::InvalidChallenge);
        }
        Err(AnswerError::Login(LoginError::DeletionScheduled { due_at })) => {
            sign.may_keep = true;
            say_when_deleted(&mut anew, &words, due_at);
        }
        Err(error) => return Err(error.into()),
    }
    login::form_page(&accounts, &visitor, &words, csrf, &anew, sign)
}

/// Asks for the second factor.
pub(super) fn page(
    visitor: &Visitor,
    words: &Words,
    csrf: CsrfToken,
    form: &Form,
    going: Going,
) -> Result<Response, ApiError> {
    let (token, before) = visitor.form_token(csrf)?;
    let days = visitor.remember_days();
    let (may_remember, days) = (days > 0, [("days", days.into())]);
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        going,
        remember: may_remember.then(|| words.say_with("second-step-remember", &days)),
        summary: form.summary(),
        fields: [form.shown(&FACTOR)],
    })?;
    Ok(form.on(before.give(page)))
}
