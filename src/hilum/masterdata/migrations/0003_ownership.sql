-- What is in force of each governed object, what each system is known to show of it, and what was decided about changes.

CREATE TABLE governed (
    object text NOT NULL,
    key text NOT NULL,                    -- its business key
    state jsonb NOT NULL DEFAULT '{}',    -- by field: fingerprints of what is in force, shown and written; no values
    message_id uuid,                      -- place that the values are sealed for; none: there are none
    ordinal smallint NOT NULL DEFAULT 0,
    codec smallint NOT NULL DEFAULT 0,
    body bytea NOT NULL DEFAULT '',       -- the values in force, as JSON; stored as payloads are
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (object, key)
);

CREATE TABLE ownership_decision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    message_id uuid NOT NULL,
    flow text NOT NULL,
    object text NOT NULL,
    key text NOT NULL,
    field text NOT NULL,                  -- empty: the object as a whole
    verdict text NOT NULL CHECK (verdict IN ('echo', 'ignored', 'refused', 'held', 'won', 'kept', 'stale', 'accepted')),
    system text NOT NULL,                 -- who made the change
    other text NOT NULL DEFAULT '',       -- whose value was in force
    owner text NOT NULL DEFAULT '',
    words text NOT NULL DEFAULT '',
    ordinal smallint NOT NULL,            -- place that the values are sealed for, beside the message
    codec smallint NOT NULL DEFAULT 0,
    body bytea NOT NULL DEFAULT ''        -- {"old", "new"}, stored as payloads are
);
CREATE INDEX ownership_decision_message ON ownership_decision (message_id);
CREATE INDEX ownership_decision_object ON ownership_decision (object, key, id);
CREATE INDEX ownership_decision_refused ON ownership_decision (id) WHERE verdict <> 'echo';

CREATE TABLE ownership_grant (            -- changes that a steward let through
    message_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    words text NOT NULL
);

INSERT INTO fact (name, value) VALUES ('fingerprint_key', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))
    ON CONFLICT DO NOTHING;
