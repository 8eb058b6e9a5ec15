-- Which implants were used, and what there is of each: its order, bill and charge. One row each; keys only, no names.
CREATE TABLE implant_use (
    name text PRIMARY KEY,                      -- its transaction; a corrected one has its revision behind it
    case_number text NOT NULL,
    run_id uuid NOT NULL,                       -- the run of the process that follows the operation
    item text NOT NULL DEFAULT '',              -- empty: nobody knows it yet
    code text NOT NULL DEFAULT '',              -- as the sender called it
    device text NOT NULL DEFAULT '',            -- the device identifier of its label
    lot text NOT NULL DEFAULT '',
    serial text NOT NULL DEFAULT '',
    expires_on date,
    quantity numeric NOT NULL,                  -- as it was told
    taken_back numeric NOT NULL DEFAULT 0,
    unit text NOT NULL,
    account text NOT NULL,
    encounter text NOT NULL DEFAULT '',
    facility text NOT NULL DEFAULT '',
    location text NOT NULL,
    used_on date NOT NULL,
    whose text NOT NULL DEFAULT '',             -- consigned, bill only, own; empty: nobody knows it yet
    supplier text NOT NULL DEFAULT '',
    order_number text NOT NULL DEFAULT '',      -- empty: it is not ordered
    bills text[] NOT NULL DEFAULT '{}',         -- that were accepted, of its order
    charge text NOT NULL DEFAULT '',            -- empty: it is not charged
    breaks text[] NOT NULL DEFAULT '{}',        -- what is missing: `owner: words`
    closed boolean NOT NULL DEFAULT false,
    noted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX implant_use_case ON implant_use (case_number);
CREATE INDEX implant_use_item ON implant_use (item, used_on);
CREATE INDEX implant_use_device ON implant_use (device, used_on) WHERE device <> '';
CREATE INDEX implant_use_lot ON implant_use (lot) WHERE lot <> '';
CREATE INDEX implant_use_serial ON implant_use (serial) WHERE serial <> '';
CREATE INDEX implant_use_open ON implant_use (used_on) WHERE NOT closed;
