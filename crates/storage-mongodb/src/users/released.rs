//! Names and addresses that are reserved for who let go of them (`portcullis_released`).
//!
//! Who has a name is decided by an index of one collection, and who had it stands in another, so the order
//! decides what no interleaving can break:
//! - Whoever lets go of a name reserves it first, and changes the account only when that is confirmed. Left
//!   behind by a change that failed, a reservation is for the account that still has the name.
//! - Whoever takes a name has it first, and looks then whether it is reserved for another. So one that was
//!   free to be taken because it had been let go of is found to be reserved, always: the reservation is
//!   older than that. A look before is a courtesy; it spares most of them the way back.
//! - The update that takes a name puts what is to be looked for, and the way back, into the account's own
//!   `portcullis_pending`. Whoever finishes that, the one who made the change or the caretaker after a crash,
//!   looks and, where it must be, goes back. Nobody is answered before.

use model::{Timestamp, UserId};
use mongodb::bson::{Bson, Document, doc};
use storage::{Error, FeedEntry, FeedRow, Reservations, SaveUserError, UniqueField};

use crate::Core;
use crate::document::{Fields, date};
use crate::documents::Documents;
use crate::error::Failure;
use crate::table::Query;
use crate::users::pending::{Outbox, Pending};

/// Two may judge one change, and must find the same: what was reserved when it was made stays there for so
/// long after it has run out.
const JUDGED_WITHIN: i64 = 3_600_000; // milliseconds

/// What a change has taken, to be looked at before it counts.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// When it was made.
    pub(crate) at: Timestamp,
    /// What must not be reserved: documents with `field`, `name` and `owner`, the name before the address.
    wanted: Vec<Document>,
    /// How to go back; nothing where the account itself is new, and goes.
    before: Option<Document>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    /// It counts.
    Kept,
    /// It was taken back: this is reserved for another.
    Reserved(UniqueField),
}

impl Claim {
    pub(crate) fn new(
        reservations: &Reservations,
        account: Option<&UserId>,
        taken: &[(UniqueField, &str)],
        at: Timestamp,
    ) -> Self {
        let wanted = taken.iter().flat_map(|(field, key)| {
            let wanted = reservations.wanted(*field, key, account).into_iter();
            wanted.map(
                |wanted| doc! { "field": name_of(*field), "name": wanted.name, "owner": wanted.owner },
            )
        });
        Self {
            at,
            wanted: wanted.collect(),
            before: None,
        }
    }

    /// Goes back to what `fields` are in `document`.
    pub(crate) fn or_back_to(mut self, document: &Document, fields: &[&str]) -> Self {
        let (mut set, mut unset) = (Document::new(), Document::new());
        for field in fields {
            match document.get(field) {
                Some(value) => set.insert(*field, value.clone()),
                None => unset.insert(*field, ""),
            };
        }
        self.before = Some(doc! { "set": set, "unset": unset });
        self
    }

    pub(crate) fn read(fields: &Fields<'_>) -> Result<Option<Self>, Error> {
        if fields.get("claim").is_none() {
            return Ok(None);
        }
        let claim = fields.inner("claim")?;
        let wanted = claim.list("wanted")?;
        let before = claim.get("before").map(|_| claim.inner("before"));
        Ok(Some(Self {
            at: claim.time("at")?,
            wanted: wanted
                .iter()
                .map(|fields| fields.document.clone())
                .collect(),
            before: before.transpose()?.map(|fields| fields.document.clone()),
        }))
    }

    pub(crate) fn to_bson(&self) -> Bson {
        let mut claim = doc! { "at": date(self.at), "wanted": self.wanted.clone() };
        if let Some(before) = &self.before {
            claim.insert("before", before.clone());
        }
        Bson::Document(claim)
    }

    /// Whether the account that made it is new.
    pub(crate) const fn is_of_a_new_account(&self) -> bool {
        self.before.is_none()
    }

    /// What of it is reserved for another account.
    async fn reserved(&self, released: &impl Documents) -> Result<Option<UniqueField>, Error> {
        let fields = self
            .wanted
            .iter()
            .map(|wanted| Fields::of(released.name(), wanted));
        let mut names = Vec::new();
        for wanted in fields {
            let owner = doc! { "$ne": wanted.text("owner")? };
            names.push(doc! { "_id": wanted.text("name")?, "owner": owner });
        }
        if names.is_empty() {
            return Ok(None);
        }
        let filter = doc! { "$or": names, "expires_at": { "$gt": date(self.at) } };
        let limit = u32::try_from(self.wanted.len()).unwrap_or(u32::MAX);
        let found = released.all(Query::new(filter).limit(limit)).await?;
        let found = |wanted: &&Document| {
            found
                .iter()
                .any(|found| found.get("_id") == wanted.get("name"))
        };
        // The name comes first.
        let first = self.wanted.iter().find(found);
        first
            .map(|wanted| field_of(&Fields::of(released.name(), wanted)))
            .transpose()
    }
}

