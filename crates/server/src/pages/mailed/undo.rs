//! `GET` and `POST /email/undo`: taking a change of the address back.

use account::{Accounts, UndoAddressError};
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::Uri;
use secret::Secret;

use super::TOKEN;
use super::asking::Asking;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::pages::form::Form;
use crate::pages::next::query_value;
use crate::pages::notice::Notice;
use crate::pages::visitor::Visitor;
use crate::pages::words::Words;
use crate::to_the_end::to_the_end;

/// Says what the link does, if it is good.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let link = Secret::new(query_value(&uri, TOKEN).unwrap_or_default());
    if !accounts.is_good_for_undo(link.expose()).await? {
        return invalid_link(&words);
    }
    let asking = Asking {
        path: "/email/undo",
        title: "undo-title",
        text: "undo-text",
        action: "undo-action",
        link: Some(&link),
        fields: Vec::new(),
        aside: None,
    };
    asking.page(&visitor, &words, csrf, &Form::empty_in(&words))
}

/// Takes it back. Everybody is signed out, and a link to a new password is mailed.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    words: Words,
    mut form: Form,
) -> Result<Response, ApiError> {
    let link = form.hidden(TOKEN).unwrap_or_default();
    form.done()?;
    let undoing = async move { accounts.undo_address(link.expose()).await };
    match to_the_end(undoing).await {
        Ok(()) => {
            let notice = Notice {
                title: "undone-title",
                text: words.say("undone-text"),
                way_on: ("/forgot", "undone-action"),
            };
            notice.done(&words)
        }
        Err(UndoAddressError::InvalidLink) => invalid_link(&words),
        Err(error @ UndoAddressError::Storage(_)) => Err(error.into()),
    }
}

fn invalid_link(words: &Words) -> Result<Response, ApiError> {
    let notice = Notice {
        title: "link-invalid-title",
        text: words.say("undo-invalid-text"),
        way_on: ("/login", "page-to-sign-in"),
    };
    notice.refused(words, Code::InvalidLink)
}
