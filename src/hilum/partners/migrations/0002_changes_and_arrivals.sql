-- What of a document a change is: BCH05 of an 860, the number of an ORDCHG, the version of an OrderRequest.
ALTER TABLE partner_document ADD COLUMN change text NOT NULL DEFAULT '';
CREATE INDEX partner_document_known ON partner_document (partner, document);

-- What a partner counts: its interchanges, its groups, its groups of one kind (`group PO`); the last number that came.
CREATE TABLE partner_series (
    partner text NOT NULL,                     -- key of the profile
    series text NOT NULL,
    last bigint NOT NULL,
    width smallint NOT NULL,                   -- characters of the number as it is written
    flow text NOT NULL,                        -- that it came by
    PRIMARY KEY (partner, series)
);

-- The numbers that came.
CREATE TABLE partner_arrival (
    partner text NOT NULL,
    series text NOT NULL,
    number bigint NOT NULL,
    message_id uuid NOT NULL,                  -- of the first message that had it; a replay has the same
    arrived_at timestamptz NOT NULL DEFAULT now(),
    repeated int NOT NULL DEFAULT 0,           -- so many other messages had the same number
    PRIMARY KEY (partner, series, number)
);
CREATE INDEX partner_arrival_age ON partner_arrival USING brin (arrived_at);

-- The numbers that did not come although later ones did, in ranges.
CREATE TABLE partner_missing (
    partner text NOT NULL,
    series text NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    closed_by text NOT NULL DEFAULT '',        -- who knows that they will not come
    words text NOT NULL DEFAULT '',
    PRIMARY KEY (partner, series, first),
    CHECK (first <= last)
);
