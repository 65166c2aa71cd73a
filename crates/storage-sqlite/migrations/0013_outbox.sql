-- Work to be done later. One that is done is here until it expires if it has a key, so that the same is not done twice.
CREATE TABLE jobs (
    id         BLOB PRIMARY KEY NOT NULL,
    kind       TEXT NOT NULL,
    -- A keyed hash: one of each within its kind.
    key        BLOB,
    owner      TEXT REFERENCES users (id) ON DELETE CASCADE,
    -- Encrypted. NULL, like not_before, once it is done.
    body       BLOB,
    not_before INTEGER CHECK ((not_before IS NULL) = (body IS NULL)),
    -- not_before, or the end of the lease while it is claimed.
    free_from  INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    tries      INTEGER NOT NULL CHECK (tries >= 0),
    -- The number of the try that has claimed it.
    claim      INTEGER,
    -- Why it was not done the last time: a short code.
    error      TEXT
) STRICT;

CREATE UNIQUE INDEX jobs_by_key ON jobs (kind, key) WHERE key IS NOT NULL;
CREATE INDEX jobs_by_owner ON jobs (owner) WHERE owner IS NOT NULL;
CREATE INDEX jobs_by_end ON jobs (expires);
CREATE INDEX jobs_to_do ON jobs (not_before, free_from, expires, kind) WHERE not_before IS NOT NULL;
