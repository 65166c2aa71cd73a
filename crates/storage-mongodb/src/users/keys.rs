//! The keys by which names and addresses are unique, for accounts that another application made.
//!
//! `username_key` and `email_key` stand beside the fields of that application, in sparse unique
//! indexes. A pass at the start, and again every few seconds, gives them to each account that has not
//! been looked at with the present tables of Unicode (`username_key_version`); it can stop anywhere
//! and goes on there. What that application changes later leaves the keys as they are: they are renewed when
//! somebody signs in by the new name or address, or wants the old one.
//!
//! # Clashes
//! Two imported accounts may have the same key: `Alice` and `alice`. Who is meant by `ALICE` is
//! nobody's guess: the one that comes second gets no key, the first keeps it as a reservation, so
//! that no new account takes it, and both are marked (`key_clash`), after which neither is found by
//! it. Each is still found by its exact name. An account made here, under these rules, keeps its key.

use std::collections::HashSet;

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
use crate::users::document::{kind_of, unchanged};
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
            let mut taken = self.taken(&step).await?;
            let mut done = 0;
            for document in &step {
                let keys = keys_of(document);
                // Mostly nobody else has them.
                let free = keys.iter().all(|key| key.is_free(&taken));
                let written = if free && self.shadow(document).await?.is_none() {
                    self.write_keys(document, &keys, &Document::new()).await?
                } else {
                    self.give_key(document, 0).await?
                };
                taken.extend(
                    keys.into_iter()
                        .filter_map(|key| Some((key.name, key.text?))),
                );
                done += u64::from(written);
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

    /// The keys of these accounts that someone has already, by the fields that hold them.
    async fn taken(&self, step: &[Document]) -> Result<HashSet<(&'static str, String)>, Error> {
        let mut taken = HashSet::new();
        for (at, name) in ["username_key", "email_key"].into_iter().enumerate() {
            let keys = step.iter().filter_map(|document| {
                let [username, email] = keys_of(document);
                [username.text, email.text].into_iter().nth(at)?
            });
            let query = Query::new(doc! { name: { "$in": keys.collect::<Vec<_>>() } });
            for holder in self.users.all(query.only(doc! { name: 1 })).await? {
                if let Ok(key) = holder.get_str(name) {
                    taken.insert((name, key.to_owned()));
                }
            }
        }
        Ok(taken)
    }

    /// Gives keys to an account that may share them with another one. Whether it was written: not
    /// when the account changed meanwhile.
    async fn give_key(&self, document: &Document, depth: u32) -> Result<bool, Error> {
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
        let Some(mut same) = key.same() else {
            return Ok(None);
        };
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
        if holder.get("portcullis_imported") == Some(&Bson::Boolean(true)) {
            let field = format!("key_clash.{}", key.field);
            let mark = doc! { "$set": { field: as_text(id) } };
            self.users
                .update(doc! { "_id": other.clone() }, mark)
                .await?;
        }
        Ok(Some(as_text(other)))
    }

    /// The text that the `_id` shares with another account's `_id`, which is that text.
    async fn shadow(&self, document: &Document) -> Result<Option<String>, Error> {
        if matches!(document.get("_id"), Some(Bson::String(_))) {
            return Ok(None);
        }
        let Ok(text) = ids::user_id(&Fields::of(self.users.name, document)) else {
            return Ok(None);
        };
        let same = self.users.first(doc! { "_id": text.as_str() }).await?;
        Ok(same.map(|_| text.as_str().to_owned()))
    }

    /// Writes what was found, unless the account has another name or address by now, or someone else
    /// took one of the keys: then it is looked at again.
    async fn write_keys(
        &self,
        document: &Document,
        keys: &[Key<'_>],
        clash: &Document,
    ) -> Result<bool, Error> {
        let mut set = doc! { "username_key_version": version() };
        let mut unset = Document::new();
        if !document.contains_key("generation") {
            set.insert("portcullis_imported", true);
        }
        if let Ok(hash) = document.get_str("password_hash") {
            set.insert("hash_kind", kind_of(&PasswordHash::from_stored(hash)));
        }
        for key in keys {
            match &key.text {
                Some(text) if !clash.contains_key(key.field) => set.insert(key.name, text),
                _ => unset.insert(key.name, ""),
            };
        }
        if clash.is_empty() {
            unset.insert("key_clash", "");
        } else {
            set.insert("key_clash", clash.clone());
        }
        let unchanged = |field| unchanged(document, field);
        let filter = doc! {
            "_id": document.get("_id"),
            "username": unchanged("username"),
            "email": unchanged("email"),
        };
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        let written = match self.users.update(filter, update).await {
            Ok(written) => written,
            Err(Failure::Duplicate) => return Ok(false),
            Err(Failure::Other(error)) => return Err(error),
        };
        for (field, with) in clash {
            tracing::warn!(
                account = document.get("_id").map(as_text),
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

/// A field of an account, and the key by which it is unique.
struct Key<'a> {
    field: &'static str,
    /// The field that holds the key.
    name: &'static str,
    value: Option<&'a str>,
    /// None for what can be no name or address of ours.
    text: Option<String>,
}

impl Key<'_> {
    /// Whether there is a key, and nobody has it.
    fn is_free(&self, taken: &HashSet<(&'static str, String)>) -> bool {
        let text = self.text.as_ref();
        text.is_some_and(|text| !taken.contains(&(self.name, text.clone())))
    }

    /// A filter for the accounts that have the same.
    fn same(&self) -> Option<Document> {
        match (&self.text, self.value) {
            (Some(key), _) => Some(doc! { self.name: key }),
            (None, Some(value)) => Some(doc! { self.field: value }),
            (None, None) => None,
        }
    }
}

fn keys_of(document: &Document) -> [Key<'_>; 2] {
    let text = |field| document.get_str(field).ok();
    let (name, address) = (text("username"), text("email"));
    [
        Key {
            field: "username",
            name: "username_key",
            value: name,
            text: name.and_then(username_key),
        },
        Key {
            field: "email",
            name: "email_key",
            value: address,
            text: address.and_then(email_key),
        },
    ]
}

/// An `_id` as text, also one of a kind that is not served.
fn as_text(id: &Bson) -> String {
    let document = doc! { "_id": id };
    let read = ids::user_id(&Fields::of("users", &document));
    read.map_or_else(|_| id.to_string(), |id| id.as_str().to_owned())
}
