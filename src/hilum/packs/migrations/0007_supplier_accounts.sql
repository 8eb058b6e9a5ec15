-- Where suppliers are paid: each confirmation, all accounts that it names, and the day from which they hold.
CREATE TABLE supplier_account (
    supplier text NOT NULL,
    confirmation text NOT NULL,  -- the registration or the change of bank details
    holds_from date NOT NULL,    -- on a day the latest counts that holds by then
    title text NOT NULL,
    accounts jsonb NOT NULL,     -- as objects call them: number, bic, routing, currency, holder
    confirmed_by text NOT NULL,
    spoke_with text NOT NULL,
    confirmed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (supplier, confirmation)
);
CREATE INDEX supplier_account_day ON supplier_account (supplier, holds_from DESC, confirmed_at DESC);
