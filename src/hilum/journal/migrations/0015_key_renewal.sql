-- When somebody last tried to put a new key in the place of one that ends, and why it could not be done.
ALTER TABLE endpoint_state
    ADD COLUMN renewal_at timestamptz,
    ADD COLUMN renewal text NOT NULL DEFAULT '';  -- empty: it was done, or not tried
