//! The keys by which names and addresses are unique, for accounts that another application made.
//!
//! `username_key` and `email_key` stand beside the fields of that application, in sparse unique
//! indexes. A pass at the start, and again every few seconds, gives them to each account that has not
//! been looked at with the present tables of Unicode (`username_key_version`); it can stop anywhere
//! and goes on there.
//!
//! # Clashes
//! Two imported accounts may have the same key: `Alice` and `alice`. Who is meant by `ALICE` is
//! nobody's guess: the one that comes second gets no key, the first keeps it as a reservation, so
//! that no new account takes it, and both are marked (`key_clash`), after which neither is found by
//! it. Each is still found by its exact name. An account made here, under these rules, keeps its key.

use model::UserId;
use mongodb::bson::{Bson, Document, doc};
use password::PasswordHash;
use storage::Error;

use crate::Core;
use crate::document::{Fields, integer};
use crate::error::Failure;
use crate::ids;
use crate::table::Query;
use crate::users::TRIES;
use crate::users::document::kind_of;
use crate::users::find::{email_key, username_key};

/// Accounts looked at in one step.
const STEP: u32 = 200;

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
    /// The text of the `_id`: the account whose `_id` is that text is meant, and this one can't be
    /// reached.
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
    /// Gives keys to every account that has not been looked at, and says how many those were.
    pub(crate) async fn give_keys(&self) -> Result<u64, Error> {
        let (mut looked_at, mut in_vain) = (0, 0);
        loop {
            let query = Query::new(doc! { "username_key_version": { "$ne": version() } });
            let step = self.users.all(query.limit(STEP)).await?;
            if step.is_empty() {
                return Ok(looked_at);
            }
            let mut done = 0;
            for document in &step {
                done += u64::from(self.give_key(document, 0).await?);
            }
            looked_at += done;
            in_vain = if done == 0 { in_vain + 1 } else { 0 };
            if in_vain == TRIES {
                tracing::warn!("some accounts change all the time: they get their keys later");
                return Ok(looked_at);
            }
            if looked_at.is_multiple_of(10_000) {
                tracing::info!(looked_at, "accounts of another application get their keys");
            }
        }
    }

    /// Whether it was written: not when the account changed meanwhile.
    async fn give_key(&self, document: &Document, depth: u32) -> Result<bool, Error> {
        let Some(id) = document.get("_id") else {
            return Ok(false);
        };
        let text = |field| document.get_str(field).ok();
        let (name, address) = (text("username"), text("email"));
        let mut set = doc! { "username_key_version": version() };
        let (mut unset, mut clash) = (Document::new(), Document::new());
        if !document.contains_key("generation") {
            set.insert("imported", true);
        }
        if let Some(hash) = text("password_hash") {
            set.insert("hash_kind", kind_of(&PasswordHash::from_stored(hash)));
        }
        for (field, key_field, key, value) in [
            (
                "username",
                "username_key",
                name.and_then(username_key),
                name,
            ),
            ("email", "email_key", address.and_then(email_key), address),
        ] {
            let same = match (&key, value) {
                (Some(key), _) => Some(doc! { key_field: key }),
                (None, value) => value.map(|value| doc! { field: value }),
            };
            let holder = match same {
                Some(same) => self.holder(id, same, key_field, depth).await?,
                None => None,
            };
            match (holder, key) {
                (Some(holder), _) => {
                    clash.insert(field, holder);
                    unset.insert(key_field, "");
                }
                (None, Some(key)) => {
                    set.insert(key_field, key);
                }
                (None, None) => {
                    unset.insert(key_field, "");
                }
            }
        }
        if let Some(text) = self.shadow(document, id).await? {
            clash.insert("id", text);
        }
        self.write_keys(document, set, unset, &clash).await
    }

    /// Who has the key already, as text. An imported one is marked as well.
    async fn holder(
        &self,
        id: &Bson,
        mut same: Document,
        key_field: &'static str,
        depth: u32,
    ) -> Result<Option<String>, Error> {
        same.insert("_id", doc! { "$ne": id });
        let Some(mut holder) = self.users.first(same.clone()).await? else {
            return Ok(None);
        };
        let current =
            |holder: &Document| holder.get("username_key_version") == Some(&Bson::Int64(version()));
        if !current(&holder) && depth < DEPTH {
            // Its key may be another one by the present tables.
            Box::pin(self.give_key(&holder, depth + 1)).await?;
            match self.users.first(same).await? {
                Some(found) => holder = found,
                None => return Ok(None),
            }
        }
        let Some(other) = holder.get("_id") else {
            return Ok(None);
        };
        if holder.get("imported") == Some(&Bson::Boolean(true)) {
            let field = key_field.trim_end_matches("_key");
            let mark = doc! { "$set": { format!("key_clash.{field}"): as_text(id) } };
            self.users
                .update(doc! { "_id": other.clone() }, mark)
                .await?;
        }
        Ok(Some(as_text(other)))
    }

    /// The text that the `_id` shares with another account's `_id`, which is that text.
    async fn shadow(&self, document: &Document, id: &Bson) -> Result<Option<String>, Error> {
        if matches!(id, Bson::String(_)) {
            return Ok(None);
        }
        let Ok(text) = ids::user_id(&Fields::of(self.users.name, document)) else {
            return Ok(None);
        };
        let same = self.users.first(doc! { "_id": text.as_str() }).await?;
        Ok(same.map(|_| text.as_str().to_owned()))
    }

    /// Writes what was found, unless the account has another name or address by now: then it is
    /// looked at again.
    async fn write_keys(
        &self,
        document: &Document,
        mut set: Document,
        mut unset: Document,
        clash: &Document,
    ) -> Result<bool, Error> {
        let filter = |field| crate::users::document::unchanged(document, field);
        let filter = doc! {
            "_id": document.get("_id"), "username": filter("username"), "email": filter("email"),
        };
        for (field, with) in clash {
            tracing::warn!(
                account = document.get("_id").map(as_text),
                with = with.as_str(),
                "two accounts share their {field}: neither is found by it"
            );
        }
        if clash.is_empty() {
            unset.insert("key_clash", "");
        } else {
            set.insert("key_clash", clash.clone());
        }
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        match self.users.update(filter, update).await {
            Ok(written) => Ok(written),
            Err(Failure::Duplicate) => Ok(false), // someone took the key meanwhile: look again
            Err(Failure::Other(error)) => Err(error),
        }
    }

    /// What clashes, at the most [`REPORTED`] accounts of it.
    pub(crate) async fn clashes(&self) -> Result<Vec<Clash>, Error> {
        let query = Query::new(doc! { "key_clash": { "$exists": true } });
        let query = query.sort(doc! { "_id": 1 }).limit(REPORTED);
        let mut clashes = Vec::new();
        for document in self.users.all(query.only(doc! { "key_clash": 1 })).await? {
            let fields = Fields::of(self.users.name, &document);
            let clash = fields.inner("key_clash")?;
            for field in ClashField::ALL {
                if let Some(with) = clash.optional_text(field.name())? {
                    clashes.push(Clash {
                        account: ids::user_id(&fields)?,
                        field,
                        with: with.to_owned(),
                    });
                }
            }
        }
        Ok(clashes)
    }
}

/// An `_id` as text, also one of a kind that is not served.
fn as_text(id: &Bson) -> String {
    let document = doc! { "_id": id };
    let read = ids::user_id(&Fields::of("users", &document));
    read.map_or_else(|_| id.to_string(), |id| id.as_str().to_owned())
}
