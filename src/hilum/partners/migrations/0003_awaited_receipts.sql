-- What was sent over AS2 to partners who post their receipts, and what the receipts said: a delivery has one row.
CREATE TABLE as2_awaited (
    ours text NOT NULL,                        -- AS2-From, AS2-To: a partner's receipt settles only what it was sent
    theirs text NOT NULL,
    name text NOT NULL,                        -- Message-ID, the same at each attempt
    message_id uuid NOT NULL,                  -- of the delivery
    ordinal smallint NOT NULL,
    mic_hash text NOT NULL,                    -- sha256
    mic bytea NOT NULL,                        -- of what was sent last
    sent_at timestamptz NOT NULL DEFAULT now(),  -- shortly before: what may have been sent is here
    due_at timestamptz NOT NULL,               -- the receipt is awaited until then
    answer text CHECK (answer IN ('delivered', 'rejected')),  -- null: no receipt that counts has come
    category text NOT NULL DEFAULT '',         -- of a rejected one
    reference text NOT NULL DEFAULT '',        -- Message-ID of the receipt
    words text NOT NULL DEFAULT '',
    answered_at timestamptz,
    told_at timestamptz,                       -- when the attempt ended, with what is here; null: under way, or unread
    PRIMARY KEY (ours, theirs, name)
);
CREATE INDEX as2_awaited_age ON as2_awaited USING brin (sent_at);
