-- What runs by calendar or by hand. One row for each flow whose source has a schedule, or looks when asked.
CREATE TABLE schedule (
    flow text PRIMARY KEY,
    decided timestamptz NOT NULL,              -- of every time up to this one it is decided what becomes of it
    covered timestamptz,                       -- end of the last run that was made: where the next one begins
    looked_at timestamptz NOT NULL DEFAULT now() -- when a hub that has the source was seen
);

-- Runs that wait, and those that were made or left out, with the reason.
CREATE TABLE run (
    id uuid PRIMARY KEY,
    flow text NOT NULL,
    scheduled_for timestamptz,                 -- null: by hand
    why text NOT NULL CHECK (why IN ('due', 'missed', 'by_hand')),
    state text NOT NULL CHECK (state IN ('waiting', 'offered', 'made', 'left_out')),
    since timestamptz,                         -- what it is for: from here …
    until timestamptz,                         -- … up to here
    message_id uuid,                           -- the message that it is
    actor text NOT NULL DEFAULT '',            -- who asked for it by hand
    reason text NOT NULL DEFAULT '',
    words text NOT NULL DEFAULT '',            -- why it waits or was left out, or what was taken
    asked_at timestamptz NOT NULL DEFAULT now(),
    offered_at timestamptz,                    -- when a hub began with it
    ended_at timestamptz
);
-- A time of a calendar is decided once, whatever number of hubs decide.
CREATE UNIQUE INDEX run_scheduled ON run (flow, scheduled_for) WHERE scheduled_for IS NOT NULL;
CREATE INDEX run_open ON run (flow, asked_at) WHERE state IN ('waiting', 'offered');
CREATE INDEX run_ended ON run (flow, ended_at) WHERE ended_at IS NOT NULL;
