-- Workbooks that were handed in to be checked: the report is made again from them, against what is there at that moment.

CREATE TABLE onboarding_file (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,      -- of the file
    body bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    onboarding_id bigint REFERENCES onboarding (id) ON DELETE SET NULL  -- what was taken in from it; null: nothing yet
);
