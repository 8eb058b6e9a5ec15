-- Pairs of records that may be one thing: who decided what, so that nobody is asked twice.

CREATE TABLE match_pair (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object text NOT NULL,
    left_system text COLLATE "C" NOT NULL,
    left_identifier text COLLATE "C" NOT NULL,
    right_system text COLLATE "C" NOT NULL,
    right_identifier text COLLATE "C" NOT NULL,
    score double precision NOT NULL,
    state text NOT NULL CHECK (state IN ('ask', 'same', 'different')),
    left_values jsonb,  -- both and the evidence: only while somebody is asked; a decision empties them
    right_values jsonb,
    evidence jsonb,
    found_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    decided_by text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    UNIQUE (object, left_system, left_identifier, right_system, right_identifier),
    CHECK ((left_system, left_identifier) < (right_system, right_identifier)),
    CHECK ((state = 'ask') = (decided_at IS NULL))
);
CREATE INDEX match_pair_asked ON match_pair (object, score DESC, id) WHERE state = 'ask';