const fn name_of(field: UniqueField) -> &'static str {
    match field {
        UniqueField::Username => "username",
        UniqueField::Email => "email",
    }
}

fn field_of(wanted: &Fields<'_>) -> Result<UniqueField, Error> {
    match wanted.text("field")? {
        "username" => Ok(UniqueField::Username),
        "email" => Ok(UniqueField::Email),
        _ => Err(wanted.unreadable("field")),
    }
}

impl<T: Documents> Outbox<'_, T> {
    /// Takes a change back that has taken what is reserved for another.
    ///
    /// # Errors
    /// [`Error::Busy`] also when another has for a moment what must be given back.
    pub(crate) async fn judge(&self, id: &Bson, pending: &Pending) -> Result<Finished, Error> {
        let Some(claim) = &pending.claim else {
            return Ok(Finished::Kept);
        };
        let Some(field) = claim.reserved(self.released).await? else {
            return Ok(Finished::Kept);
        };
        let ours = doc! { "_id": id, "portcullis_pending.op": &pending.operation };
        let Some(before) = &claim.before else {
            if self.users.delete(ours).await? {
                self.close(pending).await?;
            }
            return Ok(Finished::Reserved(field)); // where it was gone, another has found the same
        };
        let before = Fields::of(self.users.name(), before);
        let mut unset = before.inner("unset")?.document.clone();
        unset.insert("portcullis_pending", "");
        let back = doc! { "$set": before.inner("set")?.document.clone(), "$unset": unset };
        match self.users.update(ours, back).await {
            Ok(true) => {
                self.appends.append(pending.rows.clone()).await?;
                Ok(Finished::Reserved(field))
            }
            Ok(false) => Ok(Finished::Reserved(field)), // another has found the same
            Err(Failure::Duplicate) => Err(Error::Busy),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    /// Ends the sessions of an account that is gone: whoever made it knows its password, and may have signed
    /// in before anybody was told that it exists.
    async fn close(&self, pending: &Pending) -> Result<(), Error> {
        for row in &pending.rows {
            if let FeedEntry::Changed(user) = &row.entry {
                let closed = FeedRow {
                    entry: FeedEntry::Closed(user.clone()),
                    until: row.until,
                };
                self.appends.append(vec![closed]).await?;
                let sessions = doc! { "user": user.as_str() };
                self.sessions.delete_all(sessions).await?;
            }
        }
        Ok(())
    }
}

impl Core {
    /// Refuses what is reserved for another account, before anything is written.
    pub(crate) async fn refuse_reserved(&self, claim: &Claim) -> Result<(), SaveUserError> {
        match claim.reserved(&self.released).await? {
            Some(field) => Err(SaveUserError::Taken(field)),
            None => Ok(()),
        }
    }

    /// Reserves for `account` what it is about to let go of.
    pub(crate) async fn release(
        &self,
        account: &UserId,
        names: &[(UniqueField, String)],
        now: Timestamp,
    ) -> Result<(), Error> {
        let until = date(now.plus(Reservations::LIFETIME));
        for (field, key) in names {
            if let Some(released) = self.reservations.released(*field, key, account) {
                let set = doc! { "owner": released.owner, "expires_at": until };
                let update = doc! { "$set": set };
                self.released.upserted(&released.name, update).await?;
            }
        }
        Ok(())
    }

    /// Until when the last reservation holds.
    pub(crate) async fn reserved_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let query = Query::new(doc! { "expires_at": { "$gt": date(now) } });
        let query = query.sort(doc! { "expires_at": -1 }).limit(1);
        let found = self.released.all(query).await?;
        let until = |found| Fields::of(self.released.name, found).time("expires_at");
        found.first().map(until).transpose()
    }

    /// Removes reservations that have run out for a while.
    pub(crate) async fn sweep_released(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let long_over = Timestamp::from_millis(now.as_millis() - JUDGED_WITHIN);
        let over = doc! { "$lte": date(long_over) };
        let query = Query::new(doc! { "expires_at": over.clone() });
        let query = query.sort(doc! { "expires_at": 1 }).limit(limit);
        let found = self.released.all(query.only(doc! { "_id": 1 })).await?;
        let ids: Vec<_> = found.iter().filter_map(|found| found.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let filter = doc! { "_id": { "$in": ids }, "expires_at": over };
        let deleted = self.released.delete_all(filter).await?;
        Ok(u32::try_from(deleted).unwrap_or(limit))
    }
}
