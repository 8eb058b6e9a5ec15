-- What payment gateways told: each move, each settlement, and the lines of statements that are theirs.
CREATE TABLE gateway_move (
    move text PRIMARY KEY,       -- business key
    gateway text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    amount numeric NOT NULL,
    fee numeric NOT NULL,
    currency text NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gateway_move_number ON gateway_move (gateway, number);

-- A settlement has one line of a statement at most, and a line one settlement.
CREATE TABLE gateway_settlement (
    settlement text PRIMARY KEY, -- business key
    gateway text NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    paid_on date NOT NULL,
    reference text NOT NULL,
    run_id uuid NOT NULL,        -- the run that follows it
    line text UNIQUE,            -- null: its line has not come
    closed text NOT NULL DEFAULT ''  -- why it waits for none; empty: it does
);
CREATE INDEX gateway_settlement_open ON gateway_settlement (gateway, amount) WHERE line IS NULL;

CREATE TABLE gateway_line (
    line text PRIMARY KEY,
    gateway text NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    booked_on date NOT NULL,
    words text NOT NULL,
    run_id uuid NOT NULL,
    settlement text UNIQUE       -- null: nobody knows what it is of
);
CREATE INDEX gateway_line_open ON gateway_line (gateway, booked_on) WHERE settlement IS NULL;
