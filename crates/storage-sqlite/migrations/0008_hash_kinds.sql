-- How many accounts have which kind of hash: a number that each change of an account keeps, instead of
-- an index that is read from end to end to count them.
CREATE TABLE hash_kinds (
    kind     TEXT PRIMARY KEY NOT NULL,
    accounts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO hash_kinds (kind, accounts)
    SELECT hash_kind, count(*) FROM users WHERE hash_kind IS NOT NULL GROUP BY hash_kind;

DROP INDEX users_by_hash_kind;

CREATE TRIGGER users_inserted AFTER INSERT ON users WHEN NEW.hash_kind IS NOT NULL
BEGIN
    INSERT INTO hash_kinds (kind, accounts) VALUES (NEW.hash_kind, 1)
        ON CONFLICT (kind) DO UPDATE SET accounts = accounts + 1;
END;

CREATE TRIGGER users_deleted AFTER DELETE ON users WHEN OLD.hash_kind IS NOT NULL
BEGIN
    UPDATE hash_kinds SET accounts = accounts - 1 WHERE kind = OLD.hash_kind;
END;

CREATE TRIGGER users_rehashed AFTER UPDATE OF hash_kind ON users WHEN OLD.hash_kind IS NOT NEW.hash_kind
BEGIN
    UPDATE hash_kinds SET accounts = accounts - 1 WHERE kind = OLD.hash_kind;
    INSERT INTO hash_kinds (kind, accounts) SELECT NEW.hash_kind, 1 WHERE NEW.hash_kind IS NOT NULL
        ON CONFLICT (kind) DO UPDATE SET accounts = accounts + 1;
END;
