-- A keyed hash of what jobs have in common of which few run at once, such as the domain that mails go to.
ALTER TABLE jobs ADD COLUMN lane BLOB CHECK (lane IS NULL OR length(lane) = 16);

-- First tries are claimed before further ones.
CREATE INDEX jobs_to_claim ON jobs (tries > 0, not_before, free_from, expires, kind)
    WHERE not_before IS NOT NULL;
