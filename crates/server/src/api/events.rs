//! `GET /api/v1/me/events`

use account::{AccountEvent, Accounts, EventPage};
use axum::extract::State;
use model::Timestamp;
use problem::{Fault, ValidQuery, input};
use serde::Serialize;

use crate::error::ApiError;
use crate::extract::Acting;
use crate::json::Json;

/// Events of a page, where none are asked for.
const USUAL: u32 = 50;

/// The most events of a page.
const MOST: u32 = 100;

input! {
    /// Which events.
    pub(crate) struct Which {
        /// Where the page before ended.
        cursor: Option<u64> = cursor,
        /// How many at the most.
        limit: Option<u32> = limit,
    }
}

/// Events, the last one first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Events {
    items: Vec<EventView>,
    /// What to ask for the page after this one with; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Something that happened to an account.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventView {
    /// Its number among the events of the account: each has the next one.
    number: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What it was about.
    #[schema(example = "sign_in")]
    event: String,
    /// Whether it was done or refused.
    #[schema(example = "refused")]
    outcome: &'static str,
    /// Why it was refused; null where it was done.
    #[schema(required, example = "wrong_password")]
    reason: Option<String>,
    /// Who did it: `operator`; null where it was the owner, or somebody in the owner's place.
    #[schema(required)]
    by: Option<String>,
    /// The session in which it happened, or that it was about.
    #[schema(required)]
    session: Option<String>,
    /// The network address of the client.
    #[schema(required, example = "203.0.113.7")]
    address: Option<String>,
    /// Its `User-Agent`.
    #[schema(required)]
    agent: Option<String>,
    /// Whether further refusals of that day (UTC) are not listed.
    more: bool,
}

/// What happened to one's account, the last one first: sign-ins, failed attempts, changes.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "list_events", tag = "Accounts", security(("access" = [])),
    params(
        ("cursor" = Option<String>, Query, description = "What `next_cursor` of the page before was"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many at the most; 50 where it is left out"),
    ),
    responses((status = 200, description = "The events", body = Events)),
)]
pub(crate) async fn list(
    State(accounts): State<Accounts>,
    Acting(actor): Acting,
    ValidQuery(which): ValidQuery<Which>,
) -> Result<Json<Events>, ApiError> {
    let limit = which.limit.unwrap_or(USUAL);
    Ok(Json(
        accounts.events(&actor, which.cursor, limit).await?.into(),
    ))
}

fn cursor(text: &str) -> Result<u64, Fault> {
    let message = "Use the next_cursor of the page before.";
    text.parse()
        .map_err(|_| Fault::new("invalid_cursor", message))
}

fn limit(text: &str) -> Result<u32, Fault> {
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    let fault = || {
        Fault::new(
            "out_of_range",
            format!("Use a whole number from 1 to {MOST}."),
        )
    };
    limit.ok_or_else(fault)
}

impl From<EventPage> for Events {
    fn from(page: EventPage) -> Self {
        Self {
            items: page.events.into_iter().map(EventView::from).collect(),
            next_cursor: page.next.map(|next| next.to_string()),
        }
    }
}

impl From<AccountEvent> for EventView {
    fn from(event: AccountEvent) -> Self {
        let happened = event.happened;
        Self {
            number: event.number,
            at: event.at,
            event: happened.event,
            outcome: if happened.reason.is_none() {
                "done"
            } else {
                "refused"
            },
            reason: happened.reason,
            by: happened.by,
            session: happened.session,
            address: happened.address,
            agent: happened.agent,
            more: happened.more,
        }
    }
}
