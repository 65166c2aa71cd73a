-- What is handed out once and expires. Only the hash of what a client carries is here. Spent ones stay until they expire.
CREATE TABLE tickets (
    hash    BLOB PRIMARY KEY NOT NULL,
    kind    TEXT NOT NULL,
    owner   TEXT REFERENCES users (id) ON DELETE CASCADE,
    -- JSON.
    body    TEXT NOT NULL,
    expires INTEGER NOT NULL,
    spent   INTEGER NOT NULL CHECK (spent IN (0, 1))
) STRICT;

CREATE INDEX tickets_by_owner ON tickets (owner, kind) WHERE owner IS NOT NULL;
CREATE INDEX tickets_by_end ON tickets (expires);

-- What somebody owns, or is found by a key: one of each number within its kind. A key is a SHA-256.
CREATE TABLE records (
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    owner   TEXT REFERENCES users (id) ON DELETE CASCADE,
    key_1   BLOB,
    key_2   BLOB,
    version INTEGER NOT NULL CHECK (version > 0),
    -- JSON.
    body    TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE UNIQUE INDEX records_by_key_1 ON records (kind, key_1) WHERE key_1 IS NOT NULL;
CREATE UNIQUE INDEX records_by_key_2 ON records (kind, key_2) WHERE key_2 IS NOT NULL;
CREATE INDEX records_by_owner ON records (owner, kind, id) WHERE owner IS NOT NULL;

-- Any kind may stand in the feed: one that a version does not know it takes in by its effect.
CREATE TABLE next_feed (
    n        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    -- The token, the session or the account; empty where nobody is concerned.
    subject  TEXT NOT NULL,
    -- Of kind 'generation' only.
    minimum  INTEGER,
    keep     TEXT,
    until    INTEGER NOT NULL,
    -- What it does at the least ('refuse', 'forget', 'ignore'), and what the subject is ('token', 'session', 'user').
    effect   TEXT,
    concerns TEXT,
    -- What else it says to those who know the kind.
    detail   TEXT
) STRICT;

INSERT INTO next_feed (n, kind, subject, minimum, keep, until, effect, concerns)
    SELECT n, kind, subject, minimum, keep, until,
           CASE kind WHEN 'changed' THEN 'forget' ELSE 'refuse' END,
           CASE kind WHEN 'token' THEN 'token' WHEN 'session' THEN 'session' ELSE 'user' END
    FROM feed;

-- No number is used again, whatever has been swept.
DELETE FROM sqlite_sequence WHERE name = 'next_feed';
INSERT INTO sqlite_sequence (name, seq) SELECT 'next_feed', seq FROM sqlite_sequence WHERE name = 'feed';

DROP TABLE feed;
ALTER TABLE next_feed RENAME TO feed;
CREATE INDEX feed_by_end ON feed (until);
