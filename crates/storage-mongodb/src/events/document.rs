//! Links and notes, as documents.

use model::UserId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, doc};
use storage::events::{EventContent, Mac, Mark};
use storage::{Error, Link};

use crate::document::{Fields, date, integer};

/// The note of the last link, in the document of an account.
pub(super) const HEAD: &str = "portcullis_events";

/// The note of where a chain begins, in a document beside its links, which has the number 0.
pub(super) const ANCHOR: &str = "anchor";

/// Which document has the note of where a chain begins.
pub(super) fn anchor_of(user: &UserId) -> Document {
    doc! { "user": user.as_str(), "number": 0_i64 }
}

pub(super) fn to_document(user: &UserId, link: &Link) -> Document {
    let mut document = doc! {
        "user": user.as_str(),
        "number": integer(link.number),
        "at": date(link.at),
        "ends": link.ends,
        "digest": binary(&link.digest),
        "key": binary(&link.mac.key),
        "tag": binary(&link.mac.tag),
    };
    if let Some(content) = &link.content {
        document.insert("salt", binary(&content.salt));
        document.insert("content", &content.text);
    }
    document
}

pub(super) fn link_of(fields: &Fields<'_>) -> Result<Link, Error> {
    let has_content = fields.get("salt").is_some() && fields.get("content").is_some();
    let content = has_content.then(|| {
        Ok::<_, Error>(EventContent {
            salt: bytes(fields, "salt")?,
            text: fields.text("content")?.to_owned(),
        })
    });
    Ok(Link {
        number: fields.unsigned("number")?,
        at: fields.time("at")?,
        ends: fields.flag("ends")?,
        content: content.transpose()?,
        digest: bytes(fields, "digest")?,
        mac: Mac {
            key: bytes(fields, "key")?,
            tag: bytes(fields, "tag")?,
        },
    })
}

pub(super) fn from_mark(mark: &Mark) -> Document {
    doc! {
        "number": integer(mark.number),
        "tag": binary(&mark.tag),
        "seal_key": binary(&mark.seal.key),
        "seal": binary(&mark.seal.tag),
    }
}

pub(super) fn mark_of(fields: &Fields<'_>) -> Result<Mark, Error> {
    Ok(Mark {
        number: fields.unsigned("number")?,
        tag: bytes(fields, "tag")?,
        seal: Mac {
            key: bytes(fields, "seal_key")?,
            tag: bytes(fields, "seal")?,
        },
    })
}

fn bytes<const N: usize>(fields: &Fields<'_>, field: &str) -> Result<[u8; N], Error> {
    let read = match fields.required(field)? {
        Bson::Binary(binary) => binary.bytes.as_slice().try_into().ok(),
        _ => None,
    };
    read.ok_or_else(|| fields.unreadable(field))
}

fn binary(bytes: &[u8]) -> Bson {
    Bson::Binary(Binary {
        subtype: BinarySubtype::Generic,
        bytes: bytes.to_vec(),
    })
}
