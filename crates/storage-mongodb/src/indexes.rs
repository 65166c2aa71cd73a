//! The indexes. They are made at each start, which does nothing where they are.
//!
//! None of them has the name or the keys of one that the Flask application makes (`username_1`,
//! `email_1`), so that neither stands in the way of the other.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use storage::Error;

use crate::Core;
use crate::error::Failure;
use crate::progress::Progress;
use crate::records::{KEY_1, KEY_2};
use crate::table::Table;

/// How long a session, a reservation, a ticket or a job stays after it is over before the server itself deletes it, where it has TTL
/// indexes: our own sweep was there long before. It goes by the server's clock, hence the distance.
const LAST_RESORT: Duration = Duration::from_secs(30 * 86_400);

/// Those that decide who has a name, and who an address.
const USERNAME_KEY: &str = "portcullis_username_key";
const EMAIL_KEY: &str = "portcullis_email_key";

impl Core {
    /// Makes every index, and gives keys to the accounts that lack them, as the one needs the other. Where all is there
    /// it takes a moment.
    pub(crate) async fn prepare(&self, progress: &dyn Progress) -> Result<(), Error> {
        self.look_at_numbers_of_kinds().await?;
        let users = [
            model(
                doc! { "username": 1, "_id": 1 },
                plain("portcullis_username"),
            ),
            model(doc! { "email": 1, "_id": 1 }, plain("portcullis_email")),
        ];
        self.build(&self.users, &users, progress).await?;
        if !self.has_indexes_on_keys(progress).await? {
            self.give_first_keys(progress).await?;
        }
        self.give_keys(progress).await?;
        self.tally.begin();
        self.make_other_indexes(progress).await
    }

    /// Whether the indexes on keys are there, or another node's are being built, and then are. They may turn out not to
    /// be: a build that finds a key twice goes without a trace.
    async fn has_indexes_on_keys(&self, progress: &dyn Progress) -> Result<bool, Error> {
        let names = self.users.index_names().await?;
        let has = |name: &str| names.iter().any(|found| found == name);
        if !(has(USERNAME_KEY) && has(EMAIL_KEY)) {
            return Ok(false);
        }
        match self.make_indexes_on_keys(progress).await {
            Ok(()) => Ok(true),
            Err(Failure::Duplicate) => Ok(false),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    /// Makes those on what is written into accounts when they get their keys.
    ///
    /// # Errors
    /// Also when two accounts have the same key.
    pub(crate) async fn make_indexes_on_keys(
        &self,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let users = [
            model(doc! { "username_key": 1 }, unique(USERNAME_KEY)),
            model(doc! { "email_key": 1 }, unique(EMAIL_KEY)),
            // Not sparse: it is asked for those that lack the field.
            model(
                doc! { "username_key_version": 1 },
                plain("portcullis_version"),
            ),
            model(doc! { "hash_kind": 1 }, sparse("portcullis_hash_kind")),
            model(doc! { "key_clash": 1 }, sparse("portcullis_clash")),
            model(
                doc! { "portcullis_pending.op": 1 },
                sparse("portcullis_pending"),
            ),
            model(
                doc! { "portcullis_closes.at": 1 },
                sparse("portcullis_closes"),
            ),
        ];
        self.build(&self.users, &users, progress).await
    }

    /// Makes those of our own collections.
    async fn make_other_indexes(&self, progress: &dyn Progress) -> Result<(), Error> {
        let sessions = [
            model(
                doc! { "user": 1, "created_at": -1 },
                plain("portcullis_user"),
            ),
            model(doc! { "browser.hash": 1 }, unique("portcullis_cookie")),
            model(doc! { "ended": 1 }, sparse("portcullis_ended")),
        ];
        self.build(&self.sessions, &sessions, progress).await?;
        let expires = [model(doc! { "expires_at": 1 }, plain("portcullis_expires"))];
        for table in [&self.attempts, &self.limits, &self.spent] {
            self.build(table, &expires, progress).await?;
        }
        let tickets = [model(
            doc! { "owner": 1, "kind": 1 },
            plain("portcullis_owner"),
        )];
        self.build(&self.tickets, &tickets, progress).await?;
        let jobs = [
            model(doc! { "key": 1 }, unique("portcullis_key")),
            model(doc! { "owner": 1 }, sparse("portcullis_owner")),
            model(
                doc! { "not_before": 1, "free_from": 1, "expires_at": 1, "kind": 1 },
                plain("portcullis_to_do"),
            ),
            model(
                doc! { "tries": 1, "not_before": 1, "free_from": 1, "expires_at": 1, "kind": 1 },
                plain("portcullis_first_tries"),
            ),
        ];
        self.build(&self.jobs, &jobs, progress).await?;
        let records = [
            model(doc! { KEY_1: 1 }, unique("portcullis_key_1")),
            model(doc! { KEY_2: 1 }, unique("portcullis_key_2")),
            model(
                doc! { "owner": 1, "kind": 1, "_id": 1 },
                plain("portcullis_owner"),
            ),
            model(
                doc! { "portcullis_pending.op": 1 },
                sparse("portcullis_pending"),
            ),
        ];
        self.build(&self.records, &records, progress).await?;
        let events = [
            model(doc! { "user": 1, "number": 1 }, unique("portcullis_link")),
            model(doc! { "at": 1 }, sparse("portcullis_at")),
        ];
        self.build(&self.events, &events, progress).await?;
        self.index_of_the_end(&self.tickets, "expires_at", "portcullis_expires", progress)
            .await?;
        self.index_of_the_end(&self.jobs, "expires_at", "portcullis_expires", progress)
            .await?;
        self.index_of_the_end(&self.released, "expires_at", "portcullis_expires", progress)
            .await?;
        self.index_of_the_end(&self.sessions, "over_at", "portcullis_over", progress)
            .await
    }

    /// With a TTL where the server has that, without one elsewhere.
    async fn index_of_the_end(
        &self,
        table: &Table,
        field: &str,
        name: &str,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let keys = doc! { field: 1 };
        let mut with_ttl = plain(name);
        with_ttl.expire_after = Some(LAST_RESORT);
        let with_ttl = [model(keys.clone(), with_ttl)];
        match self.build(table, &with_ttl, progress).await {
            Ok(()) => Ok(()),
            Err(Failure::Other(error @ (Error::Unavailable(_) | Error::Busy | Error::Full))) => {
                Err(error)
            }
            Err(failure) => {
                let error = Error::from(failure);
                tracing::debug!(%error, "the server has no TTL indexes: none is needed");
                let plain = [model(keys, plain(name))];
                Ok(self.build(table, &plain, progress).await?)
            }
        }
    }
}

fn plain(name: &str) -> IndexOptions {
    IndexOptions::builder().name(name.to_owned()).build()
}

fn sparse(name: &str) -> IndexOptions {
    let mut options = plain(name);
    options.sparse = Some(true);
    options
}

fn unique(name: &str) -> IndexOptions {
    let mut options = sparse(name);
    options.unique = Some(true);
    options
}

fn model(keys: Document, options: IndexOptions) -> IndexModel {
    IndexModel::builder().keys(keys).options(options).build()
}
