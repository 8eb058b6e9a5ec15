-- Data keys of sealed payloads: one for each flow and day, or for one message that is kept longer than its day. A
-- shredded one keeps its row, without the key: what it sealed cannot be read any more, and when that was done is known.
CREATE TABLE data_key (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flow text NOT NULL,
    period date NOT NULL,                      -- the day, UTC, on which its messages were received
    message_id uuid,                           -- the one message that it is for
    wrapped bytea,                             -- sealed under the master key
    master_id text NOT NULL,                   -- which master key that was; made of the key, tells nothing about it
    created_at timestamptz NOT NULL DEFAULT now(),
    shredded_at timestamptz,
    CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL))
);
CREATE UNIQUE INDEX data_key_of ON data_key (flow, period) WHERE message_id IS NULL AND shredded_at IS NULL;
CREATE INDEX data_key_held ON data_key (message_id) WHERE message_id IS NOT NULL;

-- What flows say of their payloads, for processes that do not load them, and for flows that are gone.
CREATE TABLE payload_policy (
    flow text PRIMARY KEY,
    sealed boolean NOT NULL,
    retention text NOT NULL,                   -- ISO 8601 period
    data_class text NOT NULL,
    declared_at timestamptz NOT NULL DEFAULT now()
);

-- What is stored of each flow and day, counted once when the day is over, and when it was erased.
CREATE TABLE payload_day (
    flow text NOT NULL,
    day date NOT NULL,
    messages bigint NOT NULL,
    erased_at timestamptz,
    erased bigint NOT NULL DEFAULT 0,          -- messages whose payload was erased
    words text NOT NULL DEFAULT '',            -- by what rule: `the retention of the flow (P7Y)`
    cleared boolean NOT NULL DEFAULT false,    -- what was erased takes no room any more
    PRIMARY KEY (flow, day)
);
CREATE INDEX payload_day_kept ON payload_day (day) WHERE NOT cleared;

-- What retention leaves alone, and why: one message, or a whole flow.
CREATE TABLE legal_hold (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flow text NOT NULL,
    message_id uuid,                           -- null: every message of the flow
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    released_at timestamptz,
    released_by text NOT NULL DEFAULT '',
    erased_at timestamptz                      -- when its payload went, after it was released
);
CREATE UNIQUE INDEX legal_hold_now ON legal_hold (flow, message_id) NULLS NOT DISTINCT WHERE released_at IS NULL;
CREATE INDEX legal_hold_message ON legal_hold (message_id);
