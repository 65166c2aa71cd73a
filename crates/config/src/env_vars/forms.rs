//! The forms of the hosted pages.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// How long a form of the hosted pages may be sent after it was loaded. Later it is refused, and
    /// its page says to load it again.
    WTF_CSRF_TIME_LIMIT = "WTF_CSRF_TIME_LIMIT", Forms, Kind::Seconds { min: 1, max: 31_536_000 }, Fallback::Value("3600");
}
