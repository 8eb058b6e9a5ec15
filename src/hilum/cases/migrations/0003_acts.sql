-- Acts on many messages, second persons, and switches.

-- One act on many messages: frozen when it is planned, carried out in batches, resumed wherever it stopped.
CREATE TABLE job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    act text NOT NULL CHECK (act IN ('replay', 'discard', 'assign')),
    state text NOT NULL CHECK (state IN
        ('planned', 'waiting', 'running', 'paused', 'done', 'cancelled', 'partly_failed')),
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by text NOT NULL,
    reason text NOT NULL,
    selection text NOT NULL,                   -- what was chosen, in words; no identifier of a patient
    destination text NOT NULL DEFAULT '',      -- replay to this one only; empty: as each message needs
    priority text,                             -- of what is translated anew; null: as the flow says
    rate real NOT NULL DEFAULT 0,              -- messages a second; 0: as fast as it goes
    assign_to text,
    total int NOT NULL DEFAULT 0,
    done int NOT NULL DEFAULT 0,
    moved_on int NOT NULL DEFAULT 0,           -- not as they were when it was planned: left alone
    failed int NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),  -- the next batch is not begun before
    started_at timestamptz,
    ended_at timestamptz,
    words text NOT NULL DEFAULT ''
);
CREATE INDEX job_running ON job (next_at) WHERE state = 'running';

-- What one act does to each message; written once, updated once in the transaction of the act itself.
CREATE TABLE job_item (
    job_id bigint NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    position int NOT NULL,                     -- in the order of receipt
    message_id uuid NOT NULL,
    flow text NOT NULL,
    action text NOT NULL,                      -- translate, deliver, again, discard, assign
    ordinals smallint[] NOT NULL,              -- which of its deliveries, or -1 for the message; empty: not by delivery
    seen_state text NOT NULL,                  -- state of the message when it was planned
    seen_at timestamptz NOT NULL,              -- when it, or the latest of these deliveries, came into its state
    state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'done', 'moved_on', 'failed')),
    words text NOT NULL DEFAULT '',
    PRIMARY KEY (job_id, message_id)
);
CREATE INDEX job_item_next ON job_item (job_id, position) WHERE state = 'planned';

-- An act that waits for a second person, and what became of it.
CREATE TABLE approval (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    act text NOT NULL,                         -- what is to be done: replay, discard, edit, pause, ...
    subject jsonb NOT NULL,                    -- with what: numbers and names, never a payload
    words text NOT NULL,                       -- the same, for people
    why text NOT NULL,                         -- why the policy asks for a second person
    role text NOT NULL,                        -- the least role of the second person
    reason text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'used', 'refused', 'withdrawn', 'expired')),
    decided_by text,
    decided_at timestamptz,
    decision text NOT NULL DEFAULT '',         -- the reason of the second person, and what was done
    CHECK (state <> 'used' OR decided_by IS DISTINCT FROM requested_by)
);
CREATE INDEX approval_waiting ON approval (expires_at) WHERE state = 'waiting';
CREATE INDEX approval_draft ON approval ((subject ->> 'draft')) WHERE state = 'waiting';

-- Flows that a person has stopped, and keys that a person holds. A row is there as long as it holds.
CREATE TABLE flow_switch (
    flow text NOT NULL,
    what text NOT NULL CHECK (what IN ('intake', 'translation')),
    since timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (flow, what)
);
CREATE TABLE key_hold (
    stage text NOT NULL,
    key text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (stage, key)
);
