-- What is owed to suppliers: bills and credit notes that were posted, and what came back from the bank. One row each.
CREATE TABLE payable (
    bill text PRIMARY KEY,                      -- business key
    supplier text NOT NULL,
    number text NOT NULL,                       -- as the supplier and the ledger know it
    amount numeric,                             -- with tax; negative: a credit note; null: nobody says how much
    currency text NOT NULL,
    due_on date NOT NULL,
    on_account boolean NOT NULL DEFAULT false,  -- its bill is settled in the ledger: paid again, it matches nothing
    documents text[] NOT NULL,                  -- what a payment of it pays in the ledger
    attempts integer NOT NULL DEFAULT 0,        -- how often the bank was instructed and did not pay
    payment text,                               -- the payment that has it; null: it is free
    closed text NOT NULL DEFAULT '',            -- why the hub does not pay it; empty: it does
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payable_free ON payable (currency, due_on) WHERE payment IS NULL AND closed = '';
CREATE INDEX payable_of_payment ON payable (payment) WHERE payment IS NOT NULL;

-- What the bank is instructed to pay. A bill belongs to one payment at most, so it is in one file at most.
CREATE TABLE supplier_payment (
    end_to_end_id text PRIMARY KEY,
    run_id uuid NOT NULL,                       -- the run of the process
    run text NOT NULL,                          -- its number, and that of the file
    supplier text NOT NULL,
    amount numeric NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    journal text NOT NULL,
    execute_on date NOT NULL,
    on_account boolean NOT NULL,
    documents text[] NOT NULL,
    bills text[] NOT NULL,                      -- business keys
    payee text NOT NULL,                        -- digest of the account: a statement's is compared with it
    state text NOT NULL DEFAULT 'proposed',
    words text NOT NULL DEFAULT '',             -- the last that the bank said
    booked numeric NOT NULL DEFAULT 0,          -- what left the account
    returned numeric NOT NULL DEFAULT 0,        -- what came back of it
    parts integer NOT NULL DEFAULT 0,           -- lines of statements that moved it
    reopened numeric NOT NULL DEFAULT 0,        -- what of it is to be paid by another payment, or by hand
    CHECK (booked >= returned AND returned >= 0),
    CHECK (booked - returned + reopened <= amount)
);
CREATE INDEX supplier_payment_run ON supplier_payment (run_id);
CREATE INDEX supplier_payment_amount ON supplier_payment (amount, currency) WHERE state <> 'proposed';

-- Which lines of statements were looked at: each moves a payment once, whatever tells it again.
CREATE TABLE payment_line (
    line text PRIMARY KEY,
    run_id uuid NOT NULL,                       -- who looked
    payment text,                               -- null: it is of no payment
    movement jsonb                              -- what is to be booked; null: nothing
);
