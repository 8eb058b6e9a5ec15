-- Control numbers: the last one that was drawn for a pair of parties, who are named as envelopes name them.
CREATE TABLE partner_counter (
    format text NOT NULL,
    ours text NOT NULL,
    theirs text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('interchange', 'group')),
    last bigint NOT NULL,
    PRIMARY KEY (format, ours, theirs, kind)
);

-- What was given a control number. A delivery has one, whatever the number of its attempts.
CREATE TABLE partner_interchange (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partner text NOT NULL,                     -- key of the profile
    format text NOT NULL,
    ours text NOT NULL,
    theirs text NOT NULL,
    number bigint NOT NULL,                    -- ISA13, UNB-05
    first_group bigint NOT NULL DEFAULT 0,     -- GS06 of the first group; 0: the format has no such number
    acknowledges text NOT NULL,                -- how the partner says that it has something
    message_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    flow text NOT NULL,
    drawn_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,                       -- null: drawn, and not sent (yet): a gap in what the partner sees
    UNIQUE (message_id, ordinal),
    UNIQUE (format, ours, theirs, number)
);
CREATE INDEX partner_interchange_unsent ON partner_interchange (drawn_at) WHERE sent_at IS NULL;

-- What is in them: transaction sets and messages that the partner answers.
CREATE TABLE partner_document (
    interchange_id bigint NOT NULL REFERENCES partner_interchange ON DELETE CASCADE,
    place int NOT NULL,                        -- in the interchange, from 1
    partner text NOT NULL,
    functional_id text NOT NULL DEFAULT '',    -- GS01
    group_number bigint NOT NULL DEFAULT 0,    -- GS06
    number text NOT NULL,                      -- ST02, UNH-01
    code text NOT NULL,                        -- 850, ORDERS, OrderRequest
    document text NOT NULL DEFAULT '',         -- number of the business document
    due_at timestamptz,                        -- acknowledged by then; null: not sent yet, or no answer is awaited
    state text CHECK (state IN ('accepted', 'with_errors', 'rejected', 'closed')),  -- null: not acknowledged
    answered_at timestamptz,
    answered_by text NOT NULL DEFAULT '',      -- 997, CONTRL, 855; of closed ones who closed it
    words text NOT NULL DEFAULT '',
    PRIMARY KEY (interchange_id, place)
);
CREATE INDEX partner_document_open ON partner_document (partner, document) WHERE state IS NULL OR state = 'rejected';
