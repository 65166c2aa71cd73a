//! `GET /account`: one's name and address, password and sessions, each with its form.

use std::borrow::Cow;

use account::{Accounts, ListedSession, Refused};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::Uri;
use model::Timestamp;

use super::data::Data;
use super::done::sentence;
use crate::error::ApiError;
use crate::pages::agent;
use crate::pages::form::{Field, Form, Shown};
use crate::pages::next::query_value;
use crate::pages::render::{Frame, page};
use crate::pages::visitor::{SignedIn, to_login};
use crate::pages::words::Words;

pub(super) static USERNAME: Field = Field {
    id: "profile-username",
    name: "username",
    label: "User name",
    kind: "text",
    autocomplete: "username",
    hint: "",
    missing: "Choose a user name.",
};

pub(super) static EMAIL: Field = Field {
    id: "profile-email",
    name: "email",
    label: "E-mail address",
    kind: "email",
    autocomplete: "email",
    hint: "",
    missing: "Enter your e-mail address.",
};

pub(super) static CURRENT: Field = Field {
    id: "password-current_password",
    name: "current_password",
    label: "Current password",
    kind: "password",
    autocomplete: "current-password",
    hint: "",
    missing: "Enter your current password.",
};

pub(super) static NEW: Field = Field {
    id: "password-new_password",
    name: "new_password",
    label: "New password",
    kind: "password",
    autocomplete: "new-password",
    hint: "Hard to guess: three or four unrelated words, or one that your password manager makes.",
    missing: "Choose a new password.",
};

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    token: String,
    username: String,
    /// What has just been done.
    done: Option<Cow<'static, str>>,
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
    done: Option<Cow<'static, str>>,
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
    let present = || {
        Form::empty()
            .prefill(&USERNAME, user.username.as_deref().unwrap_or_default())
            .prefill(&EMAIL, user.email.as_deref().unwrap_or_default())
    };
    let (profile, password) = match filled {
        Filled::None => (present(), Form::empty()),
        Filled::Profile(form) => (form, Form::empty()),
        Filled::Password(form) => (present(), form),
    };
    let token = csrf.render().map_err(ApiError::internal)?;
    let status = profile.status().max(password.status());
    let page = page(words, status, |frame| Page {
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
        sessions: sessions.into_iter().map(Session::from).collect(),
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

impl From<ListedSession> for Session {
    fn from(listed: ListedSession) -> Self {
        let session = listed.session;
        Self {
            id: session.id.to_string(),
            current: listed.current,
            agent: agent::describe(&session.client.agent),
            address: session.client.address,
            created: readable(session.created_at),
            created_at: session.created_at,
            last_used: readable(session.last_used_at),
            last_used_at: session.last_used_at,
        }
    }
}

/// A time for people: `14 March 2026, 09:05 UTC`.
fn readable(time: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(time.as_millis()) {
        Ok(time) => time.strftime("%-d %B %Y, %H:%M UTC").to_string(),
        Err(_) => time.to_string(), // beyond the year 9999
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_readable() {
        let time = Timestamp::from_seconds(1_773_479_100);
        assert_eq!(readable(time), "14 March 2026, 09:05 UTC");
    }
}
