-- Which bills came: so that one that comes twice under another number is seen. One row for each number of a supplier.
CREATE TABLE bill_seen (
    supplier text NOT NULL,
    number text NOT NULL,
    credit boolean NOT NULL,
    core text NOT NULL,          -- the number without its dress
    amount numeric NOT NULL,     -- before tax
    currency text NOT NULL,
    billed_on date NOT NULL,
    order_number text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (supplier, number, credit)
);
CREATE INDEX bill_seen_core ON bill_seen (supplier, core);
CREATE INDEX bill_seen_amount ON bill_seen (supplier, amount, billed_on);
