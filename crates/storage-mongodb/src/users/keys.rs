//! The keys by which names and addresses are unique, for accounts that another application made.
//!
//! `username_key` and `email_key` stand beside the fields of that application, in sparse unique
//! indexes. A pass at the start, and again every few seconds, gives them to each account that has not
//! been looked at with the present tables of Unicode (`username_key_version`); it can stop anywhere
//! and goes on there (`takeover.rs`). What that application changes later leaves the keys as they are: they are renewed when
//! somebody signs in by the new name or address, or wants the old one.
//!
//! # Clashes
//! Two imported accounts may have the same key: `Alice` and `alice`. Who is meant by `ALICE` is
//! nobody's guess: the one that comes second gets no key, the first keeps it as a reservation, so
//! that no new account takes it, and both are marked (`key_clash`), after which neither is found by
//! it. Each is still found by its exact name. An account made here, under these rules, keeps its key.

use std::borrow::Cow;

use model::UserId;
use mongodb::bson::{Bson, Document, doc};
use storage::Error;

use crate::Core;
use crate::document::{Fields, decimal, integer};
use crate::error::Failure;
use crate::ids;
use crate::table::{Query, Statement};
use crate::users::document::{address_in, hash_in, kind_of, name_in, unchanged};
use crate::users::find::{email_key, username_key};

/// How far the search for who has a key goes on from one account to another.
const DEPTH: u32 = 8;

/// The most clashes that are reported at once.
const REPORTED: u32 = 1000;

/// An imported account that shares something with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Which account.
    pub account: UserId,
    /// What it shares.
    pub field: ClashField,
    /// With which account.
    pub with: String,
}

/// What two accounts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClashField {
    /// The name, by its key.
    Username,
    /// The address, by its key.
    Email,
    /// The text of the `_id`: the account whose `_id` is that text is meant, or, of two UUIDs, the one in
    /// the newer form; this one can't be reached.
    Id,
}

impl ClashField {
    const ALL: [Self; 3] = [Self::Username, Self::Email, Self::Id];

    const fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Id => "id",
        }
    }
}

/// The version of the rules that a key was made by.
pub(crate) fn version() -> i64 {
    integer(model::UsernameKey::VERSION)
}

impl Core {
    /// Gives keys to an account that may share them with another one. Whether it was written: not
    /// when the account changed meanwhile.
    pub(super) async fn give_key(&self, document: &Document, depth: u32) -> Result<bool, Error> {
        let Some(id) = document.get("_id") else {
            return Ok(false);
        };
        let keys = keys_of(document);
        let mut clash = Document::new();
        for key in &keys {
            if let Some(holder) = self.holder(id, key, depth).await? {
                clash.insert(key.field, holder);
            }
        }
        if let Some(text) = self.shadow(document).await? {
            clash.insert("id", text);
        }
        self.write_keys(document, &keys, &clash).await
    }

    /// Gives an account the keys of the name and the address that another application has changed.
    pub(crate) async fn renew_keys(&self, document: &Document) -> Result<(), Error> {
        let id = doc! { "_id": document.get("_id") };
        match self.users.first(id).await? {
            Some(document) => self.give_key(&document, 0).await.map(drop),
            None => Ok(()),
        }
    }

    /// Who has the key already, as text. An imported one is marked as well.
    async fn holder(&self, id: &Bson, key: &Key<'_>, depth: u32) -> Result<Option<String>, Error> {
        let Some(holder) = self.other_with(id, key, depth).await? else {
            return Ok(None);
        };
        if let Some(Statement { filter, update }) = mark(&holder, key.field, id) {
            self.users.update(filter, update).await?;
        }
        Ok(holder.get("_id").map(ids::shown))
    }

    /// Another account than `id` that has the key.
    pub(super) async fn other_with(
        &self,
        id: &Bson,
        key: &Key<'_>,
        depth: u32,
    ) -> Result<Option<Document>, Error> {
        let Some(mut same) = key.same() else {
            return Ok(None);
        };
        same.insert("_id", doc! { "$ne": id });
        let Some(holder) = self.users.first(same.clone()).await? else {
            return Ok(None);
        };
        let current = holder.get("username_key_version") == Some(&Bson::Int64(version()));
        if current || depth >= DEPTH {
            return Ok(Some(holder));
        }
        // Its key may be another one by the present tables.
        Box::pin(self.give_key(&holder, depth + 1)).await?;
        self.users.first(same).await
    }

    /// The text that the `_id` shares with another account's `_id`, which wins over it.
    async fn shadow(&self, document: &Document) -> Result<Option<String>, Error> {
        let winners = winners_over(document);
        if winners.is_empty() {
            return Ok(None);
        }
        let same = self.users.first(doc! { "_id": { "$in": winners } }).await?;
        Ok(same.and_then(|_| document.get("_id").map(ids::shown)))
    }

