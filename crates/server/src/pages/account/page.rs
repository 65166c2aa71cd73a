//! `GET /account`: one's name and address, password, sessions and second factor, each with its form.

use account::{Accounts, ListedSession, Refused};
use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use csrf::CsrfToken;
use http::Uri;
use model::Timestamp;

use super::data::Data;
use super::done::sentence;
use super::events::{Event, latest};
use super::factor::Factor;
use crate::error::ApiError;
use crate::pages::agent;
use crate::pages::form::{Field, Form, Shown};
use crate::pages::next::query_value;
use crate::pages::render::{Frame, page_in};
use crate::pages::visitor::{SignedIn, to_login};
use crate::pages::words::Words;

pub(super) static USERNAME: Field = Field {
    id: "profile-username",
    name: "username",
    label: "field-username",
    kind: "text",
    autocomplete: "username",
    hint: "",
    missing: "field-username-missing",
};

pub(super) static EMAIL: Field = Field {
    id: "profile-email",
    name: "email",
    label: "field-email",
    kind: "email",
    autocomplete: "email",
    hint: "",
    missing: "field-email-missing",
};

pub(super) static CURRENT: Field = Field {
    id: "password-current_password",
    name: "current_password",
    label: "field-current-password",
    kind: "password",
    autocomplete: "current-password",
    hint: "",
    missing: "field-current-password-missing",
};

pub(super) static NEW: Field = Field {
    id: "password-new_password",
    name: "new_password",
    label: "field-new-password",
    kind: "password",
    autocomplete: "new-password",
    hint: "",
    missing: "field-new-password-missing",
};

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    token: String,
    username: String,
    /// What has just been done.
    done: Option<String>,
    /// Whether there is an address.
    has_email: bool,
    /// Whether its owner has confirmed it.
    confirmed: bool,
    /// Whether a mail can be sent by which it is confirmed.
    sends_mail: bool,
    summary: Vec<(&'static str, String)>,
    profile: [Shown; 2],
    password: [Shown; 2],
    sessions: Vec<Session>,
    factor: Factor,
    events: Vec<Event>,
    data: Data,
}

/// A session, as it is shown.
struct Session {
    id: String,
    current: bool,
    agent: String,
    address: String,
    created: String,
    created_at: Timestamp,
    last_used: String,
    last_used_at: Timestamp,
}

/// The forms of the page, one of them filled in.
pub(super) enum Filled {
    None,
    Profile(Form),
    Password(Form),
}

/// Leads to the page from the addresses of its forms, where a browser is after one of them: whoever loads that again meets no
/// 405.
pub(crate) async fn lead_here() -> Redirect {
    Redirect::to("/account")
}

/// Shows the page.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let done = query_value(&uri, "done").and_then(|code| sentence(&code, &words));
    shown(&accounts, &who, &words, &csrf, Filled::None, done).await
}

/// The page, with these forms and what has just been done.
pub(super) async fn shown(
    accounts: &Accounts,
    who: &SignedIn,
    words: &Words,
    csrf: &CsrfToken,
    filled: Filled,
    done: Option<String>,
) -> Result<Response, ApiError> {
    let actor = &who.browser.actor;
    let user = match accounts.me(actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        user => user?,
    };
    let sessions = match accounts.sessions(actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        sessions => sessions?,
    };
    let factors = match accounts.own_factors(actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        factors => factors?,
    };
    let events = match latest(accounts, who, words).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        events => events?,
    };
    let present = || {
        Form::empty_in(words)
            .prefill(&USERNAME, user.username.as_deref().unwrap_or_default())
            .prefill(&EMAIL, user.email.as_deref().unwrap_or_default())
    };
    let (profile, password) = match filled {
        Filled::None => (present(), Form::empty_in(words)),
        Filled::Profile(form) => (form, Form::empty_in(words)),
        Filled::Password(form) => (present(), form),
    };
    let token = csrf.render().map_err(ApiError::internal)?;
    let status = profile.status().max(password.status());
    let page = page_in(words, status, |frame| Page {
        frame,
        token,
        username: user.display_name().to_owned(),
        done,
        has_email: user.email.is_some(),
        confirmed: user.email_verified,
        sends_mail: accounts.sends_mail(),
        summary: [profile.summary(), password.summary()].concat(),
        profile: [profile.shown(&USERNAME), profile.shown(&EMAIL)],
        password: [
            password.shown(&CURRENT),
            password.shown_new_password(&NEW, accounts.password_min_chars()),
        ],
        sessions: sessions
            .into_iter()
            .map(|listed| Session::of(listed, words))
            .collect(),
        factor: Factor::of(factors, words),
        events,
        data: Data::in_words(words),
    })?;
    Ok(profile.on(password.on(page)))
}

impl Page {
    /// Whether there is another session than this one.
    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}

impl Session {
    fn of(listed: ListedSession, words: &Words) -> Self {
        let session = listed.session;
        Self {
            id: session.id.to_string(),
            current: listed.current,
            agent: agent::describe(&session.client.agent, words),
            address: session.client.address,
            created: words.time(session.created_at),
            created_at: session.created_at,
            last_used: words.time(session.last_used_at),
            last_used_at: session.last_used_at,
        }
    }
}
