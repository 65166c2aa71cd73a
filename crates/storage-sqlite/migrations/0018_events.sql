-- What happened to accounts: a chain for each, whose links stay for a while after the account is gone, without their content.
CREATE TABLE events (
    user TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    salt BLOB,
    content TEXT,
    digest BLOB NOT NULL,
    key BLOB NOT NULL,
    tag BLOB NOT NULL,
    PRIMARY KEY (user, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_at ON events (at, user);
-- The last link of each account's chain.
CREATE TABLE event_heads (
    user TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    tag BLOB NOT NULL,
    seal_key BLOB NOT NULL,
    seal BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- The last link of each chain that was removed for its age.
CREATE TABLE event_anchors (
    user TEXT PRIMARY KEY NOT NULL,
    number INTEGER NOT NULL,
    tag BLOB NOT NULL,
    seal_key BLOB NOT NULL,
    seal BLOB NOT NULL
) STRICT, WITHOUT ROWID;
