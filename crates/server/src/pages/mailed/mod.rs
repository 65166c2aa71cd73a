//! The pages that ask for mail, and those that its links lead to.
//!
//! A `GET` changes nothing: programs that look through mail follow its links. What a link carries goes on in the body of a
//! form, and in no other address. None of them signs anybody in.

mod asking;
pub(crate) mod confirm;
pub(crate) mod forgot;
pub(crate) mod resend;
pub(crate) mod reset;
pub(crate) mod undo;

use axum::response::Response;

use super::form::Field;
use super::notice::Notice;
use super::words::Words;
use crate::code::Code;
use crate::error::ApiError;

/// An address that a mail is wanted to, or was sent to.
static EMAIL: Field = Field {
    id: "email",
    name: "email",
    label: "field-email",
    kind: "email",
    autocomplete: "email",
    hint: "",
    missing: "field-email-missing",
};

/// The field in which what a link carries goes on.
const TOKEN: &str = "token";

/// This server sends none.
fn mail_is_off(words: &Words) -> Result<Response, ApiError> {
    let notice = Notice {
        title: "mail-off-title",
        text: words.say("mail-off-text"),
        way_on: ("/login", "page-to-sign-in"),
    };
    notice.refused(words, Code::MailDisabled)
}
