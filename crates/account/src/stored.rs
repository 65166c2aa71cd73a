//! What is stored beside accounts and sessions: tickets and records, each a type of its own.
//!
//! A type is a [`storage::Purpose`] or a [`storage::Record`]; it stands in the file of the use case that it is for.

use storage::{Record, RecordsOf, TicketsAt};

use crate::Accounts;

impl Accounts {
    /// The tickets, as they are now.
    pub(crate) fn tickets(&self) -> TicketsAt<'_> {
        self.0.storage.tickets(self.0.clock.now())
    }

    /// The records that hold a `T`.
    pub(crate) fn records<T: Record>(&self) -> RecordsOf<'_, T> {
        self.0.storage.records()
    }
}
