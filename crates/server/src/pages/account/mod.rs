//! `GET /account`: one's name and address, password and sessions, each with its form.

pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod sessions;

use account::{Accounts, ListedSession, Refused};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::Uri;
use model::Timestamp;

use super::agent;
use super::form::{Form, Shown};
use super::next::query_value;
use super::render::{Frame, page};
use super::visitor::{SignedIn, to_login};
use crate::error::ApiError;

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    token: String,
    username: String,
    /// What has just been done.
    done: Option<&'static str>,
    summary: Vec<(&'static str, String)>,
    profile: [Shown; 2],
    password: [Shown; 2],
    sessions: Vec<Session>,
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
enum Filled {
    None,
    Profile(Form),
    Password(Form),
}

/// Shows the page.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    who: SignedIn,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let done = query_value(&uri, "done").and_then(|code| sentence(&code));
    shown(&accounts, &who, &csrf, Filled::None, done).await
}

/// Where one gets to after something was done.
pub(super) fn done(code: &'static str) -> String {
    format!("/account?done={code}")
}

/// What is said of something that was done. The codes are fixed: a link can't put words here.
fn sentence(code: &str) -> Option<&'static str> {
    Some(match code {
        "profile" => "Your profile has been saved.",
        "password" => "Your password has been changed. All your other sessions have ended.",
        "session" => "The session has ended.",
        "sessions" => "All your other sessions have ended.",
        "confirmed" => "Thank you. You can make the change now: please do it once more.",
        _ => return None,
    })
}

async fn shown(
    accounts: &Accounts,
    who: &SignedIn,
    csrf: &CsrfToken,
    filled: Filled,
    done: Option<&'static str>,
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
            .prefill(
                &profile::USERNAME,
                user.username.as_deref().unwrap_or_default(),
            )
            .prefill(&profile::EMAIL, user.email.as_deref().unwrap_or_default())
    };
    let (profile, password) = match filled {
        Filled::None => (present(), Form::empty()),
        Filled::Profile(form) => (form, Form::empty()),
        Filled::Password(form) => (present(), form),
    };
    let token = csrf.render().map_err(ApiError::internal)?;
    let status = profile.status().max(password.status());
    let page = page(status, |frame| Page {
        frame,
        token,
        username: user.display_name().to_owned(),
        done,
        summary: [profile.summary(), password.summary()].concat(),
        profile: [
            profile.shown(&profile::USERNAME),
            profile.shown(&profile::EMAIL),
        ],
        password: [
            password.shown(&password::CURRENT),
            password.shown_new_password(&password::NEW, accounts.password_min_chars()),
        ],
        sessions: sessions.into_iter().map(Session::from).collect(),
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
            agent: agent::describe(&session.origin.agent),
            address: session.origin.address,
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

    #[test]
    fn a_link_can_not_put_words_on_the_page() {
        assert_eq!(sentence("session"), Some("The session has ended."));
        assert_eq!(sentence("Call 0800 1234"), None);
    }
}
