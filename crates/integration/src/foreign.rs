//! What foreign software does to the store, beside the running server.

use rusqlite::{Connection, params};

use crate::{Backend, TestApp};

impl TestApp {
    /// Puts another hash in the place of the one that `name` has.
    #[expect(
        clippy::unused_async,
        reason = "other backends are reached over a network"
    )]
    pub async fn store_hash(&self, name: &str, hash: &str) {
        self.change("UPDATE users SET hash = ?2 WHERE username = ?1", name, hash);
    }

    /// Puts another address in the place of the one that `name` has.
    #[expect(
        clippy::unused_async,
        reason = "other backends are reached over a network"
    )]
    pub async fn store_email(&self, name: &str, email: &str) {
        self.change(
            "UPDATE users SET email = ?2 WHERE username = ?1",
            name,
            email,
        );
    }

    /// Gives the account of `name`, which never signed in, another id: an imported account keeps the
    /// one it had.
    #[expect(
        clippy::unused_async,
        reason = "other backends are reached over a network"
    )]
    pub async fn store_id(&self, name: &str, id: &str) {
        self.change("UPDATE users SET id = ?2 WHERE username = ?1", name, id);
    }

    /// Makes the account of `name` unreadable.
    #[expect(
        clippy::unused_async,
        reason = "other backends are reached over a network"
    )]
    pub async fn break_account(&self, name: &str) {
        self.change("UPDATE users SET keep = ?2 WHERE username = ?1", name, "?");
    }

    /// Makes it readable again.
    #[expect(
        clippy::unused_async,
        reason = "other backends are reached over a network"
    )]
    pub async fn mend_account(&self, name: &str) {
        self.change(
            "UPDATE users SET keep = nullif(?2, ?2) WHERE username = ?1",
            name,
            "?",
        );
    }

    /// The hash that `name` has.
    #[expect(
        clippy::unused_async,
        reason = "other backends are reached over a network"
    )]
    pub async fn stored_hash(&self, name: &str) -> String {
        let query = "SELECT hash FROM users WHERE username = ?1";
        let found = self.connection().query_row(query, [name], |row| row.get(0));
        found.expect("the account is there")
    }

    /// How many revocations the store remembers.
    #[expect(
        clippy::unused_async,
        reason = "other backends are reached over a network"
    )]
    pub async fn remembered_revocations(&self) -> u64 {
        let query = "SELECT count(*) FROM feed";
        let found: i64 = self
            .connection()
            .query_row(query, [], |row| row.get(0))
            .expect("the table is there");
        found.unsigned_abs()
    }

    fn change(&self, statement: &str, name: &str, value: &str) {
        let changed = self.connection().execute(statement, params![name, value]);
        assert_eq!(
            changed.expect("it can be written"),
            1,
            "the account is there"
        );
    }

    fn connection(&self) -> Connection {
        match self.backend() {
            Backend::Sqlite => {
                let connection = Connection::open(self.folder().join("data/portcullis.db"));
                let connection = connection.expect("the file is there");
                connection
                    .busy_timeout(std::time::Duration::from_secs(30))
                    .expect("it is a time");
                connection
            }
        }
    }
}
