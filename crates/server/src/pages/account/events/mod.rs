//! `GET /account/events`: what happened to one's account.

mod names;

use account::{AccountEvent, Accounts, EventPage, Refused};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::{StatusCode, Uri};
use model::Timestamp;

use crate::error::ApiError;
use crate::pages::agent;
use crate::pages::next::query_value;
use crate::pages::render::{Frame, page_in};
use crate::pages::visitor::{SignedIn, to_login};
use crate::pages::words::Words;

/// Events of one page.
const PAGE: u32 = 50;

/// Events on the page of the account.
const LATEST: u32 = 5;

#[derive(Template)]
#[template(path = "events.html")]
struct Page {
    frame: Frame,
    token: String,
    events: Vec<Event>,
    /// The number that the next page is before.
    older: Option<u64>,
    /// Whether it is the first page.
    is_first: bool,
}

/// Something that happened, in words.
pub(in crate::pages::account) struct Event {
    pub(in crate::pages::account) what: String,
    /// Whether it was refused.
    pub(in crate::pages::account) is_refused: bool,
    /// Why, or what was asked for.
    pub(in crate::pages::account) reason: Option<String>,
    pub(in crate::pages::account) at: Timestamp,
    pub(in crate::pages::account) time: String,
    /// Where from, and by what program.
    pub(in crate::pages::account) from: String,
    pub(in crate::pages::account) more: bool,
}

/// Shows the page.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let before = query_value(&uri, "before").and_then(|before| before.parse().ok());
    let page = match accounts.events(&who.browser.actor, before, PAGE).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        page => page?,
    };
    let token = csrf.render().map_err(ApiError::internal)?;
    page_in(&words, StatusCode::OK, |frame| Page {
        frame,
        token,
        older: page.next,
        events: in_words(page, &words),
        is_first: before.is_none(),
    })
}

/// The latest of somebody's events, in words.
pub(super) async fn latest(
    accounts: &Accounts,
    who: &SignedIn,
    words: &Words,
) -> Result<Vec<Event>, Refused> {
    let page = accounts.events(&who.browser.actor, None, LATEST).await?;
    Ok(in_words(page, words))
}

fn in_words(page: EventPage, words: &Words) -> Vec<Event> {
    let events = page.events.into_iter();
    events.map(|event| Event::of(event, words)).collect()
}

/// Whether the password was right, and a next step is asked for: no failure to whoever reads it.
fn is_a_step(reason: &str) -> bool {
    matches!(reason, "factor_required" | "factor_enrolment_required")
}

impl Event {
    fn of(event: AccountEvent, words: &Words) -> Self {
        let happened = event.happened;
        let is_of_operator = happened.by.is_some();
        let agent = happened.agent.filter(|agent| !agent.is_empty());
        let agent = agent.map(|agent| agent::describe(&agent, words));
        let parts = [happened.address, agent].into_iter().flatten();
        let from: Vec<_> = parts.collect();
        Self {
            what: names::event(&happened.event, words),
            is_refused: happened.reason.as_deref().is_some_and(|it| !is_a_step(it)),
            reason: happened.reason.map(|reason| names::reason(&reason, words)),
            at: event.at,
            time: words.time(event.at),
            from: if is_of_operator {
                words.say("events-by-operator")
            } else {
                from.join(" · ")
            },
            more: happened.more,
        }
    }
}
