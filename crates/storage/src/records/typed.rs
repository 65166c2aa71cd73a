//! Records by what they hold.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use model::UserId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    By, FIRST_VERSION, Keys, Listing, NewRecord, RecordChange, RecordId, SaveRecordError,
    StoredRecord, Tells, UniqueKey,
};
use crate::{Error, Kind, RecordBody, Storage};

/// What a record holds.
pub trait Record: Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: Kind;

    /// With whose account it goes. This never changes.
    fn owner(&self) -> Option<&UserId>;

    /// By what it is found besides its id: nothing, unless it says so.
    fn keys(&self) -> Keys {
        Keys::none()
    }
}

/// A record as it was read. It reads as what it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    id: RecordId,
    owner: Option<UserId>,
    version: u64,
    value: T,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced<T> {
    /// It is made, and the record is this now.
    Done(Versioned<T>),
    /// Somebody was faster, or the record is gone: nothing happened.
    Superseded,
}

/// Some records of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In the order of their ids.
    pub records: Vec<Versioned<T>>,
    /// From where the listing goes on; nothing at its end.
    pub next: Option<RecordId>,
}

/// The records of one kind in a store.
pub struct RecordsOf<'a, T> {
    store: &'a dyn Storage,
    kind: PhantomData<fn() -> T>,
}

impl dyn Storage {
    /// The records that hold a `T`.
    pub fn records<T: Record>(&self) -> RecordsOf<'_, T> {
        RecordsOf {
            store: self,
            kind: PhantomData,
        }
    }
}

impl<T: Record> RecordsOf<'_, T> {
    /// Inserts a record.
    ///
    /// # Errors
    /// [`SaveRecordError`].
    pub async fn insert(
        &self,
        id: RecordId,
        value: T,
        tells: Tells,
    ) -> Result<Versioned<T>, SaveRecordError> {
        let owner = value.owner().cloned();
        let new = NewRecord {
            kind: T::KIND,
            id: id.clone(),
            owner: owner.clone(),
            keys: value.keys(),
            body: RecordBody::of::<SaveRecordError>(&value)?,
        };
        self.store.insert_record(new, tells).await?;
        Ok(Versioned {
            id,
            owner,
            version: FIRST_VERSION,
            value,
        })
    }

    /// The record with this id.
    ///
    /// # Errors
    /// When the store fails, or the record can't be read.
    pub async fn by_id(&self, id: &RecordId) -> Result<Option<Versioned<T>>, Error> {
        self.find(By::Id(id.clone())).await
    }

    /// The record whose first key is made of these bytes.
    ///
    /// # Errors
    /// When the store fails, or the record can't be read.
    pub async fn by_key(
        &self,
        key: impl AsRef<[u8]> + Send,
    ) -> Result<Option<Versioned<T>>, Error> {
        self.find(By::First(UniqueKey::of(key))).await
    }

    /// The record whose second key is made of these bytes.
    ///
    /// # Errors
    /// When the store fails, or the record can't be read.
    pub async fn by_second_key(
        &self,
        key: impl AsRef<[u8]> + Send,
    ) -> Result<Option<Versioned<T>>, Error> {
        self.find(By::Second(UniqueKey::of(key))).await
    }

    /// At the most `limit` records after `after`, whoever owns them.
    ///
    /// # Errors
    /// When the store fails, or a record can't be read.
    pub async fn list(&self, after: Option<&RecordId>, limit: u32) -> Result<Page<T>, Error> {
        self.page(None, after, limit).await
    }

    /// The same of one account.
    ///
    /// # Errors
    /// When the store fails, or a record can't be read.
    pub async fn list_of(
        &self,
        owner: &UserId,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Page<T>, Error> {
        self.page(Some(owner), after, limit).await
    }

    /// Puts a record in the place of the version that was read ([`Versioned::with`]).
    ///
    /// # Errors
    /// [`SaveRecordError`].
    pub async fn replace(
        &self,
        record: Versioned<T>,
        tells: Tells,
    ) -> Result<Replaced<T>, SaveRecordError> {
        if record.value.owner() != record.owner.as_ref() {
            return Err(SaveRecordError::OwnerChanged);
        }
        let change = RecordChange {
            kind: T::KIND,
            id: record.id.clone(),
            at: record.version,
            keys: record.value.keys(),
            body: RecordBody::of::<SaveRecordError>(&record.value)?,
        };
        if !self.store.change_record(change, tells).await? {
            return Ok(Replaced::Superseded);
        }
        let version = record.version + 1;
        Ok(Replaced::Done(Versioned { version, ..record }))
    }

    /// Deletes a record as it was read; `false` when it has changed since, or is gone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete(&self, record: &Versioned<T>, tells: Tells) -> Result<bool, Error> {
        let (id, at) = (record.id.clone(), Some(record.version));
        self.store.delete_record(T::KIND, id, at, tells).await
    }

    /// Deletes the record with this id, whatever it holds by now; `false` when it is gone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_by_id(&self, id: &RecordId, tells: Tells) -> Result<bool, Error> {
        let id = id.clone();
        self.store.delete_record(T::KIND, id, None, tells).await
    }

    async fn find(&self, by: By) -> Result<Option<Versioned<T>>, Error> {
        let found = self.store.record(T::KIND, by).await?;
        found.map(read).transpose()
    }

    async fn page(
        &self,
        owner: Option<&UserId>,
        after: Option<&RecordId>,
        limit: u32,
    ) -> Result<Page<T>, Error> {
        let listing = Listing {
            kind: T::KIND,
            owner: owner.cloned(),
            after: after.cloned(),
            limit,
        };
        let limit = listing.limit() as usize;
        let found = self.store.list_records(listing).await?;
        let next = found.last().filter(|_| found.len() == limit);
        let next = next.map(|last| last.id.clone());
        let records = found.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page { records, next })
    }
}

fn read<T: Record>(stored: StoredRecord) -> Result<Versioned<T>, Error> {
    Ok(Versioned {
        value: stored.body.read("records", T::KIND)?,
        id: stored.id,
        owner: stored.owner,
        version: stored.version,
    })
}

impl<T> Versioned<T> {
    /// Which record of its kind.
    pub const fn id(&self) -> &RecordId {
        &self.id
    }

    /// The same version with another content, to be put in its place.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut T)) -> Self {
        change(&mut self.value);
        self
    }

    /// What it holds.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> fmt::Debug for Versioned<T> {
    /// Which record it is, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Versioned")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Debug for RecordsOf<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordsOf").finish_non_exhaustive()
    }
}
