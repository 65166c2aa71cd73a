//! Limits on the number of requests.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// Whether requests are limited. Switched off, nothing but the budgets for failed sign-ins stands
    /// between a program and as many requests as it can send.
    RATELIMIT_ENABLED = "RATELIMIT_ENABLED", Limits, Kind::Switch, Fallback::Value("true");

    /// The limits of each route for each client address that is not signed in, in Flask-Limiter's
    /// notation: `200 per day; 20 per hour`. An IPv6 client is its /64. Unknown routes and wrong methods
    /// count as one route, and so do requests to the API that any page of another site could have a browser send
    /// and that are refused for it (no JSON, no token); forms that no page of ours sent count as looks at pages.
    /// What `RateLimit` and `RateLimit-Policy` call each limit stands in errors.md, `rate_limited`. Health,
    /// keys and the description of the interface are exempt.
    RATELIMIT_DEFAULT = "RATELIMIT_DEFAULT", Limits, Kind::Limits, Fallback::Value("200 per day;20 per hour");

    /// How requests are counted.
    RATELIMIT_STRATEGY = "RATELIMIT_STRATEGY", Limits, Kind::Choice(&["fixed-window", "moving-window", "sliding-window-counter"]), Fallback::Value("fixed-window");

    /// The limits of each signed-in user, over all routes and clients together.
    RATELIMIT_USER = "PORTCULLIS_RATELIMIT_USER", Limits, Kind::Limits, Fallback::Value("600 per minute");

    /// How often each signed-in user may have a password checked: to confirm who they are and to change the password,
    /// in the API and on the pages together.
    RATELIMIT_HASHING = "PORTCULLIS_RATELIMIT_HASHING", Limits, Kind::Limits, Fallback::Value("20 per 15 minutes");

    /// How often each user may sign in, from all clients together. A sign-in counts here once the password has
    /// proven right, and then no longer in the limits of its client address. Once failures have used up the limits
    /// of an address, right passwords are refused there, too.
    RATELIMIT_SIGNIN = "PORTCULLIS_RATELIMIT_SIGNIN", Limits, Kind::Limits, Fallback::Value("60 per hour");

    /// The limits of each client address for looking at pages, all pages together.
    RATELIMIT_PAGES = "PORTCULLIS_RATELIMIT_PAGES", Limits, Kind::Limits, Fallback::Value("600 per minute");

    /// How many answers may reveal that a name or an address is taken, to each client address and to each
    /// signed-in user: at registration, at the confirmation of a sign-up and at changes of one's own name and
    /// address, in the API and on the pages together. A change that is made counts, too, since what was there before stays reserved; nothing else
    /// does. Who has had so many is refused with 429 whatever they ask for there; who
    /// is signed in, by either of the two, so that those who share an address share its count.
    RATELIMIT_TAKEN = "PORTCULLIS_RATELIMIT_TAKEN", Limits, Kind::Limits, Fallback::Value("20 per hour");
}
