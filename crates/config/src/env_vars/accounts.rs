//! Sessions, sign-up and passwords.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// For how many seconds (0 to 60) the same refresh token gets the same answer again after that answer has
    /// begun to leave, so that a client that lost it isn't signed out. Later use of the token ends the session.
    /// Until the answer leaves, while the store is away for instance, the token can be sent again
    /// without a bound; the token before it ends the session at any time.
    REFRESH_GRACE = "PORTCULLIS_REFRESH_GRACE", Sessions, Kind::Seconds { min: 0, max: 60 }, Fallback::Value("10");

    /// How long a session lasts at most, however often it is refreshed.
    SESSION_MAX_AGE = "PORTCULLIS_SESSION_MAX_AGE", Sessions, Kind::Seconds { min: 60, max: 34_560_000 }, Fallback::Value("7776000");

    /// For how long tokens are accepted without word from the store about what was revoked. After
    /// that, requests get 503.
    REVOCATION_MAX_STALENESS = "PORTCULLIS_REVOCATION_MAX_STALENESS", Sessions, Kind::Seconds { min: 2, max: 300 }, Fallback::Value("30");

    /// Whether people may create accounts for themselves.
    REGISTRATION = "PORTCULLIS_REGISTRATION", Accounts, Kind::Choice(&["open", "closed"]), Fallback::Value("open");

    /// How many seconds (0 to 7776000) an account whose owner deletes it waits until that is done: 2592000 is 30 days.
    /// Nobody can use it meanwhile, and its owner can come back (docs/deletion.md). With 0 it is deleted at once. Less than
    /// 604800, seven days, gives the owner less time than an undo of a change of the address has (docs/deletion.md).
    DELETION_GRACE = "PORTCULLIS_DELETION_GRACE", Accounts, Kind::Seconds { min: 0, max: 7_776_000 }, Fallback::Value("0");

    /// For how many whole days (0 to 3650) the store keeps what happened to each account: sign-ins, failures, changes
    /// (docs/events.md). With 0 nothing of it is kept there, and it is in the log only.
    EVENTS_DAYS = "PORTCULLIS_EVENTS_DAYS", Accounts, Kind::Number { min: 0, max: 3650 }, Fallback::Value("90");

    /// Whether every account must have a second factor (docs/second-factor.md). With `required` a sign-in to an account
    /// that has none enrols one before there is a session; sessions that are open go on, and nobody removes the last factor.
    MFA = "PORTCULLIS_MFA", Accounts, Kind::Choice(&["optional", "required"]), Fallback::Value("optional");

    /// For how many whole days (0 to 365) an account without a second factor may still sign in by the password alone where
    /// one is required, from its first sign-in under that rule. With 0 it enrols at that sign-in. Nothing that its owner does begins the days
    /// anew.
    MFA_GRACE = "PORTCULLIS_MFA_GRACE", Accounts, Kind::Number { min: 0, max: 365 }, Fallback::Value("0");

    /// For how many whole days (0 to 90) people may have a browser or an app remembered that has shown the second factor,
    /// and sign in there by the password alone. With 0 every sign-in asks for it, also where one was remembered before.
    MFA_REMEMBER = "PORTCULLIS_MFA_REMEMBER", Accounts, Kind::Number { min: 0, max: 90 }, Fallback::Value("0");

    /// The least number of characters of a new password. NIST SP 800-63B-4 §3.1.1 asks for 15 where
    /// a password is the only factor, and never less than 8.
    PASSWORD_MIN_LENGTH = "PORTCULLIS_PASSWORD_MIN_LENGTH", Accounts, Kind::Number { min: 8, max: 128 }, Fallback::Value("8");

    /// A list of passwords that are known from data breaches, which no new password may be (NIST SP 800-63B-4
    /// §3.1.1.2). `portcullis passwords build-list` builds one from published hashes. Without it only the 30,000 most
    /// common ones are refused, which are compiled in. A file that is missing, or is no such list, refuses the start; while
    /// it can't be read no new password is taken (503).
    BREACHED_FILE = "PORTCULLIS_BREACHED_FILE", Accounts, Kind::Path, Fallback::Described("unset");

    /// Whether an outdated password hash is replaced by Argon2id when its owner signs in. `false`
    /// while a Flask application still signs in the same users: stored hashes stay as they are, and
    /// new passwords get the hash that Werkzeug writes (`scrypt:32768:8:1$…`). Set it before the first
    /// start: what has become Argon2id stays that, and Werkzeug can't read it.
    HASH_UPGRADE = "PORTCULLIS_HASH_UPGRADE", Accounts, Kind::Switch, Fallback::Value("true");

    /// Whether a password of more than 72 bytes is cut there before it is held against a bcrypt hash, as
    /// PHP, Ruby, Node and Python's bcrypt before 5.0 did. Without it such a password does not match, and
    /// its owner can't sign in. With it any text that begins with the same 72 bytes signs in, until the
    /// hash has been upgraded: at the first sign-in, with the whole of what was typed then.
    BCRYPT_TRUNCATE = "PORTCULLIS_BCRYPT_TRUNCATE", Accounts, Kind::Switch, Fallback::Value("false");

    /// Devise's `pepper` (`config.pepper`), where the stored bcrypt hashes are those of a Rails application
    /// that has one. It holds for hashes that begin with `$2`, all of them.
    BCRYPT_PEPPER = "PORTCULLIS_BCRYPT_PEPPER", Accounts, Kind::ForeignSecret, Fallback::Described("unset");
}
