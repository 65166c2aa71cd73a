//! The `_id` of an account: text where we made it; text, a UUID or an ObjectId where another
//! application did. It stays as it is, and [`UserId`] is its text.
//!
//! Two documents may then have one text. Text wins: the account with the other kind of `_id` is
//! not reachable, and is reported (`keys.rs`), since a token names the text only.

use model::{Timestamp, UserId};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, Uuid, doc};
use storage::Error;

use crate::document::Fields;

/// The text of an `_id`.
pub(crate) fn user_id(fields: &Fields<'_>) -> Result<UserId, Error> {
    let unreadable = || fields.unreadable("_id");
    let text = match fields.required("_id")? {
        Bson::String(text) => text.clone(),
        Bson::ObjectId(id) => id.to_hex(),
        Bson::Binary(binary) => uuid(binary).ok_or_else(unreadable)?.to_string(),
        _ => return Err(unreadable()),
    };
    UserId::parse(text).map_err(|_| unreadable())
}

/// Drivers of Python and others wrote UUIDs with the older subtype for long, in the same order.
fn uuid(binary: &Binary) -> Option<Uuid> {
    match binary.subtype {
        BinarySubtype::Uuid | BinarySubtype::UuidOld => {
            let bytes: [u8; 16] = binary.bytes.as_slice().try_into().ok()?;
            Some(Uuid::from_bytes(bytes))
        }
        _ => None,
    }
}

/// Every `_id` with this text, the text itself first.
pub(crate) fn candidates(id: &UserId) -> Vec<Bson> {
    let text = id.as_str();
    let mut candidates = vec![Bson::String(text.to_owned())];
    // One text each: no other spelling of the same number means the same account.
    if let Ok(object) = ObjectId::parse_str(text)
        && object.to_hex() == text
    {
        candidates.push(Bson::ObjectId(object));
    }
    if let Ok(uuid) = Uuid::parse_str(text)
        && uuid.to_string() == text
    {
        for subtype in [BinarySubtype::Uuid, BinarySubtype::UuidOld] {
            candidates.push(Bson::Binary(Binary {
                subtype,
                bytes: uuid.bytes().to_vec(),
            }));
        }
    }
    candidates
}

/// Of documents with one text the one that is meant.
pub(crate) fn meant(id: &UserId, mut found: Vec<Document>) -> Option<Document> {
    let rank = |document: &Document| {
        let own = document.get("_id");
        candidates(id)
            .iter()
            .position(|candidate| Some(candidate) == own)
    };
    found.sort_by_key(rank);
    found.into_iter().next()
}

/// A filter for every `_id` with this text.
pub(crate) fn any_of(id: &UserId) -> Document {
    doc! { "_id": { "$in": candidates(id) } }
}

/// When a document was made, as far as its `_id` tells: a Flask application stores no time.
pub(crate) fn made_at(id: &Bson) -> Timestamp {
    match id {
        Bson::ObjectId(id) => Timestamp::from_millis(id.timestamp().timestamp_millis()),
        _ => Timestamp::from_seconds(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "65f0c0ffee0123456789abcd";
    const UUID: &str = "01890000-0000-7000-8000-000000000001";

    fn id(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    #[test]
    fn each_kind_has_one_text_and_comes_back_from_it() {
        for text in [HEX, UUID, "u-1", "deadbeef"] {
            for candidate in candidates(&id(text)) {
                let document = doc! { "_id": candidate };
                let read = user_id(&Fields::of("users", &document)).unwrap();
                assert_eq!(read, id(text));
            }
        }
        assert_eq!(candidates(&id(HEX)).len(), 2);
        assert_eq!(candidates(&id(UUID)).len(), 3);
    }

    #[test]
    fn another_spelling_is_another_account() {
        for text in [&*HEX.to_uppercase(), &*UUID.replace('-', "")] {
            assert_eq!(candidates(&id(text)).len(), 1, "{text}");
        }
        // 01890000… has no letters: its capitals are the same text.
        let upper = "0189000A-0000-7000-8000-000000000001";
        assert_eq!(candidates(&id(upper)).len(), 1);
    }

    #[test]
    fn text_wins() {
        let text = doc! { "_id": HEX };
        let object = doc! { "_id": ObjectId::parse_str(HEX).unwrap() };
        for found in [
            vec![text.clone(), object.clone()],
            vec![object.clone(), text.clone()],
        ] {
            assert_eq!(meant(&id(HEX), found), Some(text.clone()));
        }
        assert_eq!(meant(&id(HEX), vec![object.clone()]), Some(object));
    }

    #[test]
    fn other_kinds_are_unreadable() {
        let strange = Binary {
            subtype: BinarySubtype::Generic,
            bytes: vec![0; 16],
        };
        for value in [
            Bson::Int32(7),
            Bson::Null,
            Bson::String(String::new()),
            Bson::Binary(strange),
        ] {
            let document = doc! { "_id": value };
            assert!(user_id(&Fields::of("users", &document)).is_err());
        }
    }
}
