-- What cost centres may spend, as Odoo or the ledger tells it. One row for each period of a cost centre.
CREATE TABLE budget (
    cost_centre text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,     -- the first day that is not in it any more
    currency text NOT NULL,
    amount numeric NOT NULL,
    spent numeric NOT NULL,
    message_id uuid NOT NULL,    -- of the message that said it: an earlier one does not undo a later one
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cost_centre, period_from)
);

-- What lines of requisitions have bound of it, and have not been billed.
CREATE TABLE budget_commitment (
    requisition text NOT NULL,
    line integer NOT NULL,
    cost_centre text NOT NULL,
    on_day date NOT NULL,        -- it counts in the period of this day
    currency text NOT NULL,
    amount numeric NOT NULL,     -- as it was bound
    open numeric NOT NULL,       -- still; 0: billed, refused or cancelled
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (requisition, line)
);
CREATE INDEX budget_commitment_open ON budget_commitment (cost_centre, on_day) WHERE open > 0;

-- Which orders were made of which requisition, so that one that is told again much later is not ordered again.
CREATE TABLE requisition_order (
    order_number text PRIMARY KEY,
    requisition text NOT NULL,
    run_id uuid NOT NULL,
    supplier text NOT NULL,
    ordered_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX requisition_order_requisition ON requisition_order (requisition);
