//! Records.

use async_trait::async_trait;
use model::UserId;
use rusqlite::{Connection, named_params};
use storage::records::{
    By, FIRST_VERSION, Listing, NewRecord, RecordChange, StoredRecord, UniqueKey,
};
use storage::{
    Error, Keys, Kind, RecordBody, RecordId, RecordKey, Records, SaveRecordError, Tells,
};

use crate::SqliteStore;
use crate::query::{Columns, all, execute, first, integer};
use crate::users;
use crate::writer::Change;

const TABLE: &str = "records";

#[async_trait]
impl Records for SqliteStore {
    async fn insert_record(&self, new: NewRecord, tells: Tells) -> Result<(), SaveRecordError> {
        self.writer
            .write(move |change| insert(change, &new, tells))
            .await
    }

    async fn record(&self, kind: Kind, by: By) -> Result<Option<StoredRecord>, Error> {
        self.readers
            .read(move |connection| find(connection, kind, &by))
            .await
    }

    async fn list_records(&self, listing: Listing) -> Result<Vec<StoredRecord>, Error> {
        self.readers
            .read(move |connection| list(connection, &listing))
            .await
    }

    async fn change_record(&self, to: RecordChange, tells: Tells) -> Result<bool, SaveRecordError> {
        self.writer
            .write(move |change| replace(change, &to, tells))
            .await
    }

    async fn delete_record(
        &self,
        kind: Kind,
        id: RecordId,
        at: Option<u64>,
        tells: Tells,
    ) -> Result<bool, Error> {
        self.writer
            .write(move |change| {
                let deleted = execute(
                    change.connection(),
                    "DELETE FROM records
                     WHERE kind = ?1 AND id = ?2 AND version = coalesce(?3, version)",
                    (kind.0, id.as_str(), at.map(integer)),
                )?;
                if deleted == 0 {
                    return Ok(false);
                }
                change.tell_all(tells)?;
                Ok(true)
            })
            .await
    }
}

fn insert(change: &mut Change<'_>, new: &NewRecord, tells: Tells) -> Result<(), SaveRecordError> {
    let connection = change.connection();
    if !users::has_owner(connection, new.owner.as_ref())? {
        return Err(SaveRecordError::OwnerGone);
    }
    if find(connection, new.kind, &By::Id(new.id.clone()))?.is_some() {
        return Err(SaveRecordError::Taken(RecordKey::Id));
    }
    refuse_taken(connection, new.kind, &new.id, new.keys)?;
    execute(
        connection,
        "INSERT INTO records (kind, id, owner, key_1, key_2, version, body)
         VALUES (:kind, :id, :owner, :key_1, :key_2, :version, :body)",
        named_params! {
            ":kind": new.kind.0,
            ":id": new.id.as_str(),
            ":owner": new.owner.as_ref().map(UserId::as_str),
            ":key_1": new.keys.first.as_ref().map(UniqueKey::as_bytes),
            ":key_2": new.keys.second.as_ref().map(UniqueKey::as_bytes),
            ":version": integer(FIRST_VERSION),
            ":body": new.body.as_str(),
        },
    )?;
    Ok(change.tell_all(tells)?)
}

fn replace(
    change: &mut Change<'_>,
    to: &RecordChange,
    tells: Tells,
) -> Result<bool, SaveRecordError> {
    let connection = change.connection();
    let found = find(connection, to.kind, &By::Id(to.id.clone()))?;
    if found.is_none_or(|found| found.version != to.at) {
        return Ok(false);
    }
    refuse_taken(connection, to.kind, &to.id, to.keys)?;
    execute(
        connection,
        "UPDATE records SET key_1 = :key_1, key_2 = :key_2, version = :next, body = :body
         WHERE kind = :kind AND id = :id",
        named_params! {
            ":kind": to.kind.0,
            ":id": to.id.as_str(),
            ":key_1": to.keys.first.as_ref().map(UniqueKey::as_bytes),
            ":key_2": to.keys.second.as_ref().map(UniqueKey::as_bytes),
            ":next": integer(to.at + 1),
            ":body": to.body.as_str(),
        },
    )?;
    change.tell_all(tells)?;
    Ok(true)
}

fn refuse_taken(
    connection: &Connection,
    kind: Kind,
    id: &RecordId,
    keys: Keys,
) -> Result<(), SaveRecordError> {
    let first = (RecordKey::First, keys.first.map(By::First));
    let second = (RecordKey::Second, keys.second.map(By::Second));
    for (key, by) in [first, second] {
        let found = by.map(|by| find(connection, kind, &by)).transpose()?;
        if found.flatten().is_some_and(|other| other.id != *id) {
            return Err(SaveRecordError::Taken(key));
        }
    }
    Ok(())
}

fn find(connection: &Connection, kind: Kind, by: &By) -> Result<Option<StoredRecord>, Error> {
    match by {
        By::Id(id) => first(
            connection,
            TABLE,
            "SELECT id, owner, version, body FROM records WHERE kind = ?1 AND id = ?2",
            (kind.0, id.as_str()),
            read,
        ),
        By::First(key) => first(
            connection,
            TABLE,
            "SELECT id, owner, version, body FROM records WHERE kind = ?1 AND key_1 = ?2",
            (kind.0, key.as_bytes()),
            read,
        ),
        By::Second(key) => first(
            connection,
            TABLE,
            "SELECT id, owner, version, body FROM records WHERE kind = ?1 AND key_2 = ?2",
            (kind.0, key.as_bytes()),
            read,
        ),
    }
}

fn list(connection: &Connection, listing: &Listing) -> Result<Vec<StoredRecord>, Error> {
    let kind = listing.kind.0;
    let after = listing.after.as_ref().map_or("", RecordId::as_str); // no id is empty
    match &listing.owner {
        Some(owner) => all(
            connection,
            TABLE,
            "SELECT id, owner, version, body FROM records
             WHERE owner = ?1 AND kind = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
            (owner.as_str(), kind, after, listing.limit()),
            read,
        ),
        None => all(
            connection,
            TABLE,
            "SELECT id, owner, version, body FROM records
             WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            (kind, after, listing.limit()),
            read,
        ),
    }
}

fn read(columns: &Columns<'_>) -> Result<StoredRecord, Error> {
    let id = RecordId::parse(columns.get::<String>("id")?);
    let owner: Option<String> = columns.get("owner")?;
    let owner = owner.map(UserId::parse).transpose();
    Ok(StoredRecord {
        id: id.map_err(|_| columns.unreadable("id"))?,
        owner: owner.map_err(|_| columns.unreadable("owner"))?,
        version: columns.unsigned("version")?,
        body: RecordBody::from_stored(columns.get("body")?),
    })
}
