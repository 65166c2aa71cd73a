//! An account as a document holds it. What a Flask application does not write has a default.

use model::{Credentials, Generation, User};
use mongodb::bson::{Bson, Document};
use password::PasswordHash;
use storage::Error;

use crate::document::Fields;
use crate::ids;
use crate::users::pending::Pending;

/// An account that is there: one that is being deleted is not.
pub(crate) struct Account {
    /// Its `_id` as it is.
    pub(crate) id: Bson,
    pub(crate) credentials: Credentials,
    /// What a change that was interrupted left behind.
    pub(crate) pending: Option<Pending>,
    /// The document itself, to compare with.
    pub(crate) document: Document,
}

/// Whether the account is being deleted.
pub(crate) fn is_closing(document: &Document) -> bool {
    document.contains_key("portcullis_closing")
}

/// Reads an account.
pub(crate) fn read(table: &'static str, document: Document) -> Result<Account, Error> {
    let fields = Fields::of(table, &document);
    let id = fields.required("_id")?.clone();
    let made = ids::made_at(&id);
    let created_at = fields.optional_time("created_at")?.unwrap_or(made);
    let user = User {
        id: ids::user_id(&fields)?,
        username: fields.text("username")?.to_owned(),
        email: fields.text("email")?.to_owned(),
        email_verified: fields.flag("email_verified")?,
        generation: Generation(fields.optional_unsigned("generation")?.unwrap_or_default()),
        keep: fields.optional_session_id("portcullis_keep")?,
        disabled: fields.flag("disabled")?,
        created_at,
        updated_at: fields.optional_time("updated_at")?.unwrap_or(created_at),
    };
    let hash = PasswordHash::from_stored(fields.text("password_hash")?);
    let pending = Pending::read(&fields)?;
    Ok(Account {
        id,
        credentials: Credentials { user, hash },
        pending,
        document,
    })
}

/// The kind of a hash, as text; null for one that can't be read.
pub(crate) fn kind_of(hash: &PasswordHash) -> Option<String> {
    hash.kind().ok().map(|kind| kind.to_string())
}

/// A filter's condition that `field` is still as it is in `document`, present or not.
pub(crate) fn unchanged(document: &Document, field: &str) -> Bson {
    match document.get(field) {
        Some(value) => value.clone(),
        None => Bson::Document(mongodb::bson::doc! { "$exists": false }),
    }
}
