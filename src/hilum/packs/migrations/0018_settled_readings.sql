-- What became of a reading of a bill: told again as it was, by webhook and by a poll, nobody is asked again.
CREATE TABLE settled_reading (
    system text NOT NULL,        -- who has read it
    number text NOT NULL,        -- its own number of the reading
    digest text NOT NULL,        -- of what it said; another one is another reading
    words text NOT NULL,         -- what became of it
    settled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (system, number)
);
-- What has become of the bill, once nobody waits for it any more: empty, posted or refused.
ALTER TABLE read_bill ADD COLUMN outcome text NOT NULL DEFAULT '';
