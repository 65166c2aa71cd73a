//! Second factors: within the document of the account.
//!
//! Nodes of the version before, and the application beside us, know nothing of it, and would let the password alone pass. So
//! [`MARK`] stands before the hash of an account that has one, which makes it a hash of no kind to them: nobody signs in
//! there, and nobody changes the password by the present one. Here it is read without the mark, and whatever sets a
//! password puts it there again. A mark without a second factor beside it is left as it is: then nobody signs in here,
//! either.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Generation, SessionId, Timestamp, User, UserId};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, doc};
use password::PasswordHash;
use secret::HashedToken;
use storage::{Enrolment, Error, Factors, FeedEntry, FeedRow, Moment, SecondFactor};

use crate::document::{Fields, date, hex, integer};
use crate::table::Query;
use crate::users::TRIES;
use crate::users::change::untouched;
use crate::users::document::{Account, read, unchanged, unreadable};
use crate::users::listing;
use crate::{Core, MongoStore, ids};

/// What an account has besides its password.
pub(crate) const FACTOR: &str = "portcullis_factor";

/// What stands before the hash of an account that has one.
const MARK: &str = "{2fa}";

/// Whether the account has one.
///
/// # Errors
/// When it can't be said: it decides who gets in.
pub(crate) fn has_one(fields: &Fields<'_>) -> Result<bool, Error> {
    match fields.document.get(FACTOR) {
        None => Ok(false),
        Some(Bson::Document(_)) => Ok(true),
        Some(_) => Err(fields.unreadable(FACTOR)),
    }
}

/// The hash in this text, of an account with this document.
pub(crate) fn without_mark<'a>(document: &Document, text: &'a str) -> &'a str {
    match text.strip_prefix(MARK) {
        Some(hash) if document.contains_key(FACTOR) => hash,
        _ => text,
    }
}

/// What is stored of a hash of the account with this document.
pub(crate) fn marked(document: &Document, hash: &PasswordHash) -> String {
    if document.contains_key(FACTOR) {
        format!("{MARK}{}", hash.expose())
    } else {
        hash.expose().to_owned()
    }
}

#[async_trait]
impl Factors for MongoStore {
    async fn second_factor(&self, user: &UserId) -> Result<Option<SecondFactor>, Error> {
        let found = self.running.read(self.core.account(user)).await?;
        let factor = found.map(|account| factor_of(&account)).transpose()?;
        Ok(factor.flatten())
    }

    async fn enrol(&self, enrolment: Enrolment, moment: Moment) -> Result<Option<User>, Error> {
        let core = Arc::clone(&self.core);
        self.running
            .write(async move { core.enrol(&enrolment, moment).await })
            .await
    }

    async fn remove_factor(
        &self,
        user: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let (core, user) = (Arc::clone(&self.core), user.clone());
        self.running
            .write(async move { core.remove_factor(&user, at, keep, moment).await })
            .await
    }

    async fn advance_step(
        &self,
        user: &UserId,
        enrolled: Generation,
        step: u64,
    ) -> Result<bool, Error> {
        let later = doc! { "$lt": integer(step) };
        let set = doc! { "$set": { within("step"): integer(step) } };
        self.change_factor(user, enrolled, doc! { within("step"): later }, set)
            .await
            .map(|changed| changed.is_some())
    }

    async fn spend_recovery_code(
        &self,
        user: &UserId,
        enrolled: Generation,
        code: HashedToken,
    ) -> Result<Option<u32>, Error> {
        let code = hex(code.as_bytes());
        let filter = doc! { within("codes"): &code };
        let update = doc! { "$pull": { within("codes"): &code } };
        let changed = self.change_factor(user, enrolled, filter, update).await?;
        let Some(document) = changed else {
            return Ok(None);
        };
        let account = read(self.core.users.name, document)?;
        Ok(factor_of(&account)?.map(|factor| factor.recovery_codes))
    }

    async fn replace_recovery_codes(
        &self,
        user: &UserId,
        enrolled: Generation,
        codes: Vec<HashedToken>,
    ) -> Result<bool, Error> {
        let set = doc! { "$set": { within("codes"): texts(&codes) } };
        let changed = self.change_factor(user, enrolled, Document::new(), set);
        Ok(changed.await?.is_some())
    }

    async fn reseal_factor(
        &self,
        user: &UserId,
        from: &SecondFactor,
        sealed: Vec<u8>,
    ) -> Result<bool, Error> {
        let filter = doc! { within("sealed"): binary(from.sealed.clone()) };
        let set = doc! { "$set": { within("sealed"): binary(sealed) } };
        let changed = self.change_factor(user, from.enrolled, filter, set);
        Ok(changed.await?.is_some())
    }

    async fn users_with_factors(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        let mut filter = doc! { FACTOR: { "$exists": true } };
        if let Some(after) = after {
            let there = self.running.read(self.core.account_document(after)).await?;
            // Of one that is gone meanwhile the text: what is given twice then does no harm.
            let id = there.and_then(|mut there| there.remove("_id"));
            let id = id.unwrap_or_else(|| after.as_str().into());
            let later = listing::after(&id).ok_or_else(|| self.unreadable_id())?;
            filter = doc! { "$and": [filter, later] };
        }
        let query = Query::new(filter).sort(doc! { "_id": 1 }).limit(limit);
        let query = query.only(doc! { "_id": 1 });
        let found = self.running.read(self.core.users.all(query)).await?;
        let found = found.iter();
        found
            .map(|document| ids::user_id(&Fields::of(self.core.users.name, document)))
            .collect()
    }
}

