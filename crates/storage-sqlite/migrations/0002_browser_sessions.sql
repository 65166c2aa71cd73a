-- The SHA-256 of the cookie that leads a browser to its session, and until when its owner counts as
-- having proven who they are. Both are absent where the API opened the session.
ALTER TABLE sessions ADD COLUMN cookie BLOB CHECK (length(cookie) = 32);
ALTER TABLE sessions ADD COLUMN cookie_fresh_until INTEGER;

CREATE UNIQUE INDEX sessions_by_cookie ON sessions (cookie);
