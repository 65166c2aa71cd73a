//! What foreign software does to the store, beside the running server.

use mongodb::bson::{Bson, DateTime, Document, doc};
use rusqlite::{Connection, params};
use scratch_database::Database;

use crate::{Backend, TestApp};

impl TestApp {
    /// Puts another hash in the place of the one that `name` has.
    pub async fn store_hash(&self, name: &str, hash: &str) {
        self.change(name, "hash", "password_hash", Some(hash)).await;
    }

    /// Puts another address in the place of the one that `name` has.
    pub async fn store_email(&self, name: &str, email: &str) {
        self.change(name, "email", "email", Some(email)).await;
    }

    /// Gives the account of `name` another one that clashes with a third account's: it stays without a
    /// key, as one that was imported.
    pub async fn store_clashing_name(&self, name: &str, clashing: &str) {
        match self.backend() {
            Backend::Sqlite => {
                self.change(name, "username_key", "", None).await;
            }
            Backend::MongoDb(database) => {
                let update = doc! { "$unset": { "username_key": "" } };
                let users = database.collection("users");
                let changed = users.update_one(doc! { "username": name }, update).await;
                changed.expect("it can be written");
            }
        }
        self.change(name, "username", "username", Some(clashing))
            .await;
    }

    /// Gives the account of `name` the id that another application would have given it.
    pub async fn store_id(&self, name: &str, id: &str) {
        let Backend::MongoDb(database) = self.backend() else {
            self.forget_events();
            return self.change(name, "id", "_id", Some(id)).await;
        };
        // An `_id` can't be changed.
        let mut user = user(database, name).await;
        let users = database.collection("users");
        let removed = users.delete_one(doc! { "username": name }).await;
        removed.expect("it can be written");
        user.insert("_id", id);
        users.insert_one(user).await.expect("it can be written");
    }

    /// An application that has made an account has not made events.
    fn forget_events(&self) {
        let file = Connection::open(self.folder().join("data/portcullis.db"));
        let forget = "DELETE FROM event_heads; DELETE FROM events;";
        let forgotten = file.expect("it is there").execute_batch(forget);
        forgotten.expect("it can be written");
    }

    /// Takes the address of `name` away.
    pub async fn remove_email(&self, name: &str) {
        match self.backend() {
            Backend::Sqlite => {
                self.change(name, "email_key", "", None).await;
                self.change(name, "email", "", Some("")).await;
            }
            Backend::MongoDb(database) => {
                let update = doc! { "$unset": { "email": "", "email_key": "" } };
                let users = database.collection("users");
                let changed = users.update_one(doc! { "username": name }, update).await;
                assert_eq!(changed.expect("it can be written").matched_count, 1);
            }
        }
    }

    /// Takes the name of `name` away.
    pub async fn remove_name(&self, name: &str) {
        match self.backend() {
            Backend::Sqlite => {
                self.change(name, "username_key", "", None).await;
                self.change(name, "username", "", Some("")).await;
            }
            Backend::MongoDb(database) => {
                let update = doc! { "$unset": { "username": "", "username_key": "" } };
                let users = database.collection("users");
                let changed = users.update_one(doc! { "username": name }, update).await;
                assert_eq!(changed.expect("it can be written").matched_count, 1);
            }
        }
    }

    /// Switches the account of `name` off, or on again, as an administrator or another application does.
    pub async fn switch(&self, name: &str, on: bool) {
        match self.backend() {
            Backend::Sqlite => {
                let disabled = if on { "0" } else { "1" };
                self.change(name, "disabled", "", Some(disabled)).await;
            }
            Backend::MongoDb(database) => {
                let update = doc! { "$set": { "is_active": on } };
                let users = database.collection("users");
                let changed = users.update_one(doc! { "username": name }, update).await;
                assert_eq!(changed.expect("it can be written").matched_count, 1);
            }
        }
    }

    /// Makes the account of `name` unreadable.
    pub async fn break_account(&self, name: &str) {
        self.change(name, "keep", "portcullis_keep", Some("?"))
            .await;
    }

    /// Makes it readable again.
    pub async fn mend_account(&self, name: &str) {
        self.change(name, "keep", "portcullis_keep", None).await;
    }

    /// The hash that `name` has.
    pub async fn stored_hash(&self, name: &str) -> String {
        match self.backend() {
            Backend::Sqlite => {
                let query = "SELECT hash FROM users WHERE username = ?1";
                let found = self.connection().query_row(query, [name], |row| row.get(0));
                found.expect("the account is there")
            }
            Backend::MongoDb(database) => {
                let user = user(database, name).await;
                user.get_str("password_hash")
                    .expect("it has one")
                    .to_owned()
            }
        }
    }

    /// How many revocations the store remembers.
    pub async fn remembered_revocations(&self) -> u64 {
        match self.backend() {
            Backend::Sqlite => {
                let query = "SELECT count(*) FROM feed";
                let found = self.connection().query_row(query, [], |row| row.get(0));
                let found: i64 = found.expect("the table is there");
                found.unsigned_abs()
            }
            Backend::MongoDb(database) => {
                let feed = database.collection("portcullis_feed");
                let rows = feed.count_documents(doc! {}).await;
                rows.expect("the server is there")
            }
        }
    }

    /// Posts a job that no version before a later one does. It is due now, and expires after `seconds`.
    pub async fn post_job_of_a_later_version(&self, seconds: i64) {
        let now = self.now().as_millis();
        let expires = now + seconds * 1000;
        match self.backend() {
            Backend::Sqlite => {
                let statement =
                    "INSERT INTO jobs (id, kind, body, not_before, free_from, expires, tries)
                    VALUES (randomblob(16), 'later', x'01', ?1, ?1, ?2, 0)";
                let posted = self.connection().execute(statement, params![now, expires]);
                posted.expect("it can be written");
            }
            Backend::MongoDb(database) => {
                let date = |millis| Bson::DateTime(DateTime::from_millis(millis));
                let job = doc! {
                    "kind": "later", "body": "?", "tries": 0,
                    "not_before": date(now), "free_from": date(now), "expires_at": date(expires),
                };
                let jobs = database.collection("portcullis_jobs");
                jobs.insert_one(job).await.expect("it can be written");
            }
        }
    }

    async fn change(&self, name: &str, column: &str, field: &str, value: Option<&str>) {
        let changed = match self.backend() {
            Backend::Sqlite => {
                let statement = format!("UPDATE users SET {column} = ?2 WHERE username = ?1");
                let changed = self.connection().execute(&statement, params![name, value]);
                changed.expect("it can be written") as u64
            }
            Backend::MongoDb(database) => {
                let value = value.map_or(Bson::Null, Bson::from);
                let update = doc! { "$set": { field: value } };
                let users = database.collection("users");
                let changed = users.update_one(doc! { "username": name }, update).await;
                changed.expect("it can be written").matched_count
            }
        };
        assert_eq!(changed, 1, "the account is there");
    }

    fn connection(&self) -> Connection {
        let connection = Connection::open(self.folder().join("data/portcullis.db"));
        let connection = connection.expect("the file is there");
        connection
            .busy_timeout(std::time::Duration::from_secs(30))
            .expect("it is a time");
        connection
    }
}

async fn user(database: &Database, name: &str) -> Document {
    let users = database.collection("users");
    let found = users.find_one(doc! { "username": name }).await;
    found
        .expect("the server is there")
        .expect("the account is there")
}
