-- Records that flows bring are compared when they arrive: with what is known of each thing, and those in doubt wait.

CREATE TABLE match_record (  -- what one system says of a thing, as far as it counts
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object text NOT NULL,
    system text NOT NULL,
    identifier text NOT NULL,
    place uuid NOT NULL,      -- that the values are sealed for, and its day
    codec smallint NOT NULL,
    body bytea NOT NULL,      -- the values as JSON, stored as payloads are
    seen_on date NOT NULL DEFAULT current_date,
    UNIQUE (object, system, identifier)
);
CREATE INDEX match_record_place ON match_record (place);
CREATE INDEX match_record_seen ON match_record (seen_on);

CREATE TABLE match_block (  -- records that share a block are compared
    block bigint NOT NULL,  -- keyed fingerprint of the kind and of what its records have in common
    record bigint NOT NULL REFERENCES match_record (id) ON DELETE CASCADE,
    PRIMARY KEY (block, record)
);
CREATE INDEX match_block_record ON match_block (record);

CREATE TABLE match_arrival (  -- a record of which a person says what it is; its messages are held meanwhile
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object text NOT NULL,
    system text NOT NULL,
    identifier text NOT NULL,
    flow text NOT NULL,       -- that brought it first
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'same', 'new', 'known')),  -- known: it was linked meanwhile
    asked_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    decided_by text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX match_arrival_open ON match_arrival (object, system, identifier) WHERE state = 'open';

ALTER TABLE match_pair ADD COLUMN arrival bigint REFERENCES match_arrival (id);  -- it is asked about as a part of that
CREATE INDEX match_pair_right ON match_pair (object, right_system, right_identifier);
CREATE INDEX match_pair_arrival ON match_pair (arrival) WHERE arrival IS NOT NULL;

CREATE FUNCTION golden_root(bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up (id, into_) AS (
        SELECT id, merged_into FROM golden WHERE id = $1
        UNION ALL SELECT g.id, g.merged_into FROM golden g JOIN up ON g.id = up.into_
    ) SELECT id FROM up WHERE into_ IS NULL
$$;  -- the thing that it turned out to be, after all merges
