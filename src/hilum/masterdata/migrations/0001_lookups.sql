-- Lookup tables that are kept here instead of in files: every row with its days, and with who wrote and ended it.

CREATE TABLE lookup_table (
    name text PRIMARY KEY,
    columns text[] NOT NULL CHECK (cardinality(columns) >= 2),  -- the code's first, then what it becomes, then facts
    in_use boolean NOT NULL DEFAULT true  -- false: it went back to a file; its history stays
);

-- The history, and at once the log by which memories are brought up to date. Numbers grow in the order of the commits:
-- whoever writes here holds the lock of the lookups until the end of the transaction.
CREATE TABLE lookup_change (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    act text NOT NULL CHECK (act IN ('set', 'end', 'import', 'give_back')),
    table_name text NOT NULL REFERENCES lookup_table (name),
    code text NOT NULL DEFAULT '',  -- empty: many
    rows int NOT NULL,              -- how many were written or ended
    reason text NOT NULL
);
CREATE INDEX lookup_change_of ON lookup_change (table_name, seq);

-- A row is never changed but for `ended_by`: what was said, when, stays.
CREATE TABLE lookup_row (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL REFERENCES lookup_table (name),
    code text NOT NULL,
    cells jsonb NOT NULL,  -- text by column
    valid_from date,       -- the first day; null: always was
    valid_to date,         -- the first day on which it does not hold any more; null: until further notice
    made_by bigint NOT NULL REFERENCES lookup_change (seq),
    ended_by bigint REFERENCES lookup_change (seq),  -- the change that took its place; null: it counts
    CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from < valid_to)
);
CREATE INDEX lookup_row_counts ON lookup_row (table_name, code) WHERE ended_by IS NULL;
CREATE INDEX lookup_row_of ON lookup_row (table_name, code, id);
CREATE INDEX lookup_row_made ON lookup_row (made_by);
CREATE INDEX lookup_row_ended ON lookup_row (ended_by) WHERE ended_by IS NOT NULL;
