-- Which bill a credit note corrects: ledgers match the two, so they are paid together.
ALTER TABLE payable ADD COLUMN corrects text NOT NULL DEFAULT '';  -- as `bill`; empty: none, or it is no credit note
