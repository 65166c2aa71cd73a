-- Most sessions have no cookie: the API opened them, and they need no entry here.
DROP INDEX sessions_by_cookie;

CREATE UNIQUE INDEX sessions_by_cookie ON sessions (cookie) WHERE cookie IS NOT NULL;
