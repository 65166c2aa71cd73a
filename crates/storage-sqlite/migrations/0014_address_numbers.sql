-- Which of its addresses an account has, and which changes of it may still be undone (JSON).
ALTER TABLE users ADD COLUMN address_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN undoable TEXT;
