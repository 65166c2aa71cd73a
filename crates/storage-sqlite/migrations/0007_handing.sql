-- The refresh token of a pair that is being handed out: until an answer with it has begun to leave, the token
-- before it may be repeated. And when the access token was issued, where that is later than the refresh token.
ALTER TABLE sessions ADD COLUMN handing TEXT;
ALTER TABLE sessions ADD COLUMN access_issued_at INTEGER;

UPDATE sessions SET access_issued_at = issued_at;
