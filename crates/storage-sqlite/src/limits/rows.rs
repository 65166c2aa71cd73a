//! Table `rate_limits`.

use ratelimit::{Entry, Key, State, Timestamp, Worth};
use rusqlite::Connection;
use storage::Error;

use crate::query::{all, execute, first, integer};

const TABLE: &str = "rate_limits";

/// The bytes of a key.
pub(super) type KeyBytes = [u8; 16];

/// The first key: every other one is behind it.
pub(super) const FIRST: KeyBytes = [0; 16];

/// A place among the counters of one worth, in the order in which they are read: those that expire last
/// come first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    expires: i64,
    key: KeyBytes,
}

impl Place {
    /// Before all others.
    pub(super) const START: Self = Self {
        expires: i64::MAX,
        key: [u8::MAX; 16],
    };
}

/// The next `limit` counters of `worth` that count at `now`, and where each is. `None` for one that
/// can't be read: it would stop the start for the sake of a count.
pub(super) fn read(
    connection: &Connection,
    worth: Worth,
    now: Timestamp,
    after: Place,
    limit: usize,
) -> Result<Vec<(Place, Option<Entry>)>, Error> {
    all(
        connection,
        TABLE,
        "SELECT key, state, expires FROM rate_limits
         WHERE worth = ?1 AND expires > ?2 AND (expires, key) < (?3, ?4)
         ORDER BY expires DESC, key DESC LIMIT ?5",
        (
            worth.number(),
            integer(now.as_micros()),
            after.expires,
            after.key,
            integer(limit as u64),
        ),
        |columns| {
            let key: KeyBytes = columns.get("key")?;
            let state: Vec<u8> = columns.get("state")?;
            let expires = columns.unsigned("expires")?;
            let entry = State::from_bytes(&state).map(|state| Entry {
                key: Key::from_bytes(key),
                expires: Timestamp::from_micros(expires),
                worth,
                state,
            });
            let expires = integer(expires);
            Ok((Place { expires, key }, entry))
        },
    )
}

/// How many counters there are.
pub(super) fn count(connection: &Connection) -> Result<usize, Error> {
    let sql = "SELECT count(*) AS counters FROM rate_limits";
    let found = first(connection, TABLE, sql, (), |columns| {
        columns.unsigned("counters")
    })?;
    Ok(usize::try_from(found.unwrap_or_default()).unwrap_or(usize::MAX))
}

/// The next `limit` keys behind `after`, in order.
pub(super) fn keys(
    connection: &Connection,
    after: KeyBytes,
    limit: usize,
) -> Result<Vec<KeyBytes>, Error> {
    let sql = "SELECT key FROM rate_limits WHERE key > ?1 ORDER BY key LIMIT ?2";
    all(
        connection,
        TABLE,
        sql,
        (after, integer(limit as u64)),
        |columns| columns.get("key"),
    )
}

/// Writes a counter, in place of what was written of it before.
pub(super) fn save(connection: &Connection, entry: &Entry) -> Result<(), Error> {
    let sql = "INSERT INTO rate_limits (key, state, expires, worth) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (key) DO UPDATE
               SET state = excluded.state, expires = excluded.expires, worth = excluded.worth";
    let row = (
        entry.key.as_bytes(),
        entry.state.to_bytes(),
        integer(entry.expires.as_micros()),
        entry.worth.number(),
    );
    execute(connection, sql, row).map(drop)
}

/// Deletes a counter.
pub(super) fn delete(connection: &Connection, key: KeyBytes) -> Result<(), Error> {
    let sql = "DELETE FROM rate_limits WHERE key = ?1";
    execute(connection, sql, [key]).map(drop)
}

/// Deletes at the most `limit` counters that have expired at `now` (milliseconds), and says how many.
pub(crate) fn sweep(
    connection: &Connection,
    now: model::Timestamp,
    limit: u32,
) -> Result<usize, Error> {
    let now = now.as_millis().saturating_mul(1000);
    let mut swept = 0;
    for worth in Worth::DESCENDING {
        let left = limit.saturating_sub(u32::try_from(swept).unwrap_or(limit));
        swept += execute(
            connection,
            "DELETE FROM rate_limits WHERE key IN
             (SELECT key FROM rate_limits WHERE worth = ?1 AND expires <= ?2 ORDER BY expires LIMIT ?3)",
            (worth.number(), now, left),
        )?;
    }
    Ok(swept)
}
