-- Tokens that belong to no session (another application issued them) and were used up: traded for a
-- session, or signed out. A row goes when its token would be refused anyway.
CREATE TABLE spent_tokens (
    -- The token's jti.
    id    TEXT PRIMARY KEY NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX spent_tokens_by_end ON spent_tokens (until);
