-- The journal. Two rules shape it: a row of the path is written once and updated once, and no index contains a column
-- that changes when a message is completed (so that this update stays a heap-only one).

CREATE TYPE message_state AS ENUM ('received', 'routed', 'completed', 'held', 'discarded');
CREATE TYPE delivery_state AS ENUM ('pending', 'waiting', 'delivered', 'held', 'cancelled');
CREATE TYPE priority AS ENUM ('urgent', 'normal', 'bulk');

-- The order of receipt. A message that was acknowledged has a smaller number than any that is received later.
CREATE SEQUENCE message_seq;

-- Message ids are UUIDv7: partitions by id are partitions by time of receipt.
CREATE TABLE message (
    id uuid NOT NULL,
    seq bigint NOT NULL DEFAULT nextval('message_seq'),
    flow text NOT NULL,
    state message_state NOT NULL DEFAULT 'received',
    lane smallint NOT NULL,
    work_lane smallint,                        -- the lane, while the translator has work with it; else null
    priority priority NOT NULL DEFAULT 'normal',
    key text NOT NULL DEFAULT '',              -- ordering key
    dedup_key text,
    correlation_id text NOT NULL DEFAULT '',
    cause_id uuid,                             -- the message that caused this one
    content_type text NOT NULL,
    headers jsonb,
    size int NOT NULL,                         -- bytes as received
    open_deliveries int NOT NULL DEFAULT 0,    -- deliveries that are not delivered or cancelled
    next_ordinal smallint NOT NULL DEFAULT 0,  -- deliveries made so far
    received_at timestamptz NOT NULL,
    state_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX message_work ON message (priority, seq, work_lane) WHERE work_lane IS NOT NULL;

CREATE TABLE delivery (
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    seq bigint NOT NULL,
    flow text NOT NULL,
    destination text NOT NULL,
    operation text NOT NULL DEFAULT '',
    state delivery_state NOT NULL DEFAULT 'pending',
    lane smallint NOT NULL,
    work_lane smallint,                        -- the lane, while it is pending; else null
    key text NOT NULL DEFAULT '',
    idempotency_key text NOT NULL,
    content_type text NOT NULL,
    headers jsonb,
    correlation_id text NOT NULL DEFAULT '',
    attempts int NOT NULL DEFAULT 0,           -- attempts of this series
    next_at timestamptz,                       -- when a waiting one is tried again; null: behind its key, or not waiting
    reference text NOT NULL DEFAULT '',        -- what the receiver calls it
    words text NOT NULL DEFAULT '',            -- what the receiver said last, in words
    created_at timestamptz NOT NULL DEFAULT now(),
    state_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, ordinal)
) PARTITION BY RANGE (message_id);
CREATE INDEX delivery_work ON delivery (destination, seq, ordinal, work_lane) WHERE work_lane IS NOT NULL;
CREATE INDEX delivery_due ON delivery (destination, next_at) WHERE next_at IS NOT NULL;

-- Bodies, apart from the rows that are updated, so that they are written once and dropped by the day.
-- ordinal -1: the message as received; 0 and more: what is delivered. codec 0: as it is; 1: zstd.
CREATE TABLE payload (
    id uuid NOT NULL,
    ordinal smallint NOT NULL,
    codec smallint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (id, ordinal)
) PARTITION BY RANGE (id);
ALTER TABLE payload ALTER COLUMN body SET STORAGE EXTERNAL;

-- Every attempt that was not simply delivered at once.
CREATE TABLE attempt (
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    number int NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    outcome text NOT NULL,
    words text NOT NULL DEFAULT '',
    milliseconds int NOT NULL DEFAULT 0,
    worker text NOT NULL DEFAULT ''
) PARTITION BY RANGE (message_id);
CREATE INDEX attempt_of ON attempt (message_id);

-- What people search by. Written when a message is translated.
CREATE TABLE identifier (
    value text NOT NULL,
    message_id uuid NOT NULL
) PARTITION BY RANGE (message_id);
CREATE INDEX identifier_value ON identifier (value text_pattern_ops, message_id);

-- What makes a message the same when it comes twice: a hash of the key, and a fingerprint of the content.
CREATE TABLE dedup (
    flow text NOT NULL,
    key uuid NOT NULL,
    message_id uuid NOT NULL,
    fingerprint uuid NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (flow, key)
);
CREATE INDEX dedup_age ON dedup USING brin (seen_at);

-- An ordering key that may not go on at a stage (`translate:<flow>`, or the name of a destination), and its head.
CREATE TABLE blocked_key (
    stage text NOT NULL,
    key text NOT NULL,
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stage, key)
);
-- Those behind it, taken out of the work until it goes on.
CREATE TABLE parked (
    stage text NOT NULL,
    key text NOT NULL,
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    PRIMARY KEY (stage, key, message_id, ordinal)
);

-- Who works, and on which lanes. The epoch is the fence: who lost a lane cannot commit.
CREATE TABLE worker (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    roles text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
-- A holder that has not been seen for the time of a lease has lost its lanes to whoever takes them.
CREATE TABLE lane (
    lane smallint PRIMARY KEY,
    holder uuid,
    epoch bigint NOT NULL DEFAULT 0
);

-- A destination that is down as a whole is left alone until then; its deliveries use up no attempt.
CREATE TABLE endpoint_pause (
    destination text PRIMARY KEY,
    until timestamptz NOT NULL,
    failures int NOT NULL,
    words text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);

-- How many entered and left each state: exact, because it is written with the change itself. Rolled up by the minute.
CREATE TABLE tally (
    at timestamptz NOT NULL DEFAULT now(),
    flow text NOT NULL,
    destination text NOT NULL DEFAULT '',      -- empty: messages; else deliveries to it
    state text NOT NULL,
    entered int NOT NULL,
    departed int NOT NULL
);
CREATE TABLE tally_bucket (
    at timestamptz NOT NULL,
    flow text NOT NULL,
    destination text NOT NULL,
    state text NOT NULL,
    entered bigint NOT NULL,
    departed bigint NOT NULL,
    PRIMARY KEY (at, flow, destination, state)
);

-- What was not taken in: no payload, only who, why and how large.
CREATE TABLE refusal (
    at timestamptz NOT NULL DEFAULT now(),
    source text NOT NULL,
    peer text NOT NULL,
    reason text NOT NULL,
    size int NOT NULL
);
CREATE INDEX refusal_at ON refusal (at);

-- Who did what, and why.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    flow text NOT NULL DEFAULT '',
    message_id uuid,
    ordinal smallint,
    words text NOT NULL DEFAULT '',
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_message ON audit (message_id) WHERE message_id IS NOT NULL;

-- What this journal was made with and must stay: the number of lanes.
CREATE TABLE fact (
    name text PRIMARY KEY,
    value text NOT NULL
);
