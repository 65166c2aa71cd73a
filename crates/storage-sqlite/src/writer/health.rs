//! Whether the last that was heard of the disk was good.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use storage::Error;

use crate::error::Failure;
use crate::query::execute;

/// The trouble that the writing thread is in, for whoever asks.
#[derive(Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Option<Failure>>>);

impl Health {
    /// The present trouble.
    pub(crate) fn trouble(&self) -> Option<Failure> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes trouble, or that it is over.
    pub(super) fn set(&self, trouble: Option<Failure>) {
        let mut present = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*present, &trouble) {
            (None, Some(failure)) => {
                tracing::error!(error = %failure.to_error(), "the store can't be written");
            }
            (Some(_), None) => tracing::info!("the store can be written again"),
            _ => {}
        }
        *present = trouble;
    }
}

/// Writes a row of its own: when that is committed, the disk takes changes.
pub(super) fn prove(connection: &Connection) -> Result<(), Error> {
    execute(
        connection,
        "INSERT INTO meta (name, value) VALUES ('proofs', 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1",
        (),
    )
    .map(drop)
}
