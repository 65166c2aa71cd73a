-- When an account is deleted whose owner wants that. Until then its owner can come back.
ALTER TABLE users ADD COLUMN closes_at INTEGER;
CREATE INDEX users_closing ON users (closes_at) WHERE closes_at IS NOT NULL;
