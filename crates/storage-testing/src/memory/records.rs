use async_trait::async_trait;
use storage::records::{By, FIRST_VERSION, Listing, NewRecord, RecordChange, StoredRecord};
use storage::{Error, Keys, Kind, RecordId, RecordKey, Records, SaveRecordError, Tells};

use super::{MemoryStore, State};

#[async_trait]
impl Records for MemoryStore {
    async fn insert_record(&self, new: NewRecord, tells: Tells) -> Result<(), SaveRecordError> {
        let mut state = self.open()?;
        if !state.has_owner(new.owner.as_ref()) {
            return Err(SaveRecordError::OwnerGone);
        }
        let place = (new.kind, new.id.clone());
        if state.records.contains_key(&place) {
            return Err(SaveRecordError::Taken(RecordKey::Id));
        }
        state.refuse_taken(new.kind, &new.id, new.keys)?;
        let record = StoredRecord {
            id: new.id,
            owner: new.owner,
            version: FIRST_VERSION,
            body: new.body,
        };
        state.records.insert(place, (record, new.keys));
        state.tell_all(tells);
        Ok(())
    }

    async fn record(&self, kind: Kind, by: By) -> Result<Option<StoredRecord>, Error> {
        let state = self.open()?;
        let mut all = state.of_kind(kind);
        let found = all.find(|(record, keys)| match &by {
            By::Id(id) => record.id == *id,
            By::First(key) => keys.first == Some(*key),
            By::Second(key) => keys.second == Some(*key),
        });
        Ok(found.map(|(record, _)| record.clone()))
    }

    async fn list_records(&self, listing: Listing) -> Result<Vec<StoredRecord>, Error> {
        let state = self.open()?;
        let (owner, after) = (listing.owner.as_ref(), listing.after.as_ref());
        let records = state.of_kind(listing.kind).map(|(record, _)| record);
        let listed = records
            .filter(|record| owner.is_none_or(|owner| record.owner.as_ref() == Some(owner)))
            .filter(|record| after.is_none_or(|after| record.id > *after));
        Ok(listed.take(listing.limit() as usize).cloned().collect())
    }

    async fn change_record(
        &self,
        change: RecordChange,
        tells: Tells,
    ) -> Result<bool, SaveRecordError> {
        let mut state = self.open()?;
        let place = (change.kind, change.id.clone());
        let found = state.records.get(&place);
        if found.is_none_or(|(record, _)| record.version != change.at) {
            return Ok(false);
        }
        state.refuse_taken(change.kind, &change.id, change.keys)?;
        if let Some((record, keys)) = state.records.get_mut(&place) {
            record.version += 1;
            record.body = change.body;
            *keys = change.keys;
        }
        state.tell_all(tells);
        Ok(true)
    }

    async fn delete_record(
        &self,
        kind: Kind,
        id: RecordId,
        at: Option<u64>,
        tells: Tells,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let place = (kind, id);
        let found = state.records.get(&place);
        let is_meant = found.is_some_and(|(record, _)| at.is_none_or(|at| record.version == at));
        if is_meant {
            state.records.remove(&place);
            state.tell_all(tells);
        }
        Ok(is_meant)
    }
}

impl State {
    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &(StoredRecord, Keys)> {
        let all = self.records.iter();
        all.filter(move |((of, _), _)| *of == kind)
            .map(|(_, found)| found)
    }

    fn refuse_taken(&self, kind: Kind, id: &RecordId, keys: Keys) -> Result<(), SaveRecordError> {
        let is_taken = |has: &dyn Fn(&Keys) -> bool| {
            let mut others = self.of_kind(kind).filter(|(other, _)| other.id != *id);
            others.any(|(_, theirs)| has(theirs))
        };
        if keys.first.is_some() && is_taken(&|theirs| theirs.first == keys.first) {
            return Err(SaveRecordError::Taken(RecordKey::First));
        }
        if keys.second.is_some() && is_taken(&|theirs| theirs.second == keys.second) {
            return Err(SaveRecordError::Taken(RecordKey::Second));
        }
        Ok(())
    }

    fn tell_all(&mut self, tells: Tells) {
        for row in tells.into_rows() {
            self.tell(row.until, [row.entry]);
        }
    }
}
