-- The second factors of accounts: what is shared with an app, encrypted, and the hashes of the codes for whoever has lost it.
CREATE TABLE second_factors (
    user TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    enrolled INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE recovery_codes (
    user TEXT NOT NULL REFERENCES second_factors (user) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    PRIMARY KEY (user, hash)
) STRICT, WITHOUT ROWID;
