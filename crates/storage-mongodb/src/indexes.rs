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

/// How long a session stays after it is over before the server itself deletes it, where it has TTL
/// indexes: our own sweep was there long before. It goes by the server's clock, hence the distance.
const LAST_RESORT: Duration = Duration::from_secs(30 * 86_400);

impl Core {
    /// Makes every index.
    pub(crate) async fn make_indexes(&self) -> Result<(), Error> {
        for (name, keys) in [
            ("portcullis_username_key", doc! { "username_key": 1 }),
            ("portcullis_email_key", doc! { "email_key": 1 }),
        ] {
            let mut unique = sparse(name);
            unique.unique = Some(true);
            self.users.index(model(keys, unique)).await?;
        }
        let others = [
            ("portcullis_username", doc! { "username": 1, "_id": 1 }),
            ("portcullis_email", doc! { "email": 1, "_id": 1 }),
            // Not sparse: it is asked for those that lack the field.
            ("portcullis_version", doc! { "username_key_version": 1 }),
        ];
        for (name, keys) in others {
            self.users.index(model(keys, plain(name))).await?;
        }
        for (name, keys) in [
            ("portcullis_pending", doc! { "portcullis_pending.op": 1 }),
            ("portcullis_hash_kind", doc! { "hash_kind": 1 }),
            ("portcullis_clash", doc! { "key_clash": 1 }),
        ] {
            self.users.index(model(keys, sparse(name))).await?;
        }
        let of_user = doc! { "user": 1, "created_at": -1 };
        self.sessions
            .index(model(of_user, plain("portcullis_user")))
            .await?;
        let mut cookie = sparse("portcullis_cookie");
        cookie.unique = Some(true);
        self.sessions
            .index(model(doc! { "browser.hash": 1 }, cookie))
            .await?;
        let ended = sparse("portcullis_ended");
        self.sessions
            .index(model(doc! { "ended": 1 }, ended))
            .await?;
        for table in [&self.attempts, &self.limits, &self.spent] {
            let expires = plain("portcullis_expires");
            table
                .index(model(doc! { "expires_at": 1 }, expires))
                .await?;
        }
        self.index_of_over_sessions().await
    }

    /// With a TTL where the server has that, without one elsewhere.
    async fn index_of_over_sessions(&self) -> Result<(), Error> {
        let keys = doc! { "over_at": 1 };
        let mut with_ttl = plain("portcullis_over");
        with_ttl.expire_after = Some(LAST_RESORT);
        match self.sessions.index(model(keys.clone(), with_ttl)).await {
            Ok(()) => Ok(()),
            Err(error @ (Error::Unavailable(_) | Error::Busy | Error::Full)) => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the server has no TTL indexes: none is needed");
                let plain = plain("portcullis_over");
                self.sessions.index(model(keys, plain)).await
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

fn model(keys: Document, options: IndexOptions) -> IndexModel {
    IndexModel::builder().keys(keys).options(options).build()
}