impl MongoStore {
    fn unreadable_id(&self) -> Error {
        Fields::of(self.core.users.name, &Document::new()).unreadable("_id")
    }

    /// A change of a second factor itself, of which nobody has to hear.
    async fn change_factor(
        &self,
        user: &UserId,
        enrolled: Generation,
        mut filter: Document,
        update: Document,
    ) -> Result<Option<Document>, Error> {
        let (core, user) = (Arc::clone(&self.core), user.clone());
        self.running
            .write(async move {
                let Some(account) = core.account(&user).await? else {
                    return Ok(None);
                };
                filter.insert("_id", account.id);
                filter.insert("portcullis_closing", doc! { "$exists": false });
                filter.insert(within("enrolled"), integer(enrolled.0));
                let updated = core.users.updated(filter, update).await;
                updated.map_err(Error::from)
            })
            .await
    }
}

impl Core {
    async fn enrol(&self, enrolment: &Enrolment, moment: Moment) -> Result<Option<User>, Error> {
        let generation = enrolment.at.next();
        let factor = doc! {
            "enrolled": integer(generation.0),
            "sealed": binary(enrolment.sealed.clone()),
            "step": integer(enrolment.step),
            "since": date(moment.now),
            "codes": texts(&enrolment.recovery_codes),
        };
        let Enrolment { user, at, keep, .. } = enrolment;
        self.exchange_factor(user, *at, *keep, Some(factor), moment)
            .await
    }

    async fn remove_factor(
        &self,
        user: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        self.exchange_factor(user, at, keep, None, moment).await
    }

    /// Another second factor, or none in place of one, and the next generation.
    async fn exchange_factor(
        &self,
        id: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        factor: Option<Document>,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        for _ in 0..TRIES {
            let Some(account) = self.settled(id).await? else {
                return Ok(None);
            };
            let user = &account.credentials.user;
            let is_there = user.second_factor || factor.is_some();
            if user.generation != at || user.closes_at.is_some() || !is_there {
                return Ok(None);
            }
            let minimum = at.next();
            let pending = self.pending(FeedRow {
                entry: FeedEntry::Generation {
                    user: id.clone(),
                    minimum,
                    keep,
                },
                until: moment.feed_until,
            });
            let mut filter = untouched(&account);
            for field in ["generation", "password_hash", FACTOR] {
                filter.insert(field, unchanged(&account.document, field));
            }
            let hash = account.credentials.hash.expose();
            let mark = factor.as_ref().map_or("", |_| MARK);
            let mut set = doc! {
                "password_hash": format!("{mark}{hash}"),
                "generation": integer(minimum.0),
                "portcullis_keep": keep.map(|keep| keep.to_string()),
                "updated_at": date(moment.now),
                "portcullis_pending": pending.to_bson(),
            };
            let mut update = Document::new();
            match &factor {
                Some(factor) => drop(set.insert(FACTOR, factor.clone())),
                None => drop(update.insert("$unset", doc! { FACTOR: "" })),
            }
            update.insert("$set", set);
            let updated = self.users.updated(filter, update).await;
            if let Some(document) = updated.map_err(Error::from)? {
                self.outbox().finish(&account.id, &pending).await?;
                return Ok(Some(read(self.users.name, document)?.credentials.user));
            }
        }
        Err(Error::Busy)
    }
}

/// Since when an account has a second factor, if it has one.
pub(crate) fn since(account: &Account) -> Result<Option<Timestamp>, Error> {
    Ok(factor_of(account)?.map(|factor| factor.since))
}

/// The second factor of an account, if it has one.
fn factor_of(account: &Account) -> Result<Option<SecondFactor>, Error> {
    let fields = Fields::of("users", &account.document);
    if fields.get(FACTOR).is_none() {
        return Ok(None);
    }
    let read = fields.inner(FACTOR).and_then(|factor| {
        let sealed = match factor.required("sealed")? {
            Bson::Binary(binary) => binary.bytes.clone(),
            _ => return Err(factor.unreadable("sealed")),
        };
        let codes = factor.texts("codes")?.len();
        Ok(SecondFactor {
            enrolled: Generation(factor.unsigned("enrolled")?),
            sealed,
            last_step: factor.unsigned("step")?,
            since: factor.time("since")?,
            recovery_codes: u32::try_from(codes).unwrap_or(u32::MAX),
        })
    });
    read.map(Some)
        .map_err(|error| unreadable(&account.document, error))
}

fn within(field: &str) -> String {
    format!("{FACTOR}.{field}")
}

fn texts(codes: &[HashedToken]) -> Vec<String> {
    codes.iter().map(|code| hex(code.as_bytes())).collect()
}

fn binary(bytes: Vec<u8>) -> Bson {
    Bson::Binary(Binary {
        subtype: BinarySubtype::Generic,
        bytes,
    })
}
