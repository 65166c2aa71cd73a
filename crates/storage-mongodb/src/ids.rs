//! The `_id` of an account: text where we made it; text, a whole number, a UUID or an ObjectId where
//! another application did. It stays as it is, and [`UserId`] is its text.
//!
//! Two documents may then have one text: `42` and `"42"`, a UUID in its older and its newer form. Text
//! wins, and of two UUIDs the newer form: the other account is not reachable, and is reported (`keys.rs`),
//! since a token names the text only.

use model::{Timestamp, UserId};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, Uuid, doc};
use storage::Error;

use crate::document::{Fields, decimal};

/// The text of an `_id`.
pub(crate) fn user_id(fields: &Fields<'_>) -> Result<UserId, Error> {
    let unreadable = || fields.unreadable("_id");
    let text = match fields.required("_id")? {
        Bson::String(text) => text.clone(),
        Bson::ObjectId(id) => id.to_hex(),
        Bson::Binary(binary) => uuid(binary).ok_or_else(unreadable)?.to_string(),
        number => decimal(number).ok_or_else(unreadable)?.to_string(),
    };
    UserId::parse(text).map_err(|_| unreadable())
}

/// An `_id` in a log, also one of a kind that is not served: as long as an id can be.
pub(crate) fn shown(id: &Bson) -> String {
    let document = doc! { "_id": id };
    let text = match (user_id(&Fields::of("users", &document)), id) {
        (Ok(id), _) => return id.as_str().to_owned(),
        (Err(_), Bson::String(text)) => text.clone(),
        (Err(_), id) => id.to_string(),
    };
    text.chars().take(128).collect()
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
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        candidates.push(Bson::Int64(number)); // to the server all kinds of numbers are one
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
    let candidates = candidates(id);
    found.sort_by_key(|document| {
        let own = document.get("_id");
        own.and_then(|own| rank(own, &candidates))
            .unwrap_or(usize::MAX)
    });
    found.into_iter().next()
}

/// The `_id`s that have the text of this one and win over it.
pub(crate) fn winners_over(id: &Bson) -> Vec<Bson> {
    let document = doc! { "_id": id };
    let Ok(text) = user_id(&Fields::of("users", &document)) else {
        return Vec::new();
    };
    let mut candidates = candidates(&text);
    let rank = rank(id, &candidates);
    candidates.truncate(rank.unwrap_or_default());
    candidates
}

fn rank(id: &Bson, candidates: &[Bson]) -> Option<usize> {
    let same = |other: &Bson| match (decimal(id), decimal(other)) {
        (Some(one), Some(other)) => one == other,
        _ => id == other,
    };
    candidates.iter().position(same)
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
        for text in [HEX, UUID, "u-1", "deadbeef", "42", "-42", "0"] {
            for candidate in candidates(&id(text)) {
                let document = doc! { "_id": candidate };
                let read = user_id(&Fields::of("users", &document)).unwrap();
                assert_eq!(read, id(text));
            }
        }
        assert_eq!(candidates(&id("42")).len(), 2);
        assert_eq!(candidates(&id(HEX)).len(), 2);
        assert_eq!(candidates(&id(UUID)).len(), 3);
    }

    #[test]
    fn another_spelling_is_another_account() {
        let others = ["042", "+42", "-0", "42.0", "9223372036854775808"];
        for text in others {
            assert_eq!(candidates(&id(text)).len(), 1, "{text}");
        }
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
    fn every_kind_of_number_is_the_number() {
        let text = doc! { "_id": "42" };
        for number in [Bson::Int32(42), Bson::Int64(42), Bson::Double(42.0)] {
            let document = doc! { "_id": number.clone() };
            let read = user_id(&Fields::of("users", &document)).unwrap();
            assert_eq!(read, id("42"));
            let alone = meant(&id("42"), vec![document.clone()]);
            assert_eq!(alone.as_ref(), Some(&document));
            let both = meant(&id("42"), vec![document, text.clone()]);
            assert_eq!(both.as_ref(), Some(&text));
            assert_eq!(winners_over(&number), [Bson::from("42")]);
        }
        assert_eq!(winners_over(&Bson::from("42")), []);
    }

    #[test]
    fn of_two_forms_of_a_uuid_the_newer_wins() {
        let all = candidates(&id(UUID));
        for (rank, one) in all.iter().enumerate() {
            assert_eq!(winners_over(one), all[..rank]);
        }
    }

    #[test]
    fn an_id_that_is_none_is_shown_and_not_at_any_length() {
        assert_eq!(shown(&Bson::Int32(42)), "42");
        assert_eq!(shown(&Bson::Boolean(true)), "true");
        assert_eq!(shown(&Bson::from("x".repeat(5000))).len(), 128);
    }

    #[test]
    fn other_kinds_are_unreadable() {
        let strange = Binary {
            subtype: BinarySubtype::Generic,
            bytes: vec![0; 16],
        };
        for value in [
            Bson::Double(7.5),
            Bson::Boolean(true),
            Bson::Null,
            Bson::String(String::new()),
            Bson::Binary(strange),
        ] {
            let document = doc! { "_id": value };
            assert!(user_id(&Fields::of("users", &document)).is_err());
        }
    }
}
