-- What all processes of a hub tell of the whole hub: read from the journal by one of them, at most every few seconds,
-- and shared here. Unlogged: after a crash it is simply read again.
CREATE UNLOGGED TABLE telemetry (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at timestamptz NOT NULL,
    sample jsonb NOT NULL
);

-- Alerts: one row for each cause while it lasts. It is an incident from `opened_at` on; before, it has not lasted long
-- enough, and is forgotten when it passes.
CREATE TABLE incident (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,                        -- depth, oldest, silence, down, budget
    subject text NOT NULL,                     -- the flow or the destination
    words text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),  -- when the cause was first seen
    opened_at timestamptz,
    clear_since timestamptz,                   -- since when the cause is gone; it must stay so for a while
    closed_at timestamptz,
    told_opened timestamptz,                   -- when the notice went out, or into the journal
    told_closed timestamptz,
    tries int NOT NULL DEFAULT 0,              -- of the notice that is under way
    next_try_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX incident_open ON incident (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX incident_untold ON incident (next_try_at)
    WHERE opened_at IS NOT NULL AND (told_opened IS NULL OR (closed_at IS NOT NULL AND told_closed IS NULL));
