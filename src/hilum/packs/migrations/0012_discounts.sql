-- What may be taken off a bill that is paid early. Taken off, it is a credit note of the hub's own beside its bill.
ALTER TABLE payable
    ADD COLUMN discount numeric NOT NULL DEFAULT 0,
    ADD COLUMN discount_until date,                 -- the last day on which the bank may pay for it to count
    ADD COLUMN discount_lines jsonb NOT NULL DEFAULT '[]',  -- by tax: amount before tax, percent
    ADD COLUMN discount_of text NOT NULL DEFAULT '';        -- number of the bill that this row is the discount of
