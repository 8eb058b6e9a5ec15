-- What two records say is stored as payloads are, sealed where it is of persons; and a question may be one of one to one.

-- What was asked about persons until now is readable here: it goes, and the next run of a match asks it again.
DELETE FROM match_pair WHERE state = 'ask' AND object IN ('patient_account', 'employee');

ALTER TABLE match_pair
    ADD COLUMN place uuid,                          -- that the values are sealed for, and its day; null: it is decided
    ADD COLUMN codec smallint NOT NULL DEFAULT 0,
    ADD COLUMN body bytea NOT NULL DEFAULT '',      -- [left, right], stored as payloads are; a decision empties it
    ADD COLUMN one_to_one boolean NOT NULL DEFAULT false;  -- where these are one, neither is one with another
UPDATE match_pair SET place = gen_random_uuid(),
    body = convert_to(jsonb_build_array(left_values, right_values)::text, 'UTF8') WHERE state = 'ask';
ALTER TABLE match_pair
    DROP COLUMN left_values,
    DROP COLUMN right_values,
    ADD CHECK ((state = 'ask') = (place IS NOT NULL)),
    ADD CHECK (place IS NOT NULL OR body = '');
CREATE INDEX match_pair_place ON match_pair (place) WHERE place IS NOT NULL;
