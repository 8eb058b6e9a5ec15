-- Comparisons that somebody has asked to be made now. A row is there until the run that it asks for has ended.
CREATE TABLE comparison_asked (
    comparison text PRIMARY KEY,
    actor text NOT NULL,
    reason text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now()
);
-- What somebody has said of a difference: it is as it should be, until something else differs of the key.
ALTER TABLE comparison_difference
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN accepted_by text NOT NULL DEFAULT '',
    ADD COLUMN accepted_as text NOT NULL DEFAULT '',   -- theirs: the other side is right; known: both stay as they are
    ADD COLUMN accepted_why text NOT NULL DEFAULT '';
