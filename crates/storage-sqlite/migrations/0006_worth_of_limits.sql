-- What losing a counter would cost, 0 to 3: after a start the worthiest are read first. Those of before
-- count as hit once, until they are hit again.
ALTER TABLE rate_limits ADD COLUMN worth INTEGER NOT NULL DEFAULT 0 CHECK (worth BETWEEN 0 AND 3);

DROP INDEX rate_limits_by_end;

CREATE INDEX rate_limits_by_worth ON rate_limits (worth, expires, key);
