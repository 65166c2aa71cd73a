//! Tokens without a session that were used up.

use model::Timestamp;
use rusqlite::Connection;
use storage::{Error, FeedEntry, SpentToken};

use crate::query::execute;
use crate::writer::Change;

/// Spends a token and tells the feed; `false` when it was spent before.
pub(crate) fn spend(
    change: &mut Change<'_>,
    SpentToken { id, until }: SpentToken,
) -> Result<bool, Error> {
    let noted = execute(
        change.connection(),
        "INSERT INTO spent_tokens (id, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        (id.as_str(), until.as_millis()),
    )?;
    if noted == 0 {
        return Ok(false);
    }
    change.tell(FeedEntry::Token(id), until)?;
    Ok(true)
}

/// Removes at the most `limit` rows that have run out, and says how many.
pub(crate) fn sweep(connection: &Connection, now: Timestamp, limit: u32) -> Result<usize, Error> {
    execute(
        connection,
        "DELETE FROM spent_tokens WHERE id IN
         (SELECT id FROM spent_tokens WHERE until <= ?1 ORDER BY until LIMIT ?2)",
        (now.as_millis(), limit),
    )
}
