-- Runs of comparisons: what each looked at, and what it came to.
CREATE TABLE comparison_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    comparison text NOT NULL,
    version text NOT NULL,                   -- of the comparison
    actor text NOT NULL,                     -- who asked for it: the hub by its calendar, or a person
    scheduled_for timestamptz,               -- the time of the calendar; null: asked for by hand
    since date,                              -- the first day; null: from the beginning
    until date,                              -- the first day that does not count any more; null: to the end
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
    words text NOT NULL DEFAULT '',          -- why it failed
    here bigint NOT NULL DEFAULT 0,          -- keys that each side has
    there bigint NOT NULL DEFAULT 0,
    same bigint NOT NULL DEFAULT 0,
    on_the_way bigint NOT NULL DEFAULT 0,
    missing bigint NOT NULL DEFAULT 0,
    extra bigint NOT NULL DEFAULT 0,
    different bigint NOT NULL DEFAULT 0,
    doubled bigint NOT NULL DEFAULT 0,
    unreadable bigint NOT NULL DEFAULT 0,
    sums jsonb NOT NULL DEFAULT '{}'         -- by field, and currency or unit: here, there
);
CREATE INDEX comparison_run_of ON comparison_run (comparison, id);

-- What differs. A row is never changed but for how long it lasts: where other things differ of the same key, another
-- one takes its place. So what a run found are the rows that had begun and not ended at it.
CREATE TABLE comparison_difference (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    comparison text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    apart jsonb NOT NULL,                    -- field by field: both values, in words
    on_day date,
    here text NOT NULL,                      -- where people find it on each side; empty: it is not there
    there text NOT NULL,
    first_run bigint NOT NULL REFERENCES comparison_run,
    last_run bigint NOT NULL REFERENCES comparison_run,
    runs int NOT NULL,                       -- in so many runs one after the other the key differed
    since timestamptz NOT NULL DEFAULT now(),-- since when the key differs
    ended_at timestamptz                     -- null: it does still, as far as anybody has looked
);
CREATE UNIQUE INDEX comparison_difference_now ON comparison_difference (comparison, key) WHERE ended_at IS NULL;
CREATE INDEX comparison_difference_of ON comparison_difference (comparison, last_run, first_run);
