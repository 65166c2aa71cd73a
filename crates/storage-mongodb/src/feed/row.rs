//! One entry as a document holds it.

use model::{Generation, TokenId, UserId};
use mongodb::bson::{Document, doc};
use storage::{Effect, Error, FeedEntry, FeedRow, Notice};

use crate::document::{Fields, date, integer};

/// The entry as a document. The first five kinds have the form that nodes of the version before read.
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
        FeedEntry::Notice(notice) => from_notice(notice),
    };
    document.insert("until", date(row.until));
    document
}

/// The entry that a document holds.
///
/// # Errors
/// [`Error::Unreadable`], also for a kind that only a later version knows and whose effect can't be told: what can't
/// be understood may be a revocation.
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
        kind => notice(kind, fields)?,
    };
    let until = fields.time("until")?;
    Ok(FeedRow { entry, until })
}

fn from_notice(notice: &Notice) -> Document {
    let mut document = doc! { "kind": &notice.kind, "effect": notice.effect.name() };
    if let Some((concerns, subject)) = notice.effect.concerned() {
        document.extend(doc! { "concerns": concerns, "subject": subject });
    }
    if let Some(detail) = &notice.detail {
        document.insert("detail", detail);
    }
    document
}

fn notice(kind: &str, fields: &Fields<'_>) -> Result<FeedEntry, Error> {
    let unreadable = || fields.unreadable("kind");
    let effect = fields.optional_text("effect")?.ok_or_else(unreadable)?;
    let concerns = fields.optional_text("concerns")?;
    let concerned = concerns.zip(fields.optional_text("subject")?);
    Ok(FeedEntry::Notice(Notice {
        kind: kind.to_owned(),
        effect: Effect::read(effect, concerned).ok_or_else(unreadable)?,
        detail: fields.optional_text("detail")?.map(str::to_owned),
    }))
}
