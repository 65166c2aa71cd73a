//! What happened to an account, as an operator reads of it.

use account::{AccountEvent, EventPage};
use serde_json::{Value, json};

use super::{Answer, print};

/// Some of it, and how to go on.
pub(super) fn shown(page: &EventPage) -> Answer {
    let mut rows = vec![["WHEN", "WHAT", "OUTCOME", "FROM", "AGENT"].map(str::to_owned)];
    rows.extend(page.events.iter().map(row));
    if let Some(next) = page.next {
        print::remark(&format!("there is more: --after {next}"));
    }
    let events: Vec<_> = page.events.iter().map(json_of).collect();
    let next = page.next.map(|next| next.to_string());
    Answer {
        text: print::columns(&rows),
        json: json!({ "items": events, "next_cursor": next }),
    }
}

fn row(event: &AccountEvent) -> [String; 5] {
    let happened = &event.happened;
    let outcome = happened.reason.as_ref();
    let outcome = outcome.map_or_else(|| "done".to_owned(), |reason| format!("refused: {reason}"));
    let from = happened.by.as_ref().or(happened.address.as_ref());
    [
        event.at.to_string(),
        happened.event.clone(),
        outcome,
        from.cloned().unwrap_or_default(),
        happened.agent.clone().unwrap_or_default(),
    ]
}

fn json_of(event: &AccountEvent) -> Value {
    let happened = &event.happened;
    let outcome = if happened.reason.is_none() {
        "done"
    } else {
        "refused"
    };
    json!({
        "number": event.number,
        "at": event.at,
        "event": happened.event,
        "outcome": outcome,
        "reason": happened.reason,
        "by": happened.by,
        "session": happened.session,
        "address": happened.address,
        "agent": happened.agent,
        "request_id": happened.request,
        "more": happened.more,
    })
}
