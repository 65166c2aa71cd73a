//! What somebody does by hand to the events of an account.

use mongodb::bson::{Document, doc};
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

    fn by_hand(&self, sql: &str, user: &str, number: i64) {
        let file = Connection::open(self.folder().join("data/portcullis.db"));
        let changed = file.expect("it is there").execute(sql, (user, number));
        assert_eq!(changed.expect("it can be"), 1);
    }
}

fn the(user: &str, number: i64) -> Document {
    doc! { "user": user, "number": number }
}
