//! What somebody does by hand to the events of an account.

use mongodb::bson::{DateTime, Document, doc};
use rusqlite::Connection;

use crate::TestApp;
use crate::app::Backend;

impl TestApp {
    /// Removes an event of an account.
    pub async fn remove_event(&self, user: &str, number: i64) {
        let sql = "DELETE FROM events WHERE user = ?1 AND number = ?2";
        match self.backend() {
            Backend::Sqlite => self.by_hand(sql, user, number),
            Backend::MongoDb(database) => {
                let events = database.collection("portcullis_events");
                let removed = events.delete_one(the(user, number)).await;
                assert_eq!(removed.expect("it can be").deleted_count, 1);
            }
        }
    }

    /// Makes an event of an account say something else.
    pub async fn rewrite_event(&self, user: &str, number: i64) {
        let content = r#"{"event":"sign_out"}"#;
        let sql = "UPDATE events SET content = '{\"event\":\"sign_out\"}' WHERE user = ?1 AND number = ?2";
        match self.backend() {
            Backend::Sqlite => self.by_hand(sql, user, number),
            Backend::MongoDb(database) => {
                let events = database.collection("portcullis_events");
                let set = doc! { "$set": { "content": content } };
                let rewritten = events.update_one(the(user, number), set).await;
                assert_eq!(rewritten.expect("it can be").modified_count, 1);
            }
        }
    }

    /// Makes an event of an account look as if it were very old.
    pub async fn age_event(&self, user: &str, number: i64) {
        let sql = "UPDATE events SET at = 0 WHERE user = ?1 AND number = ?2";
        match self.backend() {
            Backend::Sqlite => self.by_hand(sql, user, number),
            Backend::MongoDb(database) => {
                let set = doc! { "$set": { "at": DateTime::from_millis(0) } };
                let events = database.collection("portcullis_events");
                let aged = events.update_one(the(user, number), set).await;
                assert_eq!(aged.expect("it can be").modified_count, 1);
            }
        }
    }

    /// Puts something else in the place of the digest of an event.
    pub async fn garble_event(&self, user: &str, number: i64) {
        let sql = "UPDATE events SET digest = x'00' WHERE user = ?1 AND number = ?2";
        match self.backend() {
            Backend::Sqlite => self.by_hand(sql, user, number),
            Backend::MongoDb(database) => {
                let set = doc! { "$set": { "digest": 7 } };
                let events = database.collection("portcullis_events");
                let garbled = events.update_one(the(user, number), set).await;
                assert_eq!(garbled.expect("it can be").modified_count, 1);
            }
        }
    }

    /// Notes another event as the last one of an account, as somebody can who has not the key.
    pub async fn forge_last_event(&self, user: &str, number: i64) {
        let sql = "UPDATE event_heads SET number = ?2,
            tag = (SELECT tag FROM events WHERE user = ?1 AND number = ?2) WHERE user = ?1";
        match self.backend() {
            Backend::Sqlite => self.by_hand(sql, user, number),
            Backend::MongoDb(database) => {
                let events = database.collection("portcullis_events");
                let found = events.find_one(the(user, number)).await;
                let found = found.expect("it can be read").expect("it is there");
                let set = doc! { "$set": {
                    "portcullis_events.number": number,
                    "portcullis_events.tag": found.get("tag").expect("it has one"),
                } };
                let users = database.collection("users");
                let forged = users.update_one(doc! { "_id": user }, set).await;
                assert_eq!(forged.expect("it can be").modified_count, 1);
            }
        }
    }

    fn by_hand(&self, sql: &str, user: &str, number: i64) {
        let file = Connection::open(self.folder().join("data/portcullis.db"));
        let changed = file.expect("it is there").execute(sql, (user, number));
        assert_eq!(changed.expect("it can be"), 1);
    }
}

fn the(user: &str, number: i64) -> Document {
    doc! { "user": user, "number": number }
}
