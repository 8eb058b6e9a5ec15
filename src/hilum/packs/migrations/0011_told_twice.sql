-- What notifications and statements tell, so that a movement that both tell is settled once.
ALTER TABLE payment_line
    ADD COLUMN told_by text NOT NULL DEFAULT 'statement' CHECK (told_by IN ('statement', 'notification')),
    ADD COLUMN journal text NOT NULL DEFAULT '',
    ADD COLUMN amount numeric NOT NULL DEFAULT 0,
    ADD COLUMN currency text NOT NULL DEFAULT '',
    ADD COLUMN booked_on date,                       -- null: noted before notifications were heard
    ADD COLUMN ids text[] NOT NULL DEFAULT '{}',     -- end-to-end ids that it names
    ADD COLUMN reference text NOT NULL DEFAULT '',   -- the bank's
    ADD COLUMN twin text NOT NULL DEFAULT '';        -- the line that tells it again; empty: none until now
CREATE INDEX payment_line_alone ON payment_line (journal, booked_on) WHERE twin = '';
