//! Settings that this version knows and doesn't carry out yet, so that a Flask application's `.env`
//! can be used as it is without being misled.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// The MongoDB to keep accounts in, instead of SQLite.
    MONGO_URI = "MONGO_URI", Storage, Kind::StoreUri, Fallback::Described("unset: SQLite"), status PlannedRefused;

    /// Whether requests are limited.
    RATELIMIT_ENABLED = "RATELIMIT_ENABLED", Limits, Kind::Switch, Fallback::Value("true"), status PlannedNotice;

    /// The limits for each route and client address, in Flask-Limiter's notation.
    RATELIMIT_DEFAULT = "RATELIMIT_DEFAULT", Limits, Kind::Text, Fallback::Value("200 per day;20 per hour"), status PlannedNotice;

    /// How requests are counted.
    RATELIMIT_STRATEGY = "RATELIMIT_STRATEGY", Limits, Kind::Text, Fallback::Value("fixed-window"), status PlannedNotice;

    /// The limit for each signed-in user.
    RATELIMIT_USER = "PORTCULLIS_RATELIMIT_USER", Limits, Kind::Text, Fallback::Value("600 per minute"), status PlannedNotice;

    /// The limit for looking at pages.
    RATELIMIT_PAGES = "PORTCULLIS_RATELIMIT_PAGES", Limits, Kind::Text, Fallback::Value("600 per minute"), status PlannedNotice;
}
