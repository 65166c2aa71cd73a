//! What an operation may do: change rows, and tell the feed of it.

use model::Timestamp;
use rusqlite::Connection;
use storage::{Error, FeedEntry, FeedRow, Tells};

use crate::feed;

/// The inside of a transaction.
pub(crate) struct Change<'a> {
    connection: &'a Connection,
    told: Vec<FeedRow>,
}

impl<'a> Change<'a> {
    /// Changes through `connection`, which is inside a transaction.
    pub(super) const fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            told: Vec::new(),
        }
    }

    /// The connection.
    pub(crate) const fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// Writes an entry to the feed. The listeners of this process have it before the operation is
    /// answered.
    pub(crate) fn tell(&mut self, entry: FeedEntry, until: Timestamp) -> Result<(), Error> {
        let row = FeedRow { entry, until };
        feed::insert(self.connection, &row)?;
        self.told.push(row);
        Ok(())
    }

    /// The same for everything that a change tells.
    pub(crate) fn tell_all(&mut self, tells: Tells) -> Result<(), Error> {
        let mut rows = tells.into_rows().into_iter();
        rows.try_for_each(|row| self.tell(row.entry, row.until))
    }

    /// What the feed was told.
    pub(super) fn into_told(self) -> Vec<FeedRow> {
        self.told
    }
}
