-- Guesses at a password: one row for each budget that was used lately, whether its account exists or not.
CREATE TABLE login_attempts (
    -- A keyed hash of what was typed.
    key          BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 32),
    failures     INTEGER NOT NULL CHECK (failures >= 0),
    consecutive  INTEGER NOT NULL CHECK (consecutive >= 0),
    last_failure INTEGER NOT NULL,
    run          INTEGER NOT NULL CHECK (run >= 0),
    version      INTEGER NOT NULL CHECK (version >= 0),
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_attempts_by_end ON login_attempts (expires_at);
