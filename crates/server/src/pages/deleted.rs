//! `GET /deleted`: what has become of an account that was deleted here.

use account::Deletion;
use axum::response::Response;

use super::notice::Notice;
use super::visitor::{Visitor, to_login};
use super::words::Words;
use crate::error::ApiError;

/// Says it to whoever has just deleted one; nobody else is told anything.
pub(crate) async fn show(visitor: Visitor, words: Words) -> Result<Response, ApiError> {
    let (title, text) = match visitor.deleted() {
        None => return Ok(to_login()),
        Some(Deletion::Done) => ("deleted-title", words.say("deleted-text")),
        Some(Deletion::Due(time)) => {
            let time = words.time(time);
            let text = words.say_with("deletion-due-text", &[("time", (&time).into())]);
            ("deletion-due-title", text)
        }
    };
    let notice = Notice {
        title,
        text,
        way_on: ("/login", "page-to-sign-in"),
    };
    notice.done(&words)
}
