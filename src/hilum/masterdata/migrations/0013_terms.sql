-- What was agreed with suppliers, as dated facts: every contract and price with the days on which it holds, when the hub
-- learnt of it, and what took its place when. Rows are never changed but for `ended_by`, so that it can be asked what was
-- known at any time.

-- The log by which memories are brought up to date. Numbers grow in the order of the commits: whoever writes here holds
-- the lock of the terms until the end of the transaction.
CREATE TABLE terms_change (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    flow text NOT NULL,
    message_id uuid,
    contract text NOT NULL,  -- empty: prices of a catalogue
    supplier text NOT NULL,
    prices int NOT NULL,     -- how many began or ended
    words text NOT NULL
);
CREATE INDEX terms_change_at ON terms_change (at, seq);
CREATE INDEX terms_change_of ON terms_change (contract, seq);

CREATE TABLE terms_contract (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL,
    revision int NOT NULL,
    supplier text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,             -- the first day on which it does not hold any more
    facilities text[] NOT NULL, -- empty: all
    bought_by text NOT NULL,   -- the purchasing organisation that negotiated it
    committed numeric,
    rebates jsonb NOT NULL,
    made_by bigint NOT NULL REFERENCES terms_change (seq),
    ended_by bigint REFERENCES terms_change (seq)
);
CREATE UNIQUE INDEX terms_contract_counts ON terms_contract (number) WHERE ended_by IS NULL;
CREATE INDEX terms_contract_made ON terms_contract (made_by);

CREATE TABLE terms_price (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract text NOT NULL,    -- empty: the supplier's catalogue
    supplier text NOT NULL,
    item text NOT NULL,
    unit text NOT NULL,
    valid_from date NOT NULL,  -- 0001-01-01: always was
    valid_to date NOT NULL,    -- the first day on which it does not hold any more; 9999-12-31: until further notice
    from_quantity numeric NOT NULL,
    unit_price numeric NOT NULL,
    currency text NOT NULL,
    supplier_item text NOT NULL,
    made_by bigint NOT NULL REFERENCES terms_change (seq),
    ended_by bigint REFERENCES terms_change (seq)
);
CREATE UNIQUE INDEX terms_price_counts
    ON terms_price (contract, supplier, item, unit, valid_from, valid_to, from_quantity) WHERE ended_by IS NULL;
CREATE INDEX terms_price_item ON terms_price (item, supplier) WHERE ended_by IS NULL;
CREATE INDEX terms_price_made ON terms_price (made_by);
CREATE INDEX terms_price_ended ON terms_price (ended_by) WHERE ended_by IS NOT NULL;

-- What lines cost, and what they should have cost: told by flows, one row for each line of each document.
CREATE TABLE price_check (
    document_type text NOT NULL,  -- requisition, order, bill
    document text NOT NULL,       -- its business key
    line int NOT NULL,
    revision int NOT NULL DEFAULT 0,
    message_id uuid,
    checked_on date NOT NULL,     -- the day that the price is of
    supplier text NOT NULL,
    item text NOT NULL,
    quantity numeric NOT NULL,
    unit text NOT NULL,
    packs jsonb NOT NULL,
    facility text,
    agreement text,               -- the contract that the document named
    currency text,
    unit_price numeric,           -- none: the document asked for none
    basis text NOT NULL,
    contract text,
    expected_price numeric,       -- for one of the unit
    leak numeric,                 -- more paid than agreed, for the line, in `currency`; negative: less
    words text NOT NULL,
    PRIMARY KEY (document_type, document, line, revision)
);
CREATE INDEX price_check_day ON price_check (checked_on);
CREATE INDEX price_check_item ON price_check (item, checked_on);
