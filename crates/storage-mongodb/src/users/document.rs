//! An account as a document holds it, whoever wrote it.
//!
//! What is harmless in another shape is read: a name that is a number, a time that is a text, a hash that
//! is bytes. What is missing has a default, as far as it may: an account without a name, an address or a
//! password is one without. What decides who gets in (the generation, a switch that is off, the session
//! that is kept) is what it should be, or the account can't be read: then it is an error that names it, and
//! the account is nobody's.

use std::borrow::Cow;

use model::{AddressNumber, Credentials, Generation, User};
use mongodb::bson::{Bson, Document};
use password::PasswordHash;
use storage::Error;

use crate::document::{Fields, foreign_time, text_of};
use crate::ids;
use crate::users::closings::closes_at;
use crate::users::factors;
use crate::users::operator::OURS;
use crate::users::pending::Pending;
use crate::users::switches;

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
///
/// # Errors
/// [`Error::UnreadableAccount`].
pub(crate) fn read(table: &'static str, document: Document) -> Result<Account, Error> {
    let read = read_fields(&Fields::of(table, &document));
    let (id, credentials, pending) = read.map_err(|error| unreadable(&document, error))?;
    Ok(Account {
        id,
        credentials,
        pending,
        document,
    })
}

/// The error of a document, as that of its account.
pub(crate) fn unreadable(document: &Document, error: Error) -> Error {
    match error {
        Error::Unreadable { reason, .. } => Error::UnreadableAccount {
            account: document.get("_id").map(ids::shown).unwrap_or_default(),
            reason,
        },
        error => error,
    }
}

fn read_fields(fields: &Fields<'_>) -> Result<(Bson, Credentials, Option<Pending>), Error> {
    let id = fields.required("_id")?.clone();
    let time = |field| fields.get(field).and_then(foreign_time);
    let created_at = time("created_at").unwrap_or_else(|| ids::made_at(&id));
    let generation = Generation(fields.optional_unsigned("generation")?.unwrap_or_default());
    let closes_at = closes_at(fields, generation)?;
    // While an account waits to be deleted our switch is off for that, and for nothing else.
    let off = if closes_at.is_some() {
        switches::off_but_for(fields.document, OURS)
    } else {
        switches::off(fields.document)
    };
    let disabled = off.map_err(|field| fields.unreadable(field))?.is_some();
    let hash = hash_in(fields.document).unwrap_or_else(|| PasswordHash::from_stored(""));
    let user = User {
        id: ids::user_id(fields)?,
        username: name(fields)?,
        email: address(fields)?,
        // Nothing else than true says that its owner has proven it.
        email_verified: is_verified(fields.document),
        address_number: AddressNumber(
            fields
                .optional_unsigned("portcullis_address")?
                .unwrap_or_default(),
        ),
        generation,
        keep: fields.optional_session_id("portcullis_keep")?,
        disabled,
        is_invited: hash.is_not_chosen(),
        closes_at,
        second_factor: factors::has_one(fields)?,
        created_at,
        updated_at: time("updated_at").unwrap_or(created_at),
    };
    let pending = Pending::read(fields).map_err(|_| fields.unreadable("portcullis_pending"))?;
    Ok((id, Credentials { user, hash }, pending))
}

/// Whether the owner has proven the address that the document has now: another application may have put another one there,
/// and left the rest as it was. Nodes of a version before don't say which one it was.
fn is_verified(document: &Document) -> bool {
    let which = document.get_str("portcullis_verified").ok();
    document.get("email_verified") == Some(&Bson::Boolean(true))
        && which.is_none_or(|which| address_in(document) == Some(which))
}

fn name(fields: &Fields<'_>) -> Result<Option<String>, Error> {
    let Some(value) = fields.get("username") else {
        return Ok(None);
    };
    let name = text_of(value).ok_or_else(|| fields.unreadable("username"))?;
    Ok(Some(name.into_owned()).filter(|name| !name.is_empty()))
}

fn address(fields: &Fields<'_>) -> Result<Option<String>, Error> {
    let address = fields.optional_text("email")?.map(str::to_owned);
    Ok(address.filter(|address| !address.is_empty()))
}

/// The name that a document has, if it has one.
pub(crate) fn name_in(document: &Document) -> Option<Cow<'_, str>> {
    let name = document.get("username").and_then(text_of);
    name.filter(|name| !name.is_empty())
}

/// The address that a document has, if it has one.
pub(crate) fn address_in(document: &Document) -> Option<&str> {
    let address = document.get_str("email").ok();
    address.filter(|address| !address.is_empty())
}

/// The hash that a document has, if it has one. Python's `bcrypt.hashpw` gives bytes.
pub(crate) fn hash_in(document: &Document) -> Option<PasswordHash> {
    let text = match document.get("password_hash")? {
        Bson::String(text) | Bson::Symbol(text) => text.as_str(),
        Bson::Binary(binary) => std::str::from_utf8(&binary.bytes).ok()?,
        _ => return None,
    };
    Some(PasswordHash::from_stored(factors::without_mark(
        document, text,
    )))
}

/// The kind of a hash, as text; null for one that can't be read.
pub(crate) fn kind_of(hash: &PasswordHash) -> Option<String> {
    hash.kind().ok().map(|kind| kind.to_string())
}

/// A filter's condition that `field` is still as it is in `document`, present or not, whatever it is.
pub(crate) fn unchanged(document: &Document, field: &str) -> Bson {
    Bson::Document(match document.get(field) {
        // The server compares nothing with it.
        Some(Bson::Undefined) => mongodb::bson::doc! { "$type": "undefined" },
        Some(value) => mongodb::bson::doc! { "$eq": value.clone() },
        None => mongodb::bson::doc! { "$exists": false },
    })
}
