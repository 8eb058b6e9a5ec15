-- How much of an item a store should have, as each flow tells it; a null says nothing, and another flow may say it.
CREATE TABLE reorder_rule (
    location text NOT NULL,
    item text NOT NULL,
    flow text NOT NULL,
    unit text NOT NULL,
    reorder_at numeric,
    up_to numeric,
    pack numeric,
    lead_days integer,
    daily_use numeric,
    critical numeric,
    active boolean NOT NULL,
    message_id uuid NOT NULL,    -- of the message that said it: an earlier one does not undo a later one
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (location, item, flow)
);

-- What will be taken for what is planned; a quantity of 0 is not planned any more.
CREATE TABLE planned_demand (
    number text NOT NULL,
    location text NOT NULL,
    item text NOT NULL,
    quantity numeric NOT NULL,
    unit text NOT NULL,
    needed_at timestamptz NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (number, location, item)
);
CREATE INDEX planned_demand_needed ON planned_demand (location, item, needed_at) WHERE quantity > 0;

-- Stores that had less than must be there: one row for each fall, which ends when there is enough again.
CREATE TABLE stock_alarm (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location text NOT NULL,
    item text NOT NULL,
    unit text NOT NULL,
    critical numeric NOT NULL,
    on_hand numeric NOT NULL,       -- when it fell
    fell_at timestamptz NOT NULL DEFAULT now(),
    rose_to numeric,
    over_at timestamptz,
    told_fell_at timestamptz,       -- taken by the flow that tells of it
    told_over_at timestamptz
);
CREATE UNIQUE INDEX stock_alarm_open ON stock_alarm (location, item) WHERE over_at IS NULL;
CREATE INDEX stock_alarm_untold ON stock_alarm (id) WHERE told_fell_at IS NULL OR told_over_at IS NULL;
