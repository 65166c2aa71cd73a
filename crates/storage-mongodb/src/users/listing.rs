//! Listing accounts, for an operator.
//!
//! They come in the order of their `_id`s. Those of another application may be of several kinds, each of which the
//! server compares with its own kind only; so a listing that goes on asks for what is greater of the same kind, and for
//! every kind that comes after it. Whether an account is disabled no query can tell (`switches.rs`): it is
//! looked at.

use mongodb::bson::{Bson, Document, doc};
use storage::{Beginning, Error, ListUsersError, UserCursor, UserFilter, UserListing, UserPage};

use crate::Core;
use crate::document::hex;
use crate::table::Query;
use crate::users::document::{is_closing, read};
use crate::users::factors::FACTOR;

/// How many are looked at, at the most, when most of them may not be asked for.
const LOOKED_AT: u32 = 500;

/// The kinds of an `_id`, in the order in which the server sorts them.
const KINDS: &[&[&str]] = &[
    &["null"],
    &["int", "long", "double", "decimal"],
    &["string", "symbol"],
    &["object"],
    &["binData"],
    &["objectId"],
    &["bool"],
    &["date"],
    &["timestamp"],
];

/// The longest `_id` that a listing goes on after, as it is written: those that can be read are far shorter.
const LONGEST_CURSOR: usize = 4096;

impl Core {
    /// Some accounts.
    pub(crate) async fn list_users(
        &self,
        listing: &UserListing,
    ) -> Result<UserPage, ListUsersError> {
        let mut filter = filter(&listing.filter);
        if let Some(cursor) = &listing.after {
            let last = id_of(cursor).ok_or(ListUsersError::UnknownCursor)?;
            let after = after(&last).ok_or(ListUsersError::UnknownCursor)?;
            filter = doc! { "$and": [filter, after] };
        }
        let limit = listing.limit();
        // One more shows whether the listing goes on.
        let looked_at = if listing.filter.disabled {
            LOOKED_AT.max(limit + 1)
        } else {
            limit + 1
        };
        let query = Query::new(filter).sort(doc! { "_id": 1 }).limit(looked_at);
        let found = self.users.all(query).await?;
        let mut page = UserPage::default();
        let mut last = None;
        let is_whole = found.len() < looked_at as usize;
        for document in found {
            let id = document.get("_id").cloned();
            if !is_closing(&document) {
                let is_full = page.users.len() >= limit as usize;
                match read(self.users.name, document) {
                    Ok(account) => {
                        let user = account.credentials.user;
                        if user.disabled || !listing.filter.disabled {
                            if is_full {
                                page.next = last.as_ref().and_then(cursor_of);
                                return Ok(page);
                            }
                            page.users.push(user);
                        }
                    }
                    Err(Error::UnreadableAccount { account, reason }) => {
                        page.unreadable.push((account, reason));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            last = id;
        }
        page.next = last.filter(|_| !is_whole).as_ref().and_then(cursor_of);
        Ok(page)
    }
}

fn filter(filter: &UserFilter) -> Document {
    let mut meant = Document::new();
    if let Some(beginning) = &filter.beginning {
        let begins = |key: &str| doc! { "$gte": key, "$lt": Beginning::end_of(key) };
        let mut forms = vec![doc! { "email_key": begins(&beginning.email_key) }];
        let named = beginning.username_key.as_deref();
        forms.extend(named.map(|key| doc! { "username_key": begins(key) }));
        meant.insert("$or", forms);
    }
    if filter.unverified {
        meant.insert("email_verified", doc! { "$ne": true });
    }
    if filter.no_factor {
        meant.insert(FACTOR, doc! { "$exists": false });
    }
    meant
}

/// A filter for what comes after this `_id`.
pub(crate) fn after(id: &Bson) -> Option<Document> {
    let kind = match id {
        Bson::Null => "null",
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => "int",
        Bson::String(_) | Bson::Symbol(_) => "string",
        Bson::Document(_) => "object",
        Bson::Binary(_) => "binData",
        Bson::ObjectId(_) => "objectId",
        Bson::Boolean(_) => "bool",
        Bson::DateTime(_) => "date",
        Bson::Timestamp(_) => "timestamp",
        _ => return None,
    };
    let place = KINDS.iter().position(|kinds| kinds.contains(&kind))?;
    let mut parts = vec![doc! { "_id": { "$gt": id } }];
    let later: Vec<_> = KINDS[place + 1..].concat();
    if !later.is_empty() {
        parts.push(doc! { "_id": { "$type": later } });
    }
    Some(doc! { "$or": parts })
}

/// An `_id` as a cursor: whatever kind it is of, as the server has it.
fn cursor_of(id: &Bson) -> Option<UserCursor> {
    let bytes = doc! { "": id }.to_vec().ok()?;
    Some(UserCursor(hex(&bytes)))
}

fn id_of(UserCursor(text): &UserCursor) -> Option<Bson> {
    let is_one = text.len() <= LONGEST_CURSOR && text.is_ascii() && text.len().is_multiple_of(2);
    if !is_one {
        return None;
    }
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    Document::from_reader(&*bytes).ok()?.remove("")
}

#[cfg(test)]
mod tests {
    use mongodb::bson::Binary;
    use mongodb::bson::oid::ObjectId;
    use mongodb::bson::spec::BinarySubtype;

    use super::*;

    #[test]
    fn a_cursor_leads_back_to_an_id_of_any_kind() {
        let binary = Binary {
            subtype: BinarySubtype::UuidOld,
            bytes: vec![7; 16],
        };
        for id in [
            Bson::from("u-1"),
            Bson::from(42),
            Bson::from(42_i64),
            Bson::from(ObjectId::from_bytes([7; 12])),
            Bson::from(binary),
            Bson::Null,
        ] {
            let cursor = cursor_of(&id).unwrap();
            assert_eq!(id_of(&cursor), Some(id.clone()));
            assert!(after(&id).is_some(), "{id}");
        }
    }

    #[test]
    fn anything_else_is_no_cursor() {
        for text in ["", "0", "zz", "é1", "u-1", "ffffffff", &"00".repeat(3000)] {
            assert_eq!(id_of(&UserCursor(text.to_owned())), None, "{text}");
        }
    }
}
