-- Counters of rate limits, written behind by the server. A key stands for caller, route and quota, and
-- names none of them; the state is the bytes of ratelimit's State; the time is in microseconds.
CREATE TABLE rate_limits (
    key     BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 16),
    state   BLOB NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rate_limits_by_end ON rate_limits (expires);
