-- Durable workflows as people see them. The engine's own tables (steps, timers) are in the schema `processes`; they hold
-- ids only, everything that a process is told or has found lies here, sealed like the bodies of messages.
CREATE TABLE process_run (
    id uuid PRIMARY KEY,
    process text NOT NULL,
    version text NOT NULL,
    key text NOT NULL,                        -- what it is about: an order number, a contract
    number int NOT NULL DEFAULT 1,            -- a key may begin again after its run has ended
    workflow text NOT NULL,                   -- the engine's id; a new one each time it is repeated from a step
    launched boolean NOT NULL DEFAULT false,
    before text NOT NULL DEFAULT '',          -- the workflow that it was until then
    came_from text NOT NULL DEFAULT '',       -- the version from which it was migrated
    step_base int NOT NULL DEFAULT 0,         -- added to the engine's numbers of steps, so that none comes twice
    state text NOT NULL DEFAULT '',           -- of its state model
    status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'held', 'completed', 'failed', 'cancelled')),
    since timestamptz NOT NULL DEFAULT now(), -- in this state
    waits_for text NOT NULL DEFAULT '',       -- in words; empty: it is at work
    waits_until timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    outcome text NOT NULL DEFAULT '',         -- in words
    held_step int,                            -- where it stopped by a defect; it is repeated from here
    correlation text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX process_run_open ON process_run (process, key) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX process_run_number ON process_run (process, key, number);
CREATE INDEX process_run_list ON process_run (started_at);
CREATE INDEX process_run_launch ON process_run (id) WHERE NOT launched;

-- What comes to runs, and what their steps found.
CREATE TABLE process_item (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    at timestamptz NOT NULL DEFAULT now(),
    process text NOT NULL,
    key text NOT NULL,
    run_id uuid REFERENCES process_run,
    kind text NOT NULL CHECK (kind IN ('event', 'decision', 'cancel', 'again', 'migrate', 'result')),
    topic text NOT NULL DEFAULT '',           -- type of the event, id of the task
    dedup text UNIQUE,                        -- the same thing told twice is one item
    codec smallint NOT NULL DEFAULT 0,
    body bytea NOT NULL DEFAULT '',
    message_id uuid,                          -- that brought it
    correlation text NOT NULL DEFAULT '',
    actor text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'matched', 'rung', 'unheard', 'late')),
    step int,                                 -- that took it
    UNIQUE (run_id, step, kind)
);
CREATE INDEX process_item_new ON process_item (seq) WHERE state IN ('new', 'matched');
CREATE INDEX process_item_unheard ON process_item (process, key) WHERE state IN ('unheard', 'late');
CREATE INDEX process_item_run ON process_item (run_id, seq);

CREATE TABLE process_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES process_run,
    step int NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,                       -- started, moved, heard, sent, asked, decided, waited, held, ended …
    words text NOT NULL,
    actor text NOT NULL DEFAULT '',
    message_id uuid,
    UNIQUE (run_id, step, kind)
);

-- What a run asks of people.
CREATE TABLE process_task (
    id uuid PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES process_run,
    step int NOT NULL,
    title text NOT NULL,
    words text NOT NULL DEFAULT '',
    team text NOT NULL,
    permission text NOT NULL,
    form text NOT NULL,                       -- name of the form's model
    fields jsonb NOT NULL,                    -- its JSON Schema
    not_by text[] NOT NULL DEFAULT '{}',      -- who must not decide: segregation of duties
    asked_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz,
    remind_at timestamptz,
    reminded_at timestamptz,
    escalate_at timestamptz,
    escalate_to text NOT NULL DEFAULT '',
    escalated_at timestamptz,
    assigned_to text NOT NULL DEFAULT '',
    decided_at timestamptz,
    decided_by text NOT NULL DEFAULT '',
    withdrawn_at timestamptz,
    UNIQUE (run_id, step)
);
CREATE INDEX process_task_open ON process_task (team, due_at) WHERE decided_at IS NULL AND withdrawn_at IS NULL;

-- What runs send: taken by flows whose source is `Commands`, in order.
CREATE TABLE process_command (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    channel text NOT NULL,
    run_id uuid NOT NULL REFERENCES process_run,
    process text NOT NULL,
    step int NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    key text NOT NULL DEFAULT '',             -- ordering key
    codec smallint NOT NULL,
    body bytea NOT NULL,
    correlation text NOT NULL DEFAULT '',
    cause uuid,                               -- the message that made the run send it
    taken_at timestamptz,
    refused text NOT NULL DEFAULT '',
    UNIQUE (run_id, step)
);
CREATE INDEX process_command_open ON process_command (channel, seq) WHERE taken_at IS NULL;
