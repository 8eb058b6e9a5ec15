-- Bills that were read from paper: who is told what becomes of them. One row for each bill.
CREATE TABLE read_bill (
    bill text PRIMARY KEY,       -- business key
    system text NOT NULL,        -- who has read it
    number text NOT NULL,        -- its own number of the reading
    read_at timestamptz NOT NULL DEFAULT now()
);
