//! A record as a document holds it.

use model::UserId;
use mongodb::bson::{Document, doc};
use storage::records::{StoredRecord, UniqueKey};
use storage::{Error, Keys, Kind, RecordBody, RecordId};

use crate::document::{Fields, hex};

/// Each holds the kind as well: one field has a unique index on every server.
pub(crate) const KEY_1: &str = "key_1";
pub(crate) const KEY_2: &str = "key_2";

/// The `_id`: the kind and the id, so that those of a kind stand together in the order of their ids.
pub(super) fn place(kind: Kind, id: &RecordId) -> String {
    format!("{}/{}", kind.0, id.as_str())
}

pub(super) fn key_of(kind: Kind, key: &UniqueKey) -> String {
    format!("{}/{}", kind.0, hex(key.as_bytes()))
}

/// A filter for the records of a kind after an id.
pub(super) fn starting_with(kind: Kind, after: Option<&RecordId>) -> Document {
    let after = after.map_or_else(|| format!("{}/", kind.0), |after| place(kind, after));
    // `0` is what comes after `/`.
    doc! { "kind": kind.0, "_id": { "$gt": after, "$lt": format!("{}0", kind.0) } }
}

pub(super) fn set_keys(document: &mut Document, kind: Kind, keys: Keys) {
    for (field, key) in [(KEY_1, keys.first), (KEY_2, keys.second)] {
        if let Some(key) = key {
            document.insert(field, key_of(kind, &key));
        }
    }
}

/// Whether it is there for nobody any more.
pub(super) fn is_deleted(document: &Document) -> bool {
    document.contains_key("deleted")
}

pub(super) fn read(
    table: &'static str,
    kind: Kind,
    document: &Document,
) -> Result<StoredRecord, Error> {
    let fields = Fields::of(table, document);
    let id = fields.text("_id")?.strip_prefix(kind.0);
    let id = id.and_then(|id| id.strip_prefix('/'));
    let id = id.and_then(|id| RecordId::parse(id).ok());
    Ok(StoredRecord {
        id: id.ok_or_else(|| fields.unreadable("_id"))?,
        owner: owner_of(&fields)?,
        version: fields.unsigned("version")?,
        body: RecordBody::from_stored(fields.text("body")?.to_owned()),
    })
}

/// With whose account it goes.
pub(super) fn owner_of(fields: &Fields<'_>) -> Result<Option<UserId>, Error> {
    let owner = fields.optional_text("owner")?.map(UserId::parse);
    owner.transpose().map_err(|_| fields.unreadable("owner"))
}
