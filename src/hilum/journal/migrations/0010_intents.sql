-- The ledger of effects: what is about to be asked of a destination, noted before the call. A row goes when the answer
-- came; what the destination had to be asked afterwards stays with its proof as long as the message is kept.
CREATE TABLE intent (
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    destination text NOT NULL,
    effect text NOT NULL,                      -- what the receiver knows it by: Odoo's external identifier
    attempt int NOT NULL,
    worker_id uuid NOT NULL,
    worker text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'landed', 'not landed')),
    unsure boolean NOT NULL DEFAULT false,     -- the answer was lost, and asking has not settled it yet
    proof jsonb,                               -- a list: when the destination was asked, for what, what it said
    settled_at timestamptz,
    PRIMARY KEY (message_id, ordinal)
);
CREATE INDEX intent_open ON intent (destination, worker_id) WHERE state = 'open';
-- Rows come and go with every call: vacuum soon, by number and not by share.
ALTER TABLE intent SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, fillfactor = 80);
