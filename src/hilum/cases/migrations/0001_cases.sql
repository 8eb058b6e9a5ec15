-- One case for each message or delivery that waits for a person.
CREATE TABLE exception_case (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opened_at timestamptz NOT NULL DEFAULT now(),
    flow text NOT NULL,
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,                 -- -1: the message; else its delivery
    destination text NOT NULL DEFAULT '',
    category text NOT NULL,                    -- stable key, for statistics and docs
    kind text NOT NULL CHECK (kind IN ('business', 'technical')),
    title text NOT NULL,                       -- what is wrong, in business words
    words text NOT NULL,                       -- the facts
    next_step text NOT NULL,                   -- what to do
    owner text NOT NULL,                       -- the team that can act
    detail text NOT NULL DEFAULT '',           -- for technicians: where it happened; never a payload
    assigned_to text,
    closed_at timestamptz,
    closed_by text,
    resolution text CHECK (resolution IN ('replayed', 'edited', 'discarded')),
    reason text
);
CREATE UNIQUE INDEX exception_case_open ON exception_case (message_id, ordinal) WHERE closed_at IS NULL;
CREATE INDEX exception_case_list ON exception_case (opened_at) WHERE closed_at IS NULL;
CREATE INDEX exception_case_message ON exception_case (message_id);
