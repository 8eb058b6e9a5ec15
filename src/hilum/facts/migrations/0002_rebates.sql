-- The rebates by which the count worked out what lines add: where a contract says something else now, its days are
-- worked out anew.
CREATE TABLE business_rebate (
    contract text PRIMARY KEY,
    said text NOT NULL  -- digest of supplier, currency, days and steps
);
