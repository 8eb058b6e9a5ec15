-- What is known of stock that the hub replenishes: counts, uses, orders and arrivals, each once whatever is told again.
CREATE TABLE stock_event (
    location text NOT NULL,
    item text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('count', 'use', 'order', 'receipt', 'closed')),
    name text NOT NULL,                  -- of the count, use, requisition or receipt
    lot text NOT NULL DEFAULT '',
    requisition text NOT NULL DEFAULT '', -- of a receipt: what it came for
    quantity numeric NOT NULL DEFAULT 0,
    unit text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    PRIMARY KEY (location, item, kind, name, lot)
);
CREATE INDEX stock_event_order ON stock_event (name) WHERE kind = 'order';

-- What each run asked for: a run that is repeated asks for the same.
CREATE TABLE replenishment_run (
    run text PRIMARY KEY,
    requisitions jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
