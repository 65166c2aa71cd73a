//! `GET` and `POST /account/delete`: saying what a deletion does, and doing it.

use account::{Accounts, ProofError, Refused};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;

use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::factor::FACTOR;
use crate::pages::form::{Field, Form, Shown};
use crate::pages::render::{Frame, page_in};
use crate::pages::visitor::{SignedIn, to_login};
use crate::pages::words::Words;
use crate::to_the_end::to_the_end;

static PASSWORD: Field = Field {
    id: "current_password",
    name: "current_password",
    label: "field-current-password",
    kind: "password",
    autocomplete: "current-password",
    hint: "",
    missing: "field-current-password-missing",
};

#[derive(Template)]
#[template(path = "delete.html")]
struct Page {
    frame: Frame,
    token: String,
    username: String,
    title: String,
    /// What happens, and what stays: a paragraph each.
    texts: [String; 2],
    export: String,
    summary: Vec<(&'static str, String)>,
    fields: Vec<Shown>,
    action: String,
    back: String,
}

/// Says what a deletion does, and asks for the password, and for the second factor of an account that has one.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
) -> Result<Response, ApiError> {
    form_page(&accounts, &who, &words, &csrf, &Form::empty_in(&words)).await
}

/// Deletes the account, or has it wait. The page that comes next says which.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    let password = form.password(&PASSWORD, fields::typed_password);
    let factor = form.factor_if_asked();
    form.done()?;
    if let Some(password) = password
        && form.status().is_success()
    {
        let (accounts, actor, device) = (
            accounts.clone(),
            who.browser.actor.clone(),
            who.device.clone(),
        );
        let deleting = async move {
            let device = device.as_ref();
            accounts
                .delete_by_password(&actor, device, password, factor)
                .await
        };
        match to_the_end(deleting).await {
            Ok(deletion) => return Ok(who.deleted(deletion)),
            Err(ProofError::InvalidCredentials) => {
                let message = words.say("field-current-password-wrong");
                form.fault(&PASSWORD, Code::InvalidCredentials, message);
            }
            Err(ProofError::TooManyAttempts { retry_after }) => {
                form.refuse_guess(&PASSWORD, retry_after);
            }
            Err(ProofError::FactorRequired) => form.require_factor(),
            Err(ProofError::Factor(error)) => form.refuse_code(&FACTOR, error)?,
            Err(ProofError::Refused(Refused::Revoked)) => return Ok(to_login()),
            Err(error) => return Err(error.into()),
        }
    }
    form_page(&accounts, &who, &words, &csrf, &form).await
}

async fn form_page(
    accounts: &Accounts,
    who: &SignedIn,
    words: &Words,
    csrf: &CsrfToken,
    form: &Form,
) -> Result<Response, ApiError> {
    let user = match accounts.me(&who.browser.actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        user => user?,
    };
    let token = csrf.render().map_err(ApiError::internal)?;
    let page = page_in(words, form.status(), |frame| Page {
        frame,
        token,
        username: user.display_name().to_owned(),
        title: words.say("delete-title"),
        texts: [what_happens(accounts, words), words.say("delete-reserved")],
        export: words.say("delete-export"),
        summary: form.summary(),
        fields: form.shown_with_factor(&PASSWORD, &user),
        action: words.say("delete-action"),
        back: words.say("page-back-to-account"),
    })?;
    Ok(form.on(page))
}

fn what_happens(accounts: &Accounts, words: &Words) -> String {
    match accounts.deletion_wait() {
        None => words.say("delete-now"),
        Some((wait, until)) => {
            let (wait, time) = (words.wait(wait), words.time(until));
            let variables = [("wait", (&wait).into()), ("time", (&time).into())];
            words.say_with("delete-later", &variables)
        }
    }
}
