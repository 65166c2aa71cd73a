//! Which keys the nodes of a database have.
//!
//! A node with other keys would refuse the tokens of all others, count guesses apart from them, and issue
//! tokens that they refuse. So fingerprints of the keys are kept, and such a node does not start. A key may
//! be replaced by a node that still has the one before it: that is a rotation. After a leak no node may have
//! it any more: then the operator says that the keys are others now ([`MongoStore::replace_keys`]).

use mongodb::bson::{Document, doc};
use storage::Error;

use crate::document::Fields;
use crate::error::{Failure, OpenError};
use crate::{Core, MongoStore};

/// How often it is tried beside other nodes that start.
const TRIES: usize = 8;

/// One of a node's keys, as far as the store may know it.
#[derive(Clone, Debug)]
pub struct KeyPrint {
    /// The setting that holds it, `JWT_SECRET_KEY`.
    pub name: &'static str,
    /// What it is for: of several settings that can hold it, nodes that chose different ones disagree.
    pub purpose: &'static str,
    /// The fingerprint of the present one.
    pub present: String,
    /// Those of the ones before it that the node still has.
    pub previous: Vec<String>,
}

impl MongoStore {
    /// Agrees with the other nodes on the keys.
    ///
    /// # Errors
    /// [`OpenError::OtherKey`] when another node has another one, and this node doesn't know that.
    pub async fn agree_on_keys(&self, keys: &[KeyPrint]) -> Result<(), OpenError> {
        for _ in 0..TRIES {
            if self.running.read(self.core.agree(keys)).await? {
                return Ok(());
            }
        }
        Err(OpenError::Storage(Error::Busy))
    }
}

impl MongoStore {
    /// Notes these keys, whichever were noted: nodes with those that were don't start any more. One that runs
    /// goes on until it is stopped.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn replace_keys(&self, keys: &[KeyPrint]) -> Result<(), Error> {
        let update = doc! { "$set": prints(keys) };
        let written = self
            .running
            .read(self.core.meta.upserted("keys", update))
            .await;
        written.map(drop)
    }
}

impl MongoStore {
    /// Whether the servers have these keys. Nothing is noted.
    ///
    /// # Errors
    /// [`OpenError::OtherKey`] or [`OpenError::NewerKey`] when they have another one.
    pub async fn expect_keys(&self, keys: &[KeyPrint]) -> Result<(), OpenError> {
        let meta = &self.core.meta;
        let noted = self.running.read(meta.first(doc! { "_id": "keys" }));
        let noted = noted.await?.unwrap_or_default();
        let fields = Fields::of(meta.name, &noted);
        for key in keys {
            match fields.optional_text(key.purpose)? {
                Some(there) if there == key.present => {}
                Some(there) if key.previous.iter().any(|previous| previous == there) => {
                    return Err(OpenError::NewerKey(key.name));
                }
                Some(_) => return Err(OpenError::OtherKey(key.name)),
                None => {}
            }
        }
        Ok(())
    }
}

/// What is noted of them.
fn prints(keys: &[KeyPrint]) -> Document {
    keys.iter()
        .map(|key| (key.purpose.to_owned(), key.present.as_str().into()))
        .collect()
}

impl Core {
    /// Whether the keys are noted; `false` when another node noted its own meanwhile.
    async fn agree(&self, keys: &[KeyPrint]) -> Result<bool, OpenError> {
        let mut ours = prints(keys);
        let Some(noted) = self.meta.first(doc! { "_id": "keys" }).await? else {
            ours.insert("_id", "keys");
            return match self.meta.insert(ours).await {
                Ok(()) => Ok(true),
                Err(Failure::Duplicate) => Ok(false),
                Err(Failure::Other(error)) => Err(error.into()),
            };
        };
        let fields = Fields::of(self.meta.name, &noted);
        let mut filter = doc! { "_id": "keys" };
        let mut is_new = false;
        for key in keys {
            let there = fields.optional_text(key.purpose)?;
            match there {
                Some(there) if there == key.present => {}
                Some(there) if !key.previous.iter().any(|previous| previous == there) => {
                    return Err(OpenError::OtherKey(key.name));
                }
                Some(_) | None => is_new = true,
            }
            filter.insert(key.purpose, there.map(str::to_owned));
        }
        if !is_new {
            return Ok(true);
        }
        let noted = self.meta.update(filter, doc! { "$set": ours }).await;
        Ok(noted.map_err(Error::from)?)
    }
}
