-- Names and addresses that an account has let go of, and nobody else gets for a while. Both marks are
-- HMACs: neither the name nor the account can be read from them.
CREATE TABLE released_names (
    name  TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX released_names_by_end ON released_names (until);
