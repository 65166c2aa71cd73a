-- How the owner of a session has proven who they are when it was opened: the methods by their names in RFC 8176,
-- with blanks between them, the level and the time. And how they have last done so for the browser's cookie, in
-- place of until when that is fresh, which is ten minutes after it. Until now there was nothing but passwords.
ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd';
ALTER TABLE sessions ADD COLUMN level INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sessions ADD COLUMN authenticated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cookie_methods TEXT;
ALTER TABLE sessions ADD COLUMN cookie_level INTEGER;
ALTER TABLE sessions RENAME COLUMN cookie_fresh_until TO cookie_authenticated_at;

UPDATE sessions SET authenticated_at = created_at;
UPDATE sessions SET cookie_methods = 'pwd', cookie_level = 1,
    cookie_authenticated_at = cookie_authenticated_at - 600000
WHERE cookie IS NOT NULL;
