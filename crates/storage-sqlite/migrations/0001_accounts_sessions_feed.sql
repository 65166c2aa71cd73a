-- Times are milliseconds since the Unix epoch, UTC; flags are 0 or 1.

CREATE TABLE users (
    id                   TEXT PRIMARY KEY NOT NULL,
    username             TEXT NOT NULL UNIQUE,
    -- What the name looks like; absent for an imported name that clashes with another.
    username_key         TEXT UNIQUE,
    -- The version of Unicode's tables that made the key: 180000 is 18.0.0.
    username_key_version INTEGER NOT NULL,
    email                TEXT NOT NULL,
    -- The address without case; absent for an imported address that clashes with another.
    email_key            TEXT UNIQUE,
    email_verified       INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    hash                 TEXT NOT NULL,
    -- What checking the hash costs; absent for a hash that can't be read.
    hash_kind            TEXT,
    generation           INTEGER NOT NULL CHECK (generation >= 0),
    keep                 TEXT,
    disabled             INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
) STRICT;

CREATE INDEX users_by_hash_kind ON users (hash_kind);

CREATE TABLE sessions (
    id              TEXT PRIMARY KEY NOT NULL,
    user            TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation      INTEGER NOT NULL CHECK (generation >= 0),
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    -- The earlier of expires_at and the end of the refresh token: over by age from then on.
    over_at         INTEGER NOT NULL,
    address         TEXT NOT NULL,
    agent           TEXT NOT NULL,
    -- The pair last issued. Its times are claims: seconds since the Unix epoch.
    access_jti      TEXT NOT NULL,
    refresh_jti     TEXT NOT NULL,
    access_csrf     TEXT NOT NULL,
    refresh_csrf    TEXT NOT NULL,
    issued_at       INTEGER NOT NULL,
    access_expires  INTEGER NOT NULL,
    refresh_expires INTEGER NOT NULL,
    fresh_until     INTEGER,
    -- The refresh token before it.
    previous_jti    TEXT,
    rotated_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user, created_at, id);
CREATE INDEX sessions_by_end ON sessions (over_at);

-- AUTOINCREMENT: a number is never used again, also after the row with the highest one has gone.
CREATE TABLE feed (
    n       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL CHECK (kind IN ('token', 'session', 'generation', 'closed', 'changed')),
    -- The token, the session or the account.
    subject TEXT NOT NULL,
    -- Of kind 'generation' only.
    minimum INTEGER,
    keep    TEXT,
    until   INTEGER NOT NULL
) STRICT;

CREATE INDEX feed_by_end ON feed (until);

CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
