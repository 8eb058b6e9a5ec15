-- The audit is evidence: rows are added, never changed or removed. Who can switch these triggers off is found by the
-- chain of links, and who can rewrite the chain is found by the signed checkpoints.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- No calendar ends at infinity, and no program reads such a time.
ALTER TABLE audit ADD CONSTRAINT audit_at CHECK (at >= '2000-01-01' AND at < '2200-01-01');

-- The links of one month's chain. The hash is over the one before, and over the act and the link (chain.py says how).
CREATE TABLE audit_link (
    month date NOT NULL CHECK (month BETWEEN '2000-01-01' AND '2199-12-31'),  -- of the act, in UTC: its first day
    number bigint NOT NULL,                    -- from 1, without a gap
    audit_id bigint NOT NULL,
    linked_at timestamptz NOT NULL,
    since timestamptz,                         -- nobody linked from then until now; null: it was done all the time
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (month, number)
) PARTITION BY RANGE (month);
CREATE UNIQUE INDEX audit_link_act ON audit_link (audit_id, month);

-- Signed statements: at this time the chain of this month had this hash at this number.
CREATE TABLE audit_checkpoint (
    serial bigint PRIMARY KEY,                 -- from 1, without a gap
    month date NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    at timestamptz NOT NULL,
    key text NOT NULL,                         -- name of the key that signed it
    signature bytea NOT NULL
);
CREATE INDEX audit_checkpoint_month ON audit_checkpoint (month, number);

-- Keys that signed, for information: which of them are trusted is said by the settings, never by the database.
CREATE TABLE audit_key (
    serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_key bytea NOT NULL,
    at timestamptz NOT NULL                    -- since when it signs
);

-- Who links, and when it last did. Not evidence: a row that is changed.
CREATE TABLE audit_sealer (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    holder text NOT NULL DEFAULT '',
    passed_at timestamptz
);
INSERT INTO audit_sealer DEFAULT VALUES;

-- Partitions that are there already; those to come get theirs when they are made.
DO $$
DECLARE
    sealed text;
BEGIN
    FOR sealed IN
        SELECT unnest(ARRAY['audit', 'audit_link', 'audit_checkpoint', 'audit_key'])
        UNION ALL SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit'::regclass
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', sealed);
    END LOOP;
END $$;