    /// Writes what was found. Whether it was written: not when the account changed meanwhile, or someone else took one
    /// of the keys. Then it is looked at again.
    async fn write_keys(
        &self,
        document: &Document,
        keys: &[Key<'_>],
        clash: &Document,
    ) -> Result<bool, Error> {
        let Statement { filter, update } = statement(document, keys, clash);
        let written = match self.users.update(filter, update).await {
            Ok(written) => written,
            Err(Failure::Duplicate) => return Ok(false),
            Err(Failure::Other(error)) => return Err(error),
        };
        if written {
            self.tally
                .changed(kind_before(document), kind_now(document));
        }
        for (field, with) in clash {
            tracing::warn!(
                account = document.get("_id").map(ids::shown),
                with = with.as_str(),
                "an imported account shares its {field} with another one, and is not found by it"
            );
        }
        Ok(written)
    }

    /// What clashes, at the most [`REPORTED`] accounts of it.
    pub(crate) async fn clashes(&self) -> Result<Vec<Clash>, Error> {
        let query = Query::new(doc! { "key_clash": { "$exists": true } });
        let query = query.sort(doc! { "_id": 1 }).limit(REPORTED);
        let mut clashes = Vec::new();
        for document in self.users.all(query.only(doc! { "key_clash": 1 })).await? {
            let fields = Fields::of(self.users.name, &document);
            let clash = fields.inner("key_clash")?;
            // An `_id` that can't be read is reported as such.
            let Ok(account) = ids::user_id(&fields) else {
                continue;
            };
            for field in ClashField::ALL {
                if let Some(with) = clash.optional_text(field.name())? {
                    clashes.push(Clash {
                        account: account.clone(),
                        field,
                        with: with.to_owned(),
                    });
                }
            }
        }
        Ok(clashes)
    }
}

/// What is written to an account whose keys are these, unless it was changed since it was read: by its application, or
/// by another node that looked at it.
pub(super) fn statement(document: &Document, keys: &[Key<'_>], clash: &Document) -> Statement {
    let mut set = doc! { "username_key_version": version() };
    let mut unset = Document::new();
    // An application may have a `generation` of its own, of another kind.
    if document.get("generation").and_then(decimal).is_none() {
        set.insert("portcullis_imported", true);
    }
    if hash_in(document).is_some() {
        set.insert("hash_kind", kind_now(document));
    }
    for key in keys {
        match &key.text {
            Some(text) if !clash.contains_key(key.field) => set.insert(key.name, text),
            _ => unset.insert(key.name, ""),
        };
    }
    if !clash.is_empty() {
        set.insert("key_clash", clash.clone());
    } else if document.contains_key("key_clash") {
        unset.insert("key_clash", "");
    }
    let mut filter = doc! { "_id": document.get("_id") };
    for field in ["username", "email", "hash_kind"] {
        filter.insert(field, unchanged(document, field));
    }
    let mut update = doc! { "$set": set };
    if !unset.is_empty() {
        update.insert("$unset", unset);
    }
    Statement { filter, update }
}

/// What is written to an imported account that has what the account `id` would have.
pub(super) fn mark(holder: &Document, field: &str, id: &Bson) -> Option<Statement> {
    if holder.get("portcullis_imported") != Some(&Bson::Boolean(true)) {
        return None;
    }
    let field = format!("key_clash.{field}");
    Some(Statement {
        filter: doc! { "_id": holder.get("_id") },
        update: doc! { "$set": { field: ids::shown(id) } },
    })
}

/// The kind that is noted for its hash.
pub(super) fn kind_before(document: &Document) -> Option<&str> {
    document.get_str("hash_kind").ok()
}

/// The kind that its hash has.
pub(super) fn kind_now(document: &Document) -> Option<String> {
    kind_of(&hash_in(document)?)
}

/// The `_id`s that have the text of this account's, and win over it.
pub(super) fn winners_over(document: &Document) -> Vec<Bson> {
    document
        .get("_id")
        .map(ids::winners_over)
        .unwrap_or_default()
}

/// A field of an account, and the key by which it is unique.
pub(super) struct Key<'a> {
    pub(super) field: &'static str,
    /// The field that holds the key.
    pub(super) name: &'static str,
    /// What stands there; nothing can be shared of what is empty.
    pub(super) value: Option<Cow<'a, str>>,
    /// None for what can be no name or address of ours.
    pub(super) text: Option<String>,
}

impl Key<'_> {
    /// A filter for the accounts that have the same.
    fn same(&self) -> Option<Document> {
        match (&self.text, &self.value) {
            (Some(key), _) => Some(doc! { self.name: key }),
            (None, Some(value)) => Some(doc! { self.field: value.as_ref() }),
            (None, None) => None,
        }
    }
}

pub(super) fn keys_of(document: &Document) -> [Key<'_>; 2] {
    let (name, address) = (name_in(document), address_in(document));
    [
        Key {
            field: "username",
            name: "username_key",
            text: name.as_deref().and_then(username_key),
            value: name,
        },
        Key {
            field: "email",
            name: "email_key",
            text: address.and_then(email_key),
            value: address.map(Cow::Borrowed),
        },
    ]
}
