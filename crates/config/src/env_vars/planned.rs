//! Settings that this version knows and doesn't carry out yet, so that a Flask application's `.env`
//! can be used as it is without being misled.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// The MongoDB to keep accounts in, instead of SQLite.
    MONGO_URI = "MONGO_URI", Storage, Kind::StoreUri, Fallback::Described("unset: SQLite"), status PlannedRefused;

}
