//! One transaction for what is waiting.

use rusqlite::Connection;
use storage::FeedRow;

use super::Change;
use super::operation::{Operation, Performed};
use crate::error::Failure;

/// What a committed group leaves.
#[derive(Debug, Default)]
pub(super) struct Committed {
    /// What the listeners have to hear.
    pub(super) told: Vec<FeedRow>,
    /// Whether something was written, so that the disk was heard.
    pub(super) wrote: bool,
    /// The failure of an operation that did not take the group with it.
    pub(super) trouble: Option<Failure>,
}

/// Why nothing of a group was done.
#[derive(Debug)]
pub(super) enum NotCommitted {
    /// No transaction began, since another process holds the lock. The connection is good.
    Locked,
    /// An error within made SQLite undo the whole transaction. The connection is good.
    RolledBack(Failure),
    /// The transaction did not end as it should: the connection is not to be used again.
    Broken(Failure),
}

/// Performs each operation in a savepoint and commits once.
///
/// # Errors
/// When nothing was done: then every operation of the group answers the failure, also one that had
/// come to an end, since it was decided on changes that are undone.
pub(super) fn commit(
    connection: &Connection,
    group: &mut [Box<dyn Operation>],
) -> Result<Committed, NotCommitted> {
    run(connection, "BEGIN IMMEDIATE").map_err(|failure| match failure {
        Failure::Locked => NotCommitted::Locked,
        other => NotCommitted::Broken(other),
    })?;
    let before = connection.total_changes();
    let mut committed = Committed::default();
    for operation in group {
        perform(connection, &mut **operation, &mut committed)?;
    }
    committed.wrote = connection.total_changes() != before;
    run(connection, "COMMIT").map_err(NotCommitted::Broken)?;
    Ok(committed)
}

fn perform(
    connection: &Connection,
    operation: &mut dyn Operation,
    committed: &mut Committed,
) -> Result<(), NotCommitted> {
    run(connection, "SAVEPOINT operation").map_err(NotCommitted::Broken)?;
    let mut change = Change::new(connection);
    let performed = operation.perform(&mut change);
    // Some errors (a full disk, a failing one) make SQLite roll back by itself, and everything before
    // this operation has gone too: https://www.sqlite.org/lang_transaction.html, section 3.
    if connection.is_autocommit() {
        let failure = match performed {
            Performed::Undo(Some(failure)) => failure,
            Performed::Undo(None) | Performed::Keep => {
                Failure::Unavailable("the transaction was rolled back".to_owned())
            }
        };
        return Err(NotCommitted::RolledBack(failure));
    }
    match performed {
        Performed::Keep => committed.told.extend(change.into_told()),
        Performed::Undo(failure) => {
            run(connection, "ROLLBACK TO operation").map_err(NotCommitted::Broken)?;
            committed.trouble = failure.or(committed.trouble.take());
        }
    }
    run(connection, "RELEASE operation").map_err(NotCommitted::Broken)
}

fn run(connection: &Connection, sql: &str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}
