//! Records: what an account owns or everybody shares, changes by compare-and-set, and is found by its id or by up
//! to two keys that no other of its kind has. Passkeys, clients, groups and keys are such.

mod key;
mod tells;
mod typed;

use async_trait::async_trait;
use model::UserId;

use crate::{Error, Kind, RecordBody, TooLarge};

pub use key::{Keys, RecordId, RecordKey, UniqueKey};
pub use tells::Tells;
pub use typed::{Page, Record, RecordsOf, Replaced, Versioned};

/// The version of a record that was inserted.
pub const FIRST_VERSION: u64 = 1;

/// A record to be inserted.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// What it is.
    pub kind: Kind,
    /// Which one of its kind.
    pub id: RecordId,
    /// With whose account it goes. This never changes.
    pub owner: Option<UserId>,
    /// By what else it is found.
    pub keys: Keys,
    /// What it holds.
    pub body: RecordBody,
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Which one of its kind.
    pub id: RecordId,
    /// With whose account it goes.
    pub owner: Option<UserId>,
    /// How often it has changed.
    pub version: u64,
    /// What it holds.
    pub body: RecordBody,
}

/// A change of a record.
#[derive(Clone, Debug)]
pub struct RecordChange {
    /// What it is.
    pub kind: Kind,
    /// Which one of its kind.
    pub id: RecordId,
    /// The version that was read: if the record has left it, nothing happens.
    pub at: u64,
    /// By what else it is found from now on.
    pub keys: Keys,
    /// What it holds from now on.
    pub body: RecordBody,
}

/// How a record is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By its id.
    Id(RecordId),
    /// By its first key.
    First(UniqueKey),
    /// By its second key.
    Second(UniqueKey),
}

/// Which records are listed, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Of this kind.
    pub kind: Kind,
    /// Those of this account only.
    pub owner: Option<UserId>,
    /// Those after this id only.
    pub after: Option<RecordId>,
    /// So many, and [`Listing::MOST`] at most.
    pub limit: u32,
}

impl Listing {
    /// As many as are listed at once.
    pub const MOST: u32 = 200;

    /// The limit within its bounds.
    pub fn limit(&self) -> u32 {
        self.limit.clamp(1, Self::MOST)
    }
}

/// Why a record was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveRecordError {
    /// Another record of the kind has it. Of several conflicts the first is named.
    #[error("another record has its {0}")]
    Taken(RecordKey),
    /// The account that it would go with is not there.
    #[error("the account is gone")]
    OwnerGone,
    /// A record stays with the account that it was inserted for.
    #[error("a record keeps its owner")]
    OwnerChanged,
    /// It holds too much.
    #[error("too large: {0}")]
    TooLarge(#[from] TooLarge),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Records of every kind. Uses go by the types of [`RecordsOf`], which `dyn Storage` gives.
///
/// Deleting an account ([`Users::delete_user`](crate::Users::delete_user)) deletes its records. What a change
/// tells is in the feed before it is answered, and is not told when the change is not made.
#[async_trait]
pub trait Records: Send + Sync {
    /// Inserts a record, whose version is [`FIRST_VERSION`]. Of several at once with one id or key one succeeds.
    async fn insert_record(&self, new: NewRecord, tells: Tells) -> Result<(), SaveRecordError>;

    /// The record that is meant.
    async fn record(&self, kind: Kind, by: By) -> Result<Option<StoredRecord>, Error>;

    /// Some records. A reading that goes on after the last id that it was given meets each record once that is
    /// there all the time.
    async fn list_records(&self, listing: Listing) -> Result<Vec<StoredRecord>, Error>;

    /// Changes a record, whose version goes up by one; `false` when it has left the version, or is gone.
    async fn change_record(
        &self,
        change: RecordChange,
        tells: Tells,
    ) -> Result<bool, SaveRecordError>;

    /// Deletes a record, if it has this version or whichever it has; `false` when it has another or is gone.
    async fn delete_record(
        &self,
        kind: Kind,
        id: RecordId,
        at: Option<u64>,
        tells: Tells,
    ) -> Result<bool, Error>;
}
