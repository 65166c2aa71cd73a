//! One entry as a document holds it.

use model::{Generation, TokenId, UserId};
use mongodb::bson::{Document, doc};
use storage::{Error, FeedEntry, FeedRow};

use crate::document::{Fields, date, integer};

/// The entry as a document.
pub(crate) fn to_document(row: &FeedRow) -> Document {
    let mut document = match &row.entry {
        FeedEntry::Token(token) => doc! { "kind": "token", "subject": token.as_str() },
        FeedEntry::Session(session) => doc! { "kind": "session", "subject": session.to_string() },
        FeedEntry::Generation {
            user,
            minimum,
            keep,
        } => doc! {
            "kind": "generation",
            "subject": user.as_str(),
            "minimum": integer(minimum.0),
            "keep": keep.map(|keep| keep.to_string()),
        },
        FeedEntry::Closed(user) => doc! { "kind": "closed", "subject": user.as_str() },
        FeedEntry::Changed(user) => doc! { "kind": "changed", "subject": user.as_str() },
    };
    document.insert("until", date(row.until));
    document
}

/// The entry that a document holds.
///
/// # Errors
/// [`Error::Unreadable`], also for a kind that only a later version knows: what can't be understood
/// may be a revocation.
pub(crate) fn from_fields(fields: &Fields<'_>) -> Result<FeedRow, Error> {
    let user = || UserId::parse(fields.text("subject")?).map_err(|_| fields.unreadable("subject"));
    let entry = match fields.text("kind")? {
        "token" => FeedEntry::Token(TokenId::from_stored(fields.text("subject")?)),
        "session" => FeedEntry::Session(fields.session_id("subject")?),
        "generation" => FeedEntry::Generation {
            user: user()?,
            minimum: Generation(fields.unsigned("minimum")?),
            keep: fields.optional_session_id("keep")?,
        },
        "closed" => FeedEntry::Closed(user()?),
        "changed" => FeedEntry::Changed(user()?),
        _ => return Err(fields.unreadable("kind")),
    };
    let until = fields.time("until")?;
    Ok(FeedRow { entry, until })
}
