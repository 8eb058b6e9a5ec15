-- Facts of business, noted in the transactions in which they come about. What a fact says is never changed: a later one
-- of the same thing takes its place (`replaced`), and the count says when it began and ceased to be in the figures.
CREATE TABLE business_fact (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    document text NOT NULL,                  -- what it is of: an order, a bill, a registration
    line int NOT NULL,                       -- of the document; 0: of it as a whole
    revision int NOT NULL,                   -- of the document: of a lower one nothing counts any more
    followed boolean NOT NULL,               -- told by who follows the document; a mere look does not take its place
    at timestamptz NOT NULL,                 -- when it came about
    on_day date,                             -- the day that its document names; null: that of `at`
    facility text NOT NULL,
    supplier text NOT NULL,
    category text NOT NULL,
    currency text NOT NULL,
    said jsonb NOT NULL,                     -- the rest, by its kind
    run_id uuid,
    message_id uuid,
    noted_at timestamptz NOT NULL DEFAULT now(),
    replaced boolean NOT NULL DEFAULT false, -- another one has taken its place
    day date,                                -- the day in which it counts, in the hub's time zone; set by the count
    counted bigint,                          -- the count that took it in; null: none yet
    ended bigint                             -- the count that took it out; null: it counts
);
CREATE UNIQUE INDEX business_fact_now ON business_fact (kind, document, line) WHERE NOT replaced;
CREATE INDEX business_fact_new ON business_fact (id) WHERE counted IS NULL;
CREATE INDEX business_fact_gone ON business_fact (id) WHERE replaced AND ended IS NULL;
CREATE INDEX business_fact_day ON business_fact (kind, day, document, line);
CREATE INDEX business_fact_contract ON business_fact ((said ->> 'contract'), day) WHERE kind = 'bill_lines';

-- Counts, one after the other: their numbers say what was known when.
CREATE TABLE business_count (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);

-- How far the count is with what it reads elsewhere.
CREATE TABLE business_mark (
    name text PRIMARY KEY,
    value bigint NOT NULL
);

-- The last count that changed the facts of a kind on a day.
CREATE TABLE business_day (
    kind text NOT NULL,
    day date NOT NULL,
    count bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, day)
);

-- The indicators: what the facts of a day come to.
CREATE TABLE business_figure (
    indicator text NOT NULL,
    day date NOT NULL,
    facility text NOT NULL,
    supplier text NOT NULL,
    category text NOT NULL,
    currency text NOT NULL,
    numerator numeric NOT NULL,
    denominator numeric NOT NULL,
    facts int NOT NULL,
    PRIMARY KEY (indicator, day, facility, supplier, category, currency)
);

-- Fact tables for analytics: each version of a table's day is written once, from what was known at its count.
CREATE TABLE business_table (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    day date NOT NULL,
    version int NOT NULL,
    count bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz,                    -- the journal has it
    UNIQUE (kind, day, version)
);
CREATE INDEX business_table_open ON business_table (id) WHERE taken_at IS NULL;
